import pytest
from botocore.stub import Stubber

from lambdas.shared.errors import StoreUnavailable
from tests.unit.lambdas.builders import ARMCHAIR, LAMP
from tests.unit.lambdas.shop import INVENTORY_TABLE, Shop


def test_a_product_is_read_as_it_was_written(shop: Shop) -> None:
    assert shop.inventory.get(ARMCHAIR.sku) == ARMCHAIR


def test_an_unknown_product_is_not_there(shop: Shop) -> None:
    assert shop.inventory.get("NO-SUCH-CHAIR") is None


def test_several_products_are_found_and_unknown_ones_left_out(shop: Shop) -> None:
    found = shop.inventory.find([ARMCHAIR.sku, "NO-SUCH-CHAIR", LAMP.sku])

    assert found == {ARMCHAIR.sku: ARMCHAIR, LAMP.sku: LAMP}


def test_the_catalogue_is_ordered_by_sku(shop: Shop) -> None:
    assert shop.inventory.all() == [ARMCHAIR, LAMP]


def test_half_an_answer_is_no_answer(shop: Shop) -> None:
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


def test_a_throttled_read_can_be_tried_again(shop: Shop) -> None:
    with Stubber(shop.client) as stub:
        stub.add_client_error("batch_get_item", "ThrottlingException")

        with pytest.raises(StoreUnavailable):
            shop.inventory.find([ARMCHAIR.sku])
