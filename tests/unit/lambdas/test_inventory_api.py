import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.get_inventory.handler import handler as get_inventory
from lambdas.put_inventory.handler import handler as put_inventory
from lambdas.shared.aws import dynamodb
from lambdas.shared.inventory_table import Product
from tests.unit.lambdas.builders import ARMCHAIR, LAMP
from tests.unit.lambdas.events import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop


def get(path: str) -> tuple[int, Any]:
    answer = get_inventory(api_event("GET", path), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def put(sku: str, body: object) -> tuple[int, Any]:
    answer = put_inventory(api_event("PUT", f"/inventory/{sku}", body, groups="operators"), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def a_body(**changes: object) -> dict[str, object]:
    return {"name": "Crunchy armchair", "unit_price": 37_900, "currency": "usd", "available": 5, **changes}


def shown(product: Product) -> dict[str, object]:
    """A product in a body, which does not say its version."""
    return {name: value for name, value in asdict(product).items() if name != "version"}


def test_the_catalogue_shows_all_products_in_order(shop: Shop) -> None:
    assert get("/inventory") == (200, {"products": [shown(ARMCHAIR), shown(LAMP)]})
    assert shop.inventory.all() == [ARMCHAIR, LAMP]


def test_one_product_is_shown_with_its_stock(shop: Shop) -> None:
    shop.put(ARMCHAIR, available=1)

    assert get(f"/inventory/{ARMCHAIR.sku}") == (200, shown(replace(ARMCHAIR, available=1)))


@pytest.mark.usefixtures("shop")
def test_an_unknown_product_is_not_found() -> None:
    status, body = get("/inventory/NO-SUCH-CHAIR")

    assert status == 404
    assert body["detail"] == "There is no such product."


def test_while_the_store_is_down_the_caller_is_asked_to_come_back() -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error("scan", "ThrottlingException")

        assert get("/inventory")[0] == 503


def test_a_new_product_is_put_into_the_catalogue(shop: Shop) -> None:
    status, body = put("BLUE-VASE", a_body(name="Blue vase"))

    assert status == 200
    assert body == {"sku": "BLUE-VASE", **a_body(name="Blue vase")}
    assert shown(shop.inventory.find(["BLUE-VASE"])["BLUE-VASE"]) == body


def test_a_product_is_as_it_was_put_last(shop: Shop) -> None:
    put(ARMCHAIR.sku, a_body(unit_price=39_900, available=100))

    assert shop.inventory.get(ARMCHAIR.sku) == replace(ARMCHAIR, unit_price=39_900, available=100, version=2)


@pytest.mark.parametrize(
    ("sku", "body", "field"),
    [
        ("small-letters", a_body(), "sku"),
        ("X" * 65, a_body(), "sku"),
        ("BLUE-VASE", "no JSON", "body"),
        ("BLUE-VASE", a_body(sku="ANOTHER"), "sku"),
        ("BLUE-VASE", a_body(name=""), "name"),
        ("BLUE-VASE", a_body(name="V" * 201), "name"),
        ("BLUE-VASE", a_body(unit_price=0), "unit_price"),
        ("BLUE-VASE", a_body(unit_price=-1), "unit_price"),
        ("BLUE-VASE", a_body(unit_price=379.5), "unit_price"),
        ("BLUE-VASE", a_body(unit_price=100_000_000), "unit_price"),
        ("BLUE-VASE", a_body(currency="USD"), "currency"),
        ("BLUE-VASE", a_body(available=-1), "available"),
        ("BLUE-VASE", a_body(available=True), "available"),
        ("BLUE-VASE", a_body(available=1_000_000_001), "available"),
    ],
)
@pytest.mark.usefixtures("untouched_store")
def test_a_bad_product_is_refused_by_naming_the_field(sku: str, body: object, field: str) -> None:
    status, document = put(sku, body)

    assert status == 400
    assert [error["field"] for error in document["errors"]] == [field]
