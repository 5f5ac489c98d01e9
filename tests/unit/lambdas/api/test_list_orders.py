import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

import pytest
from botocore.stub import Stubber

from lambdas.api.list_orders import logic
from lambdas.api.list_orders.handler import handler
from lambdas.shared.aws import dynamodb
from lambdas.shared.store.listings import Listed, OrderListing
from tests.unit.lambdas.builders import an_order
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop

TODAY: Final = "2026-03-01"
OPERATORS: Final = "operators"
NUMBERS: Final = count()

pytestmark = pytest.mark.usefixtures("cursor_secret")


def placed(
    shop: Shop, at: str, *, customer: str = "harry", shard: str = "a", reference: str | None = None
) -> str:
    """Place an order on a day or at a time, and return its id, which ends with a serial number."""
    order_id = f"{shard}0000000-0000-5000-8000-{next(NUMBERS):012}"
    created_at = at if "T" in at else f"{at}T12:00:00.000Z"
    shop.orders.create(
        an_order(
            order_id=order_id,
            customer_id=customer,
            created_at=created_at,
            updated_at=created_at,
            reference=reference,
        )
    )
    return order_id


def ask(
    query: dict[str, str] | None = None, *, customer: str = "harry", groups: str = "customers"
) -> tuple[int, dict[str, Any]]:
    answer = handler(api_event("GET", "/orders", query=query, customer=customer, groups=groups), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def pages(query: dict[str, str], **caller: str) -> list[list[str]]:
    """The ids on each page, following the cursors."""
    found = []
    for _ in range(100):
        status, page = ask(query, **caller)
        assert status == 200, page
        found.append([order["order_id"] for order in page["orders"]])
        if page["cursor"] is None:
            return found
        query = {**query, "cursor": page["cursor"]}
    raise AssertionError("the pages do not end")


def listed(query: dict[str, str] | None = None, **caller: str) -> list[str]:
    return [order_id for page in pages(query or {}, **caller) for order_id in page]


def wrong_fields(answer: tuple[int, dict[str, Any]]) -> list[str]:
    assert answer[0] == 400, answer
    return [error["field"] for error in answer[1]["errors"]]


# A customer's own orders


def test_a_customer_sees_their_own_orders_newest_first(shop: Shop) -> None:
    old = placed(shop, "2026-02-01")
    placed(shop, TODAY, customer="sally")
    new = placed(shop, TODAY)

    status, page = ask()

    assert status == 200
    assert [order["order_id"] for order in page["orders"]] == [new, old]
    assert page["orders"][0].keys() >= {"status", "items", "amount", "payment", "timeline"}
    assert page["cursor"] is None


@pytest.mark.usefixtures("shop")
def test_a_customer_without_orders_sees_an_empty_page() -> None:
    assert ask() == (200, {"orders": [], "cursor": None})


def test_a_page_has_twenty_orders_by_default(shop: Shop) -> None:
    for second in range(21):
        placed(shop, f"{TODAY}T12:00:{second:02}.000Z")

    assert [len(page) for page in pages({})] == [20, 1]
    assert [len(page) for page in pages({"limit": "21"})] == [21]
    assert [len(page) for page in pages({"limit": "7"})] == [7, 7, 7]


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("caller", [{}, {"groups": OPERATORS}], ids=["customer", "operator"])
@pytest.mark.parametrize("status", [None, "PENDING"])
def test_every_order_is_listed_once_even_in_one_millisecond(
    shop: Shop, limit: int, caller: dict[str, str], status: str | None
) -> None:
    made = [placed(shop, at, shard=shard) for at in ("2026-02-28", TODAY) for shard in "5f05"]
    query = {"limit": str(limit)} | ({"status": status} if status else {})

    found = listed(query, **caller)

    assert sorted(found) == sorted(made)
    assert set(found[:4]) == set(made[4:])


def test_orders_of_one_millisecond_are_sorted_by_id() -> None:
    def answer(*order_ids: str, at: str = TODAY, more: bool) -> dict[str, Any]:
        items = [{"order_id": {"S": order_id}, "created_at": {"S": at}} for order_id in order_ids]
        return {"Items": items, **({"LastEvaluatedKey": items[-1]} if more else {})}

    with Stubber(dynamodb()) as stub:
        stub.add_response("query", answer("b", "d", more=True))
        stub.add_response("query", answer("a", "c", more=True))
        stub.add_response("query", answer("e", at="2026-02-28", more=False))

        found = OrderListing(dynamodb(), "orders").newest_first("by_day", TODAY, until=TODAY, limit=2)

        assert [order.order_id for order in found] == ["d", "c", "b", "a", "e"]


def test_a_new_order_does_not_shift_the_next_page(shop: Shop) -> None:
    made = [placed(shop, f"{TODAY}T12:00:0{second}.000Z") for second in range(4)]

    _status, first = ask({"limit": "2"})
    placed(shop, f"{TODAY}T13:00:00.000Z")
    _status, second = ask({"limit": "2", "cursor": first["cursor"]})

    shown = [order["order_id"] for page in (first, second) for order in page["orders"]]
    assert shown == made[::-1]


def test_orders_can_be_filtered_by_status(shop: Shop) -> None:
    closed = placed(shop, "2026-02-01")
    shop.orders.close(closed, {})
    pending = placed(shop, TODAY)

    assert listed({"status": "FAILED"}) == [closed]
    assert listed({"status": "PENDING"}) == [pending]
    assert listed({"status": "CONFIRMED"}) == []


def test_the_number_of_orders_that_a_request_reads_is_limited(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "BATCH", 2)
    monkeypatch.setattr(logic, "ORDERS_AT_ONCE", 4)
    oldest = placed(shop, "2026-02-01")
    shop.orders.close(oldest, {})
    for second in range(8):
        placed(shop, f"{TODAY}T12:00:0{second}.000Z")

    assert pages({"status": "FAILED"}) == [[], [], [oldest]]


# All orders


def test_an_operator_sees_all_orders(shop: Shop) -> None:
    oldest = placed(shop, logic.OLDEST_DAY.isoformat(), customer="sally")
    old = placed(shop, "2026-02-20")
    new = placed(shop, TODAY, customer="sally")

    assert listed(groups=OPERATORS) == [new, old, oldest]


def test_a_listing_has_no_addresses(shop: Shop) -> None:
    placed(shop, TODAY, customer="sally")

    (order,) = ask(groups=OPERATORS)[1]["orders"]

    assert order["customer_id"] == "sally"
    assert "email" not in order


def test_the_number_of_days_that_a_request_searches_is_limited(shop: Shop) -> None:
    placed(shop, logic.OLDEST_DAY.isoformat())
    days = (date.fromisoformat(TODAY) - logic.OLDEST_DAY) / timedelta(days=1) + 1

    found = pages({}, groups=OPERATORS)

    assert len(found) == -(-days // logic.DAYS_AT_ONCE)
    assert [len(page) for page in found] == [0, 1]


def test_an_order_that_needs_attention_is_found_at_any_age(shop: Shop) -> None:
    flagged = [placed(shop, day, shard=shard) for day, shard in (("2025-01-01", "0"), ("2024-01-01", "f"))]
    for order_id in flagged:
        shop.orders.flag(order_id, "RefundRefused")
    placed(shop, TODAY)

    assert pages({"status": "NEEDS_ATTENTION"}, groups=OPERATORS) == [flagged]


def test_an_operator_finds_orders_at_rest_by_status(shop: Shop) -> None:
    closed = placed(shop, "2026-01-15")
    shop.orders.close(closed, {})
    placed(shop, TODAY)

    assert listed({"status": "FAILED"}, groups=OPERATORS) == [closed]


# Cursors


# By reference


@pytest.mark.parametrize("limit", ["1", "20"])
def test_a_customer_finds_their_own_orders_by_reference(shop: Shop, limit: str) -> None:
    old = placed(shop, "2026-02-01", reference="PO 7")
    placed(shop, "2026-02-02", reference="PO 7", customer="sally")
    placed(shop, "2026-02-03", reference="PO 8")
    placed(shop, "2026-02-04")
    new = placed(shop, TODAY, reference="PO 7")

    assert listed({"reference": "PO 7", "limit": limit}) == [new, old]


def test_no_page_tells_that_somebody_else_uses_a_reference(shop: Shop) -> None:
    for _ in range(3):
        placed(shop, TODAY, reference="PO 7", customer="sally")

    assert ask({"reference": "PO 7", "limit": "1"}) == (200, {"orders": [], "cursor": None})


def test_a_reference_that_many_others_use_is_looked_for_among_the_own_orders(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "ORDERS_AT_ONCE", 4)
    old = placed(shop, "2026-01-15", reference="PO 7")
    placed(shop, "2026-02-01")
    new = placed(shop, "2026-02-02", reference="PO 7")
    for _ in range(20):
        placed(shop, TODAY, reference="PO 7", customer="sally")
    listed_by: list[str] = []
    newest_first = OrderListing.newest_first

    def counted(listing: OrderListing, index: Any, *args: Any, **kwargs: Any) -> Iterator[Listed]:  # noqa: ANN401 - whatever it takes
        for entry in newest_first(listing, index, *args, **kwargs):
            listed_by.append(index)
            yield entry

    monkeypatch.setattr(OrderListing, "newest_first", counted)

    assert pages({"reference": "PO 7"}) == [[new, old]]
    assert Counter(listed_by) == {"by_reference": 4, "by_customer": 3}


def test_an_operator_finds_the_orders_of_all_customers_by_reference(shop: Shop) -> None:
    orders = [placed(shop, TODAY, reference="PO 7", customer=each) for each in ("harry", "sally")]

    assert listed({"reference": "PO 7"}, groups=OPERATORS) == sorted(orders, reverse=True)


def test_reference_and_status_filter_together(shop: Shop) -> None:
    placed(shop, TODAY, reference="PO 7")
    failed = placed(shop, TODAY, reference="PO 7")
    shop.orders.close(failed, {})

    assert listed({"reference": "PO 7", "status": "FAILED"}) == [failed]


def a_cursor(shop: Shop, query: dict[str, str] | None = None, **caller: str) -> str:
    for second in range(2):
        placed(shop, f"{TODAY}T12:00:0{second}.000Z")
    cursor: str = ask({"limit": "1", **(query or {})}, **caller)[1]["cursor"]
    return cursor


def changed(cursor: str, old: bytes, new: bytes) -> str:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert old in raw
    return base64.urlsafe_b64encode(raw.replace(old, new)).decode()


def resigned(cursor: str, signature: bytes) -> str:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return base64.urlsafe_b64encode(signature + raw[16:]).decode()


TAMPERED: Final[dict[str, Callable[[str], str]]] = {
    "another time": lambda cursor: changed(cursor, b"2026-03-01", b"2026-03-02"),
    "another signature": lambda cursor: resigned(cursor, bytes(16)),
    "no signature": lambda cursor: resigned(cursor, b""),
    "cut off": lambda cursor: cursor[:-4],
    "longer": lambda cursor: cursor + "AAAA",
    "short": lambda _: "A",
    "empty": lambda _: "",
    "no Base64": lambda _: "not a cursor!",
    "not ASCII": lambda _: "sch\u00f6n",
    "huge": lambda _: "A" * 257,
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_a_cursor_that_was_changed_is_rejected(shop: Shop, tamper: Callable[[str], str]) -> None:
    cursor = a_cursor(shop)

    assert ask({"cursor": cursor})[0] == 200
    assert wrong_fields(ask({"cursor": tamper(cursor)})) == ["cursor"]


def test_a_cursor_is_for_one_caller_one_filter_and_any_limit(shop: Shop) -> None:
    cursor = a_cursor(shop)

    assert ask({"cursor": cursor, "limit": "7"})[0] == 200
    assert wrong_fields(ask({"cursor": cursor, "status": "PENDING"})) == ["cursor"]
    assert wrong_fields(ask({"cursor": cursor, "reference": "PO 7"})) == ["cursor"]
    assert wrong_fields(ask({"cursor": cursor}, customer="sally")) == ["cursor"]
    assert wrong_fields(ask({"cursor": cursor}, groups=OPERATORS)) == ["cursor"]


def test_a_request_can_be_retried_if_the_key_is_unavailable(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = a_cursor(shop)
    monkeypatch.setenv("CURSOR_SECRET_ID", "not-there")

    assert ask({"cursor": cursor})[0] == 503


# Invalid requests


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"status": "confirmed"}, ["status"]),
        ({"status": ""}, ["status"]),
        ({"limit": "0"}, ["limit"]),
        ({"limit": "101"}, ["limit"]),
        ({"limit": "-1"}, ["limit"]),
        ({"limit": "ten"}, ["limit"]),
        ({"limit": "1.0"}, ["limit"]),
        ({"limit": " 1"}, ["limit"]),
        ({"limit": ""}, ["limit"]),
        ({"limit": "9" * 5000}, ["limit"]),
        ({"customer_id": "sally"}, ["customer_id"]),
        ({"status": "x", "limit": "x", "page": "2"}, ["status", "limit", "page"]),
    ],
)
@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_parameter_is_rejected_by_name(query: dict[str, str], fields: list[str]) -> None:
    assert wrong_fields(ask(query)) == fields


@pytest.mark.usefixtures("untouched_store")
def test_a_repeated_parameter_is_rejected() -> None:
    event = api_event("GET", "/orders", query={"limit": "1"})
    event["multiValueQueryStringParameters"] = {"limit": ["1", "2"]}

    answer = handler(event, CONTEXT)

    assert wrong_fields((answer["statusCode"], json.loads(answer["body"]))) == ["limit"]
