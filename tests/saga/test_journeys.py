"""Every row of the tables in README.md and docs/payments.md, against the deployed state machine."""

from collections.abc import Iterator

import pytest

from local.catalogue import SAMPLE_STOCK
from local.world import World
from proof.journeys import JOURNEYS, PAYMENT_JOURNEYS, Journey, differences
from proof.laws import take_snapshot, violations
from proof.plays import Played


@pytest.mark.parametrize("journey", [*JOURNEYS, *PAYMENT_JOURNEYS], ids=lambda journey: journey.key)
def test_a_journey_visits_the_states_it_should_and_ends_with_money_and_goods_agreeing(
    world: World, journey: Journey
) -> None:
    # Given
    for sku, product in SAMPLE_STOCK.items():
        world.shop.stock(sku, product)
    before = take_snapshot(world)

    # When
    played = journey.play(world)

    # Then
    assert differences(world, journey, played) == []
    assert violations(before, take_snapshot(world)) == [*_expected_breaches(journey, played)]


def _expected_breaches(journey: Journey, played: Played) -> Iterator[str]:
    """What a check that knows nothing of the journey has to say about it."""
    order = f"order {played.order_id} ({journey.status})"
    if journey.status == "NEEDS_ATTENTION":
        yield f"{order} is not at rest"
