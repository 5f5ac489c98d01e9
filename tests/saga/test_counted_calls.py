"""The calls that are counted in the simulation are those that an order makes in the embedded run."""

from collections import Counter
from typing import Final

from local.waiting import wait_for
from local.world import World
from proof.bench.calls import NOT_COUNTED, JourneyUse, count, counting
from proof.journeys import JOURNEYS
from proof.payment_scenarios import wait_for_webhooks

HAPPY: Final = next(journey for journey in JOURNEYS if journey.key == "happy")


def recorded(world: World, known: JourneyUse) -> Counter[str]:
    """The calls of one happy order that the proxy has recorded."""
    world.faults.begin_recording()
    followed = HAPPY.run(world)
    world.audit_trail.wait_for_events(followed.order_id)
    wait_for(lambda: world.pick(followed.order_id), "the order is to be picked", timeout_seconds=30)
    wait_for_webhooks(world, followed.order_id)
    wait_for(lambda: world.faults.under_way() == 0, "no call is under way", timeout_seconds=30)
    return Counter(
        name
        for name in (call.name for call in world.faults.calls())
        if name.partition(": ")[0] in known.functions.keys() - NOT_COUNTED and ": secretsmanager " not in name
    )


def test_an_order_makes_the_calls_that_the_simulation_counts(world: World) -> None:
    with counting():
        known = count(HAPPY)
    expected = Counter(
        {
            f"{function}: {call}": times
            for function, use in known.functions.items()
            for call, times in use.calls.items()
        }
    )

    # A message that comes twice, or an earlier order's, adds calls: what two orders share is what one needs.
    assert recorded(world, known) & recorded(world, known) == expected
