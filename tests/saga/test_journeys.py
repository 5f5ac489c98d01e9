"""Nearly every path, and everything that reaches the app from outside, on the deployed state machine.

The other journeys repeat a path, or wait long for retries; the simulation plays them, too
(`tests/unit/proof/simulation/test_simulated_journeys.py`).
"""

from contextlib import nullcontext
from typing import Final

import pytest

from local.catalogue import SAMPLE_STOCK
from local.world import World
from proof import payment_scenarios
from proof.fault_campaign.waits import payment_deadline
from proof.journey import Journey, differences
from proof.journeys import JOURNEYS
from proof.laws import take_snapshot, violations

_SIMULATED: Final = frozenset(
    {"release-fails", "restock-fails", "confirmed-before-its-undo", "confirmed-by-another"}
)
"""Paths of retries that wait for 12 to 25 s each; `close-fails` is such a path, too."""

SHORT_DEADLINE_SECONDS: Final = 6
"""For journeys that wait until the deadline has passed."""


def deployed() -> list[Journey]:
    """The first journey of each path, and all in which Stripe, a bank or its dashboard does something.

    What these do with authorized payments reaches the app in the same ways.
    """
    paths: set[tuple[str, ...]] = set()
    chosen: list[Journey] = []
    for journey in JOURNEYS:
        if journey.key in _SIMULATED:
            continue
        if journey.states not in paths or journey.scenario.__module__ == payment_scenarios.__name__:
            chosen.append(journey)
        paths.add(journey.states)
    return chosen


@pytest.mark.parametrize("journey", deployed(), ids=lambda journey: journey.key)
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
    if journey.status != "NEEDS_ATTENTION":  # a recovery may still have units to put back
        world.wait_for(
            lambda: "unsettled_shard" not in (world.order_record(followed.order_id) or {}),
            "the order is at rest",
            timeout_seconds=60.0,
        )
    assert violations(before, take_snapshot(world)) == (
        waits_for_a_human if journey.status == "NEEDS_ATTENTION" else []
    )
