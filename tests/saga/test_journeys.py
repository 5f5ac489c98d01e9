"""Every journey, on the deployed state machine."""

from contextlib import nullcontext
from typing import Final

import pytest

from local.catalogue import SAMPLE_STOCK
from local.world import World
from proof.fault_campaign.waits import payment_deadline
from proof.journey import Journey, differences
from proof.journeys import JOURNEYS
from proof.laws import take_snapshot, violations

SHORT_DEADLINE_SECONDS: Final = 6
"""For journeys that wait until the deadline has passed."""


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.key)
def test_a_journey_takes_its_path_and_money_and_goods_agree(world: World, journey: Journey) -> None:
    # Given
    world.shop.stock_all(SAMPLE_STOCK)
    before = take_snapshot(world)

    # When
    waits_in_vain = journey.errors.get("AwaitPayment") == "States.Timeout"
    with payment_deadline(world, SHORT_DEADLINE_SECONDS) if waits_in_vain else nullcontext():
        followed = journey.run(world)

    # Then
    waits_for_a_human = [f"order {followed.order_id} (NEEDS_ATTENTION) is not at rest"]
    assert differences(world, journey, followed) == []
    assert violations(before, take_snapshot(world)) == (
        waits_for_a_human if journey.status == "NEEDS_ATTENTION" else []
    )
