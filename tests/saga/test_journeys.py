"""Every journey, on the deployed state machine."""

import pytest

from local.catalogue import SAMPLE_STOCK
from local.world import World
from proof.journey import Journey, differences
from proof.journeys import JOURNEYS
from proof.laws import take_snapshot, violations


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.key)
def test_a_journey_takes_its_path_and_money_and_goods_agree(world: World, journey: Journey) -> None:
    # Given
    for sku, product in SAMPLE_STOCK.items():
        world.shop.stock(sku, product)
    before = take_snapshot(world)

    # When
    followed = journey.run(world)

    # Then
    waits_for_a_human = [f"order {followed.order_id} (NEEDS_ATTENTION) is not at rest"]
    assert differences(world, journey, followed) == []
    assert violations(before, take_snapshot(world)) == (
        waits_for_a_human if journey.status == "NEEDS_ATTENTION" else []
    )
