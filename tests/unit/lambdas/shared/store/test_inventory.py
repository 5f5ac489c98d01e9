from dataclasses import asdict, replace

import pytest
from botocore.stub import Stubber

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.store.inventory import ProductPage
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, two
from tests.unit.lambdas.shop import INVENTORY_TABLE, Shop


def test_a_product_is_read_as_it_was_written(shop: Shop) -> None:
    assert shop.inventory.get(ARMCHAIR.sku) == ARMCHAIR


def test_an_unknown_product_is_none(shop: Shop) -> None:
    assert shop.inventory.get("NO-SUCH-CHAIR") is None


def test_several_products_are_read_without_unknown_ones(shop: Shop) -> None:
    found = shop.inventory.find([ARMCHAIR.sku, "NO-SUCH-CHAIR", LAMP.sku])

    assert found == {ARMCHAIR.sku: ARMCHAIR, LAMP.sku: LAMP}


def test_the_catalogue_is_read_page_by_page(shop: Shop) -> None:
    first = shop.inventory.page(limit=1, after=None)
    rest = shop.inventory.page(limit=1, after=first.end)

    assert [*first.products, *rest.products] == [ARMCHAIR, LAMP]


def test_counts_of_reserved_units_are_not_read_with_the_catalogue(shop: Shop) -> None:
    with Stubber(shop.client) as stub:
        attributes = {f"#p{n}": name for n, name in enumerate(asdict(ARMCHAIR))}
        stub.add_response(
            "scan",
            {"Items": []},
            {
                "TableName": INVENTORY_TABLE,
                "Limit": 7,
                "ProjectionExpression": ", ".join(attributes),
                "ExpressionAttributeNames": attributes,
            },
        )

        assert shop.inventory.page(limit=7, after=None) == ProductPage([], None)


def test_an_incomplete_response_can_be_retried(shop: Shop) -> None:
    with Stubber(shop.client) as stub:
        stub.add_response(
            "batch_get_item",
            {
                "Responses": {INVENTORY_TABLE: []},
                "UnprocessedKeys": {INVENTORY_TABLE: {"Keys": [{"sku": {"S": ARMCHAIR.sku}}]}},
            },
        )

        with pytest.raises(StoreUnavailable, match="a part"):
            shop.inventory.find([ARMCHAIR.sku])


def test_a_throttled_read_can_be_retried(shop: Shop) -> None:
    with Stubber(shop.client) as stub:
        stub.add_client_error("batch_get_item", "ThrottlingException")

        with pytest.raises(StoreUnavailable):
            shop.inventory.find([ARMCHAIR.sku])


# put


def test_a_product_that_is_put_has_the_next_version(shop: Shop) -> None:
    changed = replace(ARMCHAIR, name="Crunchier armchair", available=9)

    put = shop.inventory.put(changed, expected_version=1)

    assert put == replace(changed, version=2)
    assert shop.inventory.get(ARMCHAIR.sku) == put


@pytest.mark.parametrize("expected", [None, 2])
def test_a_put_that_expects_another_version_writes_nothing(shop: Shop, expected: int | None) -> None:
    assert shop.inventory.put(replace(ARMCHAIR, available=9), expected_version=expected) is None
    assert shop.inventory.get(ARMCHAIR.sku) == ARMCHAIR


def test_a_put_that_expects_an_unknown_product_writes_nothing(shop: Shop) -> None:
    shop.take_from_catalogue(ARMCHAIR)

    assert shop.inventory.put(ARMCHAIR, expected_version=1) is None
    assert shop.inventory.put(ARMCHAIR, expected_version=None) == ARMCHAIR


def test_a_product_gets_the_next_version_when_units_are_taken(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR))

    assert shop.inventory.put(replace(ARMCHAIR, available=9), expected_version=1) is None
    assert shop.inventory.get(ARMCHAIR.sku) == replace(ARMCHAIR, available=3, version=2)


def test_a_put_keeps_the_counts_of_reserved_units(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR))

    shop.put(ARMCHAIR, available=9)

    assert shop.reserved(ARMCHAIR, "2026-03-01") == 2


def test_a_product_of_an_earlier_version_is_active(shop: Shop) -> None:
    shop.client.update_item(
        TableName=INVENTORY_TABLE,
        Key={"sku": {"S": ARMCHAIR.sku}},
        UpdateExpression="REMOVE active",
    )

    assert shop.inventory.get(ARMCHAIR.sku) == ARMCHAIR
