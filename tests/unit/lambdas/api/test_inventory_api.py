import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.api.get_inventory.handler import handler as get_inventory
from lambdas.api.list_inventory.handler import handler as list_inventory
from lambdas.api.patch_inventory.handler import handler as patch_inventory
from lambdas.api.put_inventory.handler import handler as put_inventory
from lambdas.api.restock_inventory.handler import handler as restock_inventory
from lambdas.domain.product import Product
from lambdas.shared.aws import dynamodb
from lambdas.shared.rest.endpoint import Handler
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, two
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop

Answer = tuple[int, dict[str, str], Any]


def call(handler: Handler, method: str, path: str, **parts: Any) -> Answer:  # noqa: ANN401 - as `api_event`
    answer = handler(api_event(method, path, **parts), CONTEXT)
    return answer["statusCode"], answer["headers"], json.loads(answer["body"] or "null")


def get(path: str, **headers: str) -> Answer:
    return call(get_inventory, "GET", path, headers=headers)


def a_page(**query: str) -> Answer:
    return call(list_inventory, "GET", "/inventory", query=query)


def put(sku: str, body: object, condition: dict[str, str], groups: str = "operators") -> Answer:
    return call(put_inventory, "PUT", f"/inventory/{sku}", body=body, headers=condition, groups=groups)


def patch(sku: str, body: object, groups: str = "operators") -> Answer:
    return call(patch_inventory, "PATCH", f"/inventory/{sku}", body=body, groups=groups)


def restock(
    sku: str,
    body: object,
    key: str | None = "monday",
    groups: str = "operators",
    operator: str = "olivia",
) -> Answer:
    return call(
        restock_inventory,
        *("POST", f"/inventory/{sku}/restock"),
        body=body,
        headers={} if key is None else {"Idempotency-Key": key},
        customer=operator,
        groups=groups,
    )


def a_body(**changes: object) -> dict[str, object]:
    fields = {"name": "Crunchy armchair", "unit_price": 37_900, "currency": "usd", "available": 5}
    return {**fields, "active": True, **changes}


def shown(product: Product) -> dict[str, object]:
    """A product as a response body, which has no version."""
    return {name: value for name, value in asdict(product).items() if name != "version"}


def wrong_fields(document: dict[str, Any]) -> list[str]:
    return [error["field"] for error in document["errors"]]


NEW = {"If-None-Match": "*"}
FIRST = {"If-Match": '"1"'}


# Reading


@pytest.mark.usefixtures("shop")
def test_the_catalogue_is_listed_page_by_page() -> None:
    first, last = a_page(limit="1")[2], a_page(cursor=ARMCHAIR.sku)[2]

    assert first == {"products": [shown(ARMCHAIR)], "cursor": ARMCHAIR.sku}
    assert last == {"products": [shown(LAMP)], "cursor": None}


def test_a_page_of_the_catalogue_shows_no_counts_of_reserved_units(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR))

    status, _headers, body = a_page()

    assert (status, body["products"][0].keys()) == (200, shown(ARMCHAIR).keys())


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "small"}, "cursor"),
        ({"q": "x"}, "q"),
    ],
)
@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_page_is_rejected_with_its_field(query: dict[str, str], field: str) -> None:
    status, _headers, document = a_page(**query)

    assert (status, wrong_fields(document)) == (400, [field])


def test_a_product_has_its_stock_and_its_etag(shop: Shop) -> None:
    shop.put(ARMCHAIR, available=1)

    status, headers, body = get(f"/inventory/{ARMCHAIR.sku}")

    assert (status, body) == (200, shown(replace(ARMCHAIR, available=1)))
    assert headers["ETag"] == '"2"'


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', "*"])
@pytest.mark.usefixtures("shop")
def test_a_version_that_the_caller_has_is_not_sent_again(known: str) -> None:
    status, headers, body = get(f"/inventory/{ARMCHAIR.sku}", **{"If-None-Match": known})

    assert (status, headers["ETag"], body) == (304, '"1"', None)


@pytest.mark.parametrize("known", ['"2"', "1", '"1', '"11"', ""])
@pytest.mark.usefixtures("shop")
def test_a_caller_with_another_version_gets_the_product(known: str) -> None:
    assert get(f"/inventory/{ARMCHAIR.sku}", **{"If-None-Match": known})[0] == 200


@pytest.mark.parametrize("sku", ["NO-SUCH-CHAIR", "no-sku"])
@pytest.mark.usefixtures("shop")
def test_an_unknown_product_is_not_found(sku: str) -> None:
    status, _headers, document = get(f"/inventory/{sku}")

    assert (status, document["detail"]) == (404, "There is no such product.")


def test_a_scan_that_is_throttled_can_be_retried() -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error("scan", "ThrottlingException")

        status, headers, _document = a_page()

    assert (status, headers["Retry-After"]) == (503, "1")


# Writing


def test_a_new_product_is_added_to_the_catalogue(shop: Shop) -> None:
    status, headers, body = put("BLUE-VASE", a_body(name="Blue vase"), NEW)

    assert (status, headers["ETag"]) == (201, '"1"')
    assert body == {"sku": "BLUE-VASE", **a_body(name="Blue vase")}
    assert shown(shop.inventory.find(["BLUE-VASE"])["BLUE-VASE"]) == body


def test_a_product_is_replaced(shop: Shop) -> None:
    status, headers, _body = put(ARMCHAIR.sku, a_body(unit_price=39_900, available=100), FIRST)

    assert (status, headers["ETag"]) == (200, '"2"')
    assert shop.inventory.get(ARMCHAIR.sku) == replace(ARMCHAIR, unit_price=39_900, available=100, version=2)


def test_two_operators_do_not_overwrite_each_other(shop: Shop) -> None:
    put(ARMCHAIR.sku, a_body(available=10), FIRST)

    status, _headers, document = put(ARMCHAIR.sku, a_body(available=20), FIRST)

    assert status == 412
    assert document["type"] == "urn:problem-type:order-saga:precondition-failed"
    assert shop.available(ARMCHAIR.sku) == 10


def test_a_sale_since_the_read_is_not_overwritten(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR))

    assert put(ARMCHAIR.sku, a_body(), FIRST)[0] == 412
    assert shop.available(ARMCHAIR.sku) == ARMCHAIR.available - 2


@pytest.mark.parametrize(
    ("sku", "condition"),
    [
        (ARMCHAIR.sku, NEW),
        ("BLUE-VASE", FIRST),
        (ARMCHAIR.sku, {"If-Match": '"x"'}),
        (ARMCHAIR.sku, {"If-Match": '"01"'}),
    ],
)
def test_a_write_whose_condition_fails_changes_nothing(
    shop: Shop, sku: str, condition: dict[str, str]
) -> None:
    assert put(sku, a_body(available=99), condition)[0] == 412
    assert shop.inventory.find([ARMCHAIR.sku, "BLUE-VASE"]) == {ARMCHAIR.sku: ARMCHAIR}


@pytest.mark.parametrize("condition", [{}, {**NEW, **FIRST}], ids=["none", "both"])
@pytest.mark.usefixtures("untouched_store")
def test_a_write_needs_exactly_one_condition(condition: dict[str, str]) -> None:
    status, _headers, document = put(ARMCHAIR.sku, a_body(), condition)

    assert (status, wrong_fields(document)) == (428, ["If-Match"])


BAD_PRODUCTS: dict[str, tuple[str, object, dict[str, str], list[str]]] = {
    "small letters": ("small-letters", a_body(), NEW, ["sku"]),
    "long sku": ("X" * 65, a_body(), NEW, ["sku"]),
    "no JSON": ("BLUE-VASE", "no JSON", NEW, ["body"]),
    "sku in the body": ("BLUE-VASE", a_body(sku="ANOTHER"), NEW, ["sku"]),
    "no name": ("BLUE-VASE", a_body(name=""), NEW, ["name"]),
    "line break": ("BLUE-VASE", a_body(name="Blue\nvase"), NEW, ["name"]),
    "escape sequence": ("BLUE-VASE", a_body(name="\x1b]0;vase"), NEW, ["name"]),
    "C1 control character": ("BLUE-VASE", a_body(name="\x9b2J"), NEW, ["name"]),
    "reversed text": ("BLUE-VASE", a_body(name="Vase \u202eeulb"), NEW, ["name"]),
    "half a character": ("BLUE-VASE", '{"name": "\\ud83e"}', NEW, ["body"]),
    "long name": ("BLUE-VASE", a_body(name="V" * 201), NEW, ["name"]),
    "free": ("BLUE-VASE", a_body(unit_price=0), NEW, ["unit_price"]),
    "negative price": ("BLUE-VASE", a_body(unit_price=-1), NEW, ["unit_price"]),
    "fractional price": ("BLUE-VASE", a_body(unit_price=379.5), NEW, ["unit_price"]),
    "too expensive": ("BLUE-VASE", a_body(unit_price=10**12), NEW, ["unit_price"]),
    "capital currency": ("BLUE-VASE", a_body(currency="USD"), NEW, ["currency"]),
    "negative stock": ("BLUE-VASE", a_body(available=-1), NEW, ["available"]),
    "boolean stock": ("BLUE-VASE", a_body(available=True), NEW, ["available"]),
    "too much": ("BLUE-VASE", a_body(available=1_000_000_001), NEW, ["available"]),
    "bare tag": ("BLUE-VASE", a_body(), {"If-Match": "1"}, ["If-Match"]),
    "empty tag": ("BLUE-VASE", a_body(), {"If-Match": '""'}, ["If-Match"]),
    "weak tag": ("BLUE-VASE", a_body(), {"If-Match": 'W/"1"'}, ["If-Match"]),
    "any version": ("BLUE-VASE", a_body(), {"If-Match": "*"}, ["If-Match"]),
    "another version": ("BLUE-VASE", a_body(), {"If-None-Match": '"1"'}, ["If-None-Match"]),
    "several errors": ("x", a_body(name=""), {"If-Match": "1"}, ["sku", "If-Match", "name"]),
}


@pytest.mark.parametrize(("sku", "body", "condition", "fields"), BAD_PRODUCTS.values(), ids=BAD_PRODUCTS)
@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_product_is_rejected_with_its_fields(
    sku: str, body: object, condition: dict[str, str], fields: list[str]
) -> None:
    status, _headers, document = put(sku, body, condition)

    assert (status, wrong_fields(document)) == (400, fields)


@pytest.mark.usefixtures("untouched_store")
def test_a_customer_cannot_write_products() -> None:
    assert put("BLUE-VASE", a_body(), NEW, groups="customers")[0] == 403


def test_a_product_without_active_is_active(shop: Shop) -> None:
    body = a_body()
    del body["active"]

    assert put("BLUE-VASE", body, NEW)[2]["active"] is True
    assert shop.inventory.find(["BLUE-VASE"])["BLUE-VASE"].active


# Changing without stock


@pytest.mark.parametrize(
    "changes",
    [{"name": "Crunchier armchair"}, {"unit_price": 39_900}, {"active": False}, {"name": None}, {}],
)
def test_a_selling_product_is_changed_without_its_stock(shop: Shop, changes: dict[str, Any]) -> None:
    shop.confirmed(two(ARMCHAIR))

    status, headers, body = patch(ARMCHAIR.sku, changes)

    given = {name: value for name, value in changes.items() if value is not None}
    changed = replace(ARMCHAIR, available=3, version=3, **given)
    assert (status, headers["ETag"], body) == (200, '"3"', shown(changed))
    assert shop.inventory.get(ARMCHAIR.sku) == changed


def test_a_product_that_does_not_exist_is_not_changed(shop: Shop) -> None:
    assert patch("NO-SUCH-CHAIR", {"unit_price": 1})[0] == 404
    assert shop.inventory.get("NO-SUCH-CHAIR") is None


@pytest.mark.parametrize(
    ("sku", "body", "fields"),
    [
        ("small-letters", {"active": False}, ["sku"]),
        (ARMCHAIR.sku, {"available": 3}, ["available"]),
        (ARMCHAIR.sku, {"currency": "eur"}, ["currency"]),
        (ARMCHAIR.sku, {"unit_price": 0, "name": "\t", "active": 0}, ["name", "unit_price", "active"]),
    ],
)
@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_change_is_rejected_with_its_fields(sku: str, body: object, fields: list[str]) -> None:
    status, _headers, document = patch(sku, body)

    assert (status, wrong_fields(document)) == (400, fields)


@pytest.mark.usefixtures("untouched_store")
def test_a_customer_cannot_change_products() -> None:
    assert patch(ARMCHAIR.sku, {"unit_price": 1}, groups="customers")[0] == 403


# Products that are not active


@pytest.mark.parametrize(("groups", "status", "listed"), [("customers", 404, 1), ("operators", 200, 2)])
def test_only_operators_see_a_product_that_is_not_active(
    shop: Shop, groups: str, status: int, listed: int
) -> None:
    shop.put(ARMCHAIR, active=False)

    one = call(get_inventory, "GET", f"/inventory/{ARMCHAIR.sku}", groups=groups)
    page = call(list_inventory, "GET", "/inventory", groups=groups)

    assert (one[0], len(page[2]["products"])) == (status, listed)


# Restocking


def test_units_are_added_to_the_stock(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR))

    status, headers, body = restock(ARMCHAIR.sku, {"quantity": 10})

    assert (status, body["available"], headers["ETag"]) == (200, ARMCHAIR.available - 2 + 10, '"3"')
    assert shop.available(ARMCHAIR.sku) == body["available"]


def test_an_unknown_product_cannot_be_restocked(shop: Shop) -> None:
    assert restock("NO-SUCH-CHAIR", {"quantity": 1})[0] == 404
    assert shop.inventory.get("NO-SUCH-CHAIR") is None


def test_a_restock_that_was_rejected_leaves_its_key_unused(shop: Shop) -> None:
    restock("BLUE-VASE", {"quantity": 1})
    shop.put(LAMP, sku="BLUE-VASE", available=0)

    assert restock("BLUE-VASE", {"quantity": 1})[2]["available"] == 1


@pytest.mark.parametrize(
    ("operator", "key", "units"),
    [
        ("olivia", "monday", 10),
        ("olivia", '"monday"', 10),
        ("olivia", "tuesday", 20),
        ("oscar", "monday", 20),
    ],
)
def test_a_restock_counts_once_per_operator_and_key(shop: Shop, operator: str, key: str, units: int) -> None:
    restock(ARMCHAIR.sku, {"quantity": 10}, operator="olivia")

    status, _headers, body = restock(ARMCHAIR.sku, {"quantity": 10}, key, operator=operator)

    assert (status, body["available"]) == (200, ARMCHAIR.available + units)
    assert shop.available(ARMCHAIR.sku) == body["available"]


def test_a_restock_is_remembered_as_long_as_an_order(shop: Shop) -> None:
    """DynamoDB forgets a transaction's token after ten minutes, and deletes records with an `expiration`."""
    restock(ARMCHAIR.sku, {"quantity": 10})

    [record] = shop.all_items(IDEMPOTENCY_TABLE)

    assert "expiration" not in record


@pytest.mark.parametrize(("sku", "quantity"), [(ARMCHAIR.sku, 2), (LAMP.sku, 1)])
def test_a_key_used_for_a_different_restock_is_rejected(shop: Shop, sku: str, quantity: int) -> None:
    restock(ARMCHAIR.sku, {"quantity": 1})

    status, _headers, document = restock(sku, {"quantity": quantity})

    assert (status, wrong_fields(document)) == (422, ["Idempotency-Key"])
    assert (shop.available(ARMCHAIR.sku), shop.available(LAMP.sku)) == (
        ARMCHAIR.available + 1,
        LAMP.available,
    )


@pytest.mark.parametrize(
    ("sku", "body", "key", "fields"),
    [
        ("small-letters", {"quantity": 1}, "k", ["sku"]),
        (ARMCHAIR.sku, {}, "k", ["quantity"]),
        (ARMCHAIR.sku, {"quantity": 0}, "k", ["quantity"]),
        (ARMCHAIR.sku, {"quantity": -1}, "k", ["quantity"]),
        (ARMCHAIR.sku, {"quantity": 1_000_001}, "k", ["quantity"]),
        (ARMCHAIR.sku, {"quantity": 1.5}, "k", ["quantity"]),
        (ARMCHAIR.sku, {"quantity": 1, "available": 1}, "k", ["available"]),
        (ARMCHAIR.sku, {"quantity": 1}, None, ["Idempotency-Key"]),
        ("x", {"quantity": "1"}, "", ["sku", "Idempotency-Key", "quantity"]),
    ],
)
@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_restock_is_rejected_with_its_fields(
    sku: str, body: object, key: str | None, fields: list[str]
) -> None:
    status, _headers, document = restock(sku, body, key)

    assert (status, wrong_fields(document)) == (400, fields)


@pytest.mark.usefixtures("untouched_store")
def test_a_customer_cannot_restock() -> None:
    assert restock(ARMCHAIR.sku, {"quantity": 1}, groups="customers")[0] == 403


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_a_restock_that_conflicts_with_a_sale_can_be_retried(reason: str) -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": [{"Code": "None"}, {"Code": reason}]},
        )

        assert restock(ARMCHAIR.sku, {"quantity": 1})[0] == 503
