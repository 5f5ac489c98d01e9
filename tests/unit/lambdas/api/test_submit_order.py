import base64
import json
import re
from typing import Any

import pytest

from lambdas.api.submit_order.handler import handler
from lambdas.domain.money import MAX_AMOUNT
from lambdas.domain.vocabulary import MAX_BODY_BYTES, Capture
from lambdas.shared.submission.request import MAX_LINES, MAX_QUANTITY
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, EMAIL, LAMP
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop

KEY = "my-key-1"

REFUSED_BY_SES = {
    "that is not ASCII": "härry@example.com",
    "with 65 characters before the @": "h" * 65 + "@example.com",
    "with two dots": "harry..potter@example.com",
    "with a dot at the start": ".harry@example.com",
    "with a dot before the @": "harry.@example.com",
}
"""Addresses of accounts to which Amazon SES can send no mail."""


def a_body(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "currency": "usd",
        "items": [{"sku": ARMCHAIR.sku, "quantity": 2}],
        "payment_method": "pm_card_visa",
        **changes,
    }


def submit(
    body: object = None,
    *,
    key: str | None = KEY,
    customer: str = CUSTOMER,
    groups: str = "customers",
    email: str | None = EMAIL,
    **event_fields: object,
) -> dict[str, Any]:
    body = a_body() if body is None else body
    headers = {} if key is None else {"Idempotency-Key": key}
    event = api_event("POST", "/orders", body, headers=headers, customer=customer, groups=groups, email=email)
    return handler({**event, **event_fields}, CONTEXT)


def header(answer: dict[str, Any], name: str) -> str | None:
    value: str | None = answer["headers"].get(name)
    return value


def problem(answer: dict[str, Any], status: int) -> dict[str, Any]:
    """The problem document of a response (RFC 9457)."""
    assert answer["statusCode"] == status
    assert header(answer, "Content-Type") == "application/problem+json"
    document: dict[str, Any] = json.loads(answer["body"])
    assert document["status"] == status
    assert document["type"].startswith("urn:problem-type:order-saga:")
    return document


def wrong_fields(answer: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem(answer, 400)["errors"]]


# New orders and replays


def test_a_new_order_is_accepted_and_stored(shop: Shop) -> None:
    answer = submit()

    body = json.loads(answer["body"])
    order = shop.order(body["order_id"])
    assert answer["statusCode"] == 202
    assert header(answer, "Location") == f"/orders/{order.order_id}"
    assert header(answer, "Idempotent-Replayed") is None
    assert body == {
        "order_id": order.order_id,
        "status": "PENDING",
        "currency": "usd",
        "items": [{"sku": ARMCHAIR.sku, "quantity": 2, "unit_price": None}],
        "amount": None,
        "payment": {"status": "not_started", "intent_id": None},
        "timeline": [{"at": order.created_at, "event": "OrderReceived"}],
        "created_at": order.created_at,
        "updated_at": order.created_at,
    }
    assert (order.customer_id, order.email, order.payment_method) == (CUSTOMER, EMAIL, "pm_card_visa")


def test_the_same_key_and_body_get_the_same_response(shop: Shop) -> None:
    first = submit()

    second = submit()

    assert second["body"] == first["body"]
    assert second["statusCode"] == 202
    assert header(second, "Location") == header(first, "Location")
    assert header(second, "Idempotent-Replayed") == "true"
    assert len(shop.all_items(ORDERS_TABLE)) == 1


def test_a_replay_shows_the_order_as_it_was_accepted(shop: Shop) -> None:
    first = submit()
    order_id = json.loads(first["body"])["order_id"]
    shop.orders.close(order_id, {})

    assert submit()["body"] == first["body"]


@pytest.mark.parametrize(
    "again",
    [
        {"body": json.dumps(dict(reversed(a_body().items())), indent=2)},
        {"body": a_body(items=[{"sku": ARMCHAIR.sku, "quantity": 2.0}])},
        {"key": f'"{KEY}"'},
        {"body": a_body(return_url=None, email=None)},
    ],
    ids=["another format", "two point zero", "key with quotes", "null for an absent field"],
)
def test_the_same_values_in_another_form_are_a_replay(shop: Shop, again: dict[str, Any]) -> None:
    submit()

    assert header(submit(**again), "Idempotent-Replayed") == "true"
    assert len(shop.all_items(ORDERS_TABLE)) == 1


def test_the_same_key_with_another_body_is_rejected(shop: Shop) -> None:
    submit()

    answer = submit(a_body(items=[{"sku": LAMP.sku, "quantity": 1}]))

    document = problem(answer, 422)
    assert document["type"] == "urn:problem-type:order-saga:idempotency-key-reused"
    assert document["errors"][0]["field"] == "Idempotency-Key"
    assert len(shop.all_items(ORDERS_TABLE)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"customer": "harry"}, {"customer": "sally"}),
        ({"key": "monday"}, {"key": "tuesday"}),
        ({"customer": "a", "key": "b/c"}, {"customer": "a/b", "key": "c"}),
    ],
    ids=["two customers", "two keys", "the same text when joined"],
)
def test_another_customer_or_key_gives_another_order(
    shop: Shop, first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert [submit(**first)["statusCode"], submit(**second)["statusCode"]] == [202, 202]
    assert len(shop.all_items(ORDERS_TABLE)) == 2


def test_the_name_of_the_header_can_be_lower_case(shop: Shop) -> None:
    answer = handler(api_event("POST", "/orders", a_body(), headers={"idempotency-key": KEY}), CONTEXT)

    assert answer["statusCode"] == 202
    assert len(shop.all_items(ORDERS_TABLE)) == 1


def test_a_base64_encoded_body_is_read(shop: Shop) -> None:
    encoded = base64.b64encode(json.dumps(a_body()).encode()).decode()

    assert submit(encoded, isBase64Encoded=True)["body"] == submit()["body"]
    assert len(shop.all_items(ORDERS_TABLE)) == 1


@pytest.mark.parametrize(
    "body",
    [
        a_body(items=[{"sku": f"SKU-{number}", "quantity": MAX_QUANTITY} for number in range(MAX_LINES)]),
        a_body(items=[{"sku": "X" * 64, "quantity": 1}]),
        a_body(return_url="https://shop.example/".ljust(2048, "x")),
    ],
    ids=["99 lines of 1000", "longest sku", "longest return URL"],
)
def test_the_largest_values_are_accepted(shop: Shop, body: object) -> None:
    assert submit(body)["statusCode"] == 202
    assert len(shop.all_items(ORDERS_TABLE)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example:8443/orders?id=1#paid",
        "http://localhost:3000/paid",
        "http://127.0.0.1/paid",
    ],
)
def test_the_url_to_return_to_after_an_approval_is_stored(shop: Shop, url: str) -> None:
    order_id = json.loads(submit(a_body(return_url=url))["body"])["order_id"]

    assert shop.order(order_id).return_url == url


# The customer's address


def test_mail_goes_to_the_address_that_the_customer_signed_in_with(shop: Shop) -> None:
    order_id = json.loads(submit(email="sally@example.com")["body"])["order_id"]

    assert shop.order(order_id).email == "sally@example.com"


@pytest.mark.parametrize("written", ["o'harry+shop@mail.example.co.uk", "O'Harry+Shop@Mail.Example.co.UK"])
def test_a_customer_may_name_their_own_address(shop: Shop, written: str) -> None:
    own = "o'harry+shop@mail.example.co.uk"

    order_id = json.loads(submit(a_body(email=written), email=own)["body"])["order_id"]

    assert shop.order(order_id).email == own


@pytest.mark.usefixtures("untouched_store")
def test_another_address_is_rejected() -> None:
    answer = submit(a_body(email="sally@example.com"))

    assert wrong_fields(answer) == ["email"]
    assert "sally" not in answer["body"]


@pytest.mark.parametrize("address", REFUSED_BY_SES.values(), ids=REFUSED_BY_SES)
def test_an_account_with_an_address_that_ses_never_takes_is_refused(shop: Shop, address: str) -> None:
    answer = submit(email=address)

    assert wrong_fields(answer) == ["email"]
    assert shop.all_items(ORDERS_TABLE) == []


@pytest.mark.usefixtures("shop")
def test_an_address_with_64_characters_before_the_at_can_order() -> None:
    assert submit(email="h" * 64 + "@xn--bcher-kva.example")["statusCode"] == 202


@pytest.mark.parametrize("body", [a_body(), a_body(email=EMAIL)], ids=["no address", "an address"])
@pytest.mark.usefixtures("untouched_store")
def test_a_customer_without_a_verified_address_cannot_order(body: object) -> None:
    detail = problem(submit(body, email=None), 403)["detail"]

    assert detail.startswith("Your e-mail address is not verified.")


@pytest.mark.parametrize("amount", [1, 49_800, 49_800.0, MAX_AMOUNT])
def test_the_amount_that_the_customer_expects_is_stored(shop: Shop, amount: float) -> None:
    order_id = json.loads(submit(a_body(expected_amount=amount))["body"])["order_id"]

    assert shop.order(order_id).expected_amount == amount


@pytest.mark.parametrize("capture", Capture)
def test_an_order_keeps_when_its_money_is_taken(
    shop: Shop, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTURE", capture)
    order_id = json.loads(submit(a_body())["body"])["order_id"]

    monkeypatch.setenv("CAPTURE", "at_order")
    submit(a_body())

    assert shop.order(order_id).capture is capture


def test_a_reference_and_an_expected_amount_are_returned(shop: Shop) -> None:
    body = json.loads(submit(a_body(reference="PO 7", expected_amount=75_800))["body"])

    assert (body["reference"], body["expected_amount"]) == ("PO 7", 75_800)
    assert shop.order(body["order_id"]).reference == "PO 7"


@pytest.mark.usefixtures("shop")
def test_an_order_with_another_reference_is_another_request() -> None:
    submit(a_body(reference="PO 7"))

    problem(submit(a_body(reference="PO 8")), 422)


# Invalid requests


BAD_KEYS = {
    "missing": None,
    "empty": "",
    "blank": " ",
    "empty quotes": '""',
    "two words": "two words",
    "256 long": "k" * 256,
    "not ASCII": "sch\u00f6n",
    "tab": "tab\tbed",
    "NUL": "nul\x00",
    "newline": "key\n",
    "half quoted": '"key',
    "quotes inside": 'k"e"y',
}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
@pytest.mark.usefixtures("untouched_store")
def test_a_missing_or_malformed_key_is_rejected(key: str | None) -> None:
    assert wrong_fields(submit(key=key)) == ["Idempotency-Key"]


@pytest.mark.usefixtures("untouched_store")
def test_an_operator_cannot_order() -> None:
    assert problem(submit(groups="operators"), 403)["detail"] == "Only customers may do this."


def _without(field: str) -> dict[str, Any]:
    body = a_body()
    del body[field]
    return body


def _items(*items: object) -> dict[str, Any]:
    return a_body(items=list(items))


def _quantity(quantity: object) -> dict[str, Any]:
    return _items({"sku": ARMCHAIR.sku, "quantity": quantity})


def _sku(sku: object) -> dict[str, Any]:
    return _items({"sku": sku, "quantity": 1})


BAD_BODIES: dict[str, tuple[object, list[str]]] = {
    "no JSON": ("{'currency': 'usd'}", ["body"]),
    "cut off": ('{"currency": "usd"', ["body"]),
    "empty": ("", ["body"]),
    "null": ("null", ["body"]),
    "a list": ("[]", ["body"]),
    "a text": ('"usd"', ["body"]),
    "a number": ("7", ["body"]),
    "deeply nested": ("[" * 10_000, ["body"]),
    "a lone surrogate": (json.dumps(a_body(currency="\ud800")), ["body"]),
    "a bare lone surrogate": ('{"currency": "\ud800"}', ["body"]),
    "an empty object": ({}, ["currency", "items", "payment_method"]),
    "no currency": (_without("currency"), ["currency"]),
    "no items": (_without("items"), ["items"]),
    "no payment method": (_without("payment_method"), ["payment_method"]),
    "a price": (a_body(amount=1), ["amount"]),
    "a price in a line": (_items({"sku": "X", "quantity": 1, "unit_price": 1}), ["items.0.unit_price"]),
    "unknown currency": (a_body(currency="xyz"), ["currency"]),
    "capital currency": (a_body(currency="USD"), ["currency"]),
    "currency with a newline": (a_body(currency="usd\n"), ["currency"]),
    "currency null": (a_body(currency=None), ["currency"]),
    "no lines": (_items(), ["items"]),
    "100 lines": (_items(*({"sku": f"SKU-{n}", "quantity": 1} for n in range(100))), ["items"]),
    "items no list": (a_body(items={"sku": "X", "quantity": 1}), ["items"]),
    "a line no object": (_items("CRUNCHY-ARMCHAIR"), ["items.0"]),
    "a line without sku": (_items({"quantity": 1}), ["items.0.sku"]),
    "a line without quantity": (_items({"sku": "X"}), ["items.0.quantity"]),
    "two lines of one sku": (_items({"sku": "X", "quantity": 1}, {"sku": "X", "quantity": 2}), ["items"]),
    "quantity zero": (_quantity(0), ["items.0.quantity"]),
    "quantity negative": (_quantity(-1), ["items.0.quantity"]),
    "quantity fractional": (_quantity(1.5), ["items.0.quantity"]),
    "quantity boolean": (_quantity(True), ["items.0.quantity"]),  # noqa: FBT003 - the value under test
    "quantity text": (_quantity("1"), ["items.0.quantity"]),
    "quantity null": (_quantity(None), ["items.0.quantity"]),
    "quantity 1001": (_quantity(MAX_QUANTITY + 1), ["items.0.quantity"]),
    "quantity absurd": (_quantity(10**30), ["items.0.quantity"]),
    "quantity infinite": (json.dumps(_quantity(1)).replace(": 1}", ": 1e999}"), ["items.0.quantity"]),
    "quantity of 5000 digits": (
        json.dumps(_quantity(1)).replace(": 1}", f": {'9' * 5000}}}"),
        ["body"],
    ),
    "sku a number": (_sku(7), ["items.0.sku"]),
    "sku null": (_sku(None), ["items.0.sku"]),
    "sku empty": (_sku(""), ["items.0.sku"]),
    "sku too long": (_sku("X" * 65), ["items.0.sku"]),
    "sku in small letters": (_sku("crunchy-armchair"), ["items.0.sku"]),
    "sku with a NUL": (_sku("CRUNCHY\x00ARMCHAIR"), ["items.0.sku"]),
    "sku with a newline": (_sku("CRUNCHY-ARMCHAIR\n"), ["items.0.sku"]),
    "payment method of another kind": (a_body(payment_method="tok_visa"), ["payment_method"]),
    "payment method too long": (a_body(payment_method="pm_" + "x" * 253), ["payment_method"]),
    "payment method with a NUL": (a_body(payment_method="pm_card\x00"), ["payment_method"]),
    "a card number": (a_body(payment_method="4242424242424242"), ["payment_method"]),
    "e-mail without @": (a_body(email="harry.example.com"), ["email"]),
    "e-mail without domain": (a_body(email="harry@"), ["email"]),
    "e-mail without dot": (a_body(email="harry@localhost"), ["email"]),
    "e-mail with two @": (a_body(email="harry@sally@example.com"), ["email"]),
    "two e-mails": (a_body(email="harry@example.com,sally@example.com"), ["email"]),
    "e-mail with a newline": (a_body(email="harry@example.com\nBcc: sally@example.com"), ["email"]),
    "e-mail with a NUL": (a_body(email="harry\x00@example.com"), ["email"]),
    "e-mail too long": (a_body(email="h@" + "example." * 31 + "com"), ["email"]),
    **{f"e-mail {name}": (a_body(email=address), ["email"]) for name, address in REFUSED_BY_SES.items()},
    "reference empty": (a_body(reference=""), ["reference"]),
    "reference too long": (a_body(reference="x" * 65), ["reference"]),
    "reference with a line break": (a_body(reference="a\nb"), ["reference"]),
    "expected amount zero": (a_body(expected_amount=0), ["expected_amount"]),
    "expected amount with decimals": (a_body(expected_amount=9.5), ["expected_amount"]),
    "expected amount text": (a_body(expected_amount="10.00"), ["expected_amount"]),
    "expected amount too large": (a_body(expected_amount=MAX_AMOUNT + 1), ["expected_amount"]),
    "return URL over http": (a_body(return_url="http://shop.example/paid"), ["return_url"]),
    "return URL of a script": (a_body(return_url="javascript:alert(1)"), ["return_url"]),
    "return URL without host": (a_body(return_url="https:///paid"), ["return_url"]),
    "return URL with a password": (a_body(return_url="https://me:secret@shop.example"), ["return_url"]),
    "return URL that begins like localhost": (a_body(return_url="http://localhost.example"), ["return_url"]),
    "return URL with a blank": (a_body(return_url="https://shop.example/a b"), ["return_url"]),
    "return URL with a newline": (a_body(return_url="https://shop.example\n"), ["return_url"]),
    "return URL too long": (a_body(return_url="https://shop.example/".ljust(2049, "x")), ["return_url"]),
    "several at once": (
        a_body(currency="USD", email="harry", items=[{"sku": "x", "quantity": 0}]),
        ["currency", "items.0.sku", "items.0.quantity", "email"],
    ),
}


@pytest.mark.parametrize(("body", "fields"), BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_body_is_rejected_with_its_fields(body: object, fields: list[str]) -> None:
    answer = submit(body)

    assert wrong_fields(answer) == fields


@pytest.mark.usefixtures("untouched_store")
def test_the_errors_of_a_request_are_written_for_people() -> None:
    body = a_body(
        items=[{"sku": "red chair", "quantity": 1}],
        payment_method="4242",
        email="me",
        return_url="ftp://shop.example",
        currency="dollars",
    )

    errors = problem(submit(body, key="a key"), 400)["errors"]

    assert len(errors) == 6
    assert [each for each in errors if not re.fullmatch(r"must (be|have) [^^]+", each["message"])] == []


@pytest.mark.usefixtures("untouched_store")
def test_all_errors_are_reported_at_once() -> None:
    event = api_event("POST", "/orders", a_body(email="harry"), query={"dry_run": "true"})

    assert wrong_fields(handler(event, CONTEXT)) == ["dry_run", "Idempotency-Key", "email"]


@pytest.mark.usefixtures("untouched_store")
def test_a_missing_body_is_rejected() -> None:
    answer = handler(api_event("POST", "/orders", headers={"Idempotency-Key": KEY}), CONTEXT)

    assert wrong_fields(answer) == ["body"]


@pytest.mark.parametrize("body", ["not base64!", base64.b64encode(b"\xff\xfe").decode()])
@pytest.mark.usefixtures("untouched_store")
def test_a_body_that_cannot_be_decoded_is_rejected(body: str) -> None:
    assert wrong_fields(submit(body, isBase64Encoded=True)) == ["body"]


@pytest.mark.usefixtures("untouched_store")
def test_a_body_that_is_too_large_is_rejected() -> None:
    answer = submit(a_body(email="h" * MAX_BODY_BYTES))

    assert problem(answer, 413)["type"] == "urn:problem-type:order-saga:body-too-large"


@pytest.mark.usefixtures("untouched_store")
def test_a_problem_does_not_repeat_the_value() -> None:
    answer = submit(a_body(payment_method="4242424242424242"))

    assert "4242424242424242" not in answer["body"]
