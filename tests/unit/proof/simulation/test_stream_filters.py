"""The filter of the stream passes each change that is an event or is counted, and few others."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from lambdas.events.publish_order_events.measures import measures_of_change
from lambdas.events.publish_order_events.order_event import event_of_change
from lambdas.shared.store.order_item import order_from_item
from proof.journeys import JOURNEYS
from proof.simulation.event_patterns import any_of
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SimulatedWorld
from stacks.stream_patterns import STREAM_PATTERNS

PASSES: Final = any_of(STREAM_PATTERNS["publish_order_events"])
BY_KEY: Final = {journey.key: journey for journey in JOURNEYS}

Record = Mapping[str, Any]


class Changes:
    """A follower of the stream that gets every change."""

    def __init__(self) -> None:
        self.seen: list[Record] = []

    def add(self, record: Record) -> None:
        self.seen.append(record)


def changes_of(key: str) -> list[Record]:
    changes = Changes()
    with SimulatedWorld(key, tables=stocked_tables()) as world:
        world.streams = (*world.streams, changes)  # type: ignore[assignment] # it has what the world needs

        def play() -> None:
            BY_KEY[key].run(world)
            world.faults.clear()
            world.stripe.reset_webhooks()
            world.rest()

        world.scheduler.play(play)
    return changes.seen


def concerns_somebody(record: Record) -> bool:
    """Whether a change is an event or is counted."""
    change = record["dynamodb"]
    before = order_from_item(change["OldImage"]) if "OldImage" in change else None
    after = order_from_item(change["NewImage"])
    if event_of_change(before, after) is not None:
        return True
    return before is not None and any(measures_of_change(before, after))


@pytest.mark.parametrize(
    "key",
    [
        *("happy", "declined", "cancelled", "release-fails", "refund-refused", "settled-outside"),
        *("refund-pending", "refund-arrives", "refund-failed", "partly-refunded-by-hand"),
        *("disputed-before-the-pivot", "fulfilled", "returned"),
    ],
)
def test_no_change_that_concerns_somebody_is_filtered_out(key: str) -> None:
    concerning = [record for record in changes_of(key) if concerns_somebody(record)]

    assert concerning
    assert all(map(PASSES, concerning))


def test_of_a_happy_order_only_its_confirmation_passes() -> None:
    passed = [
        record["dynamodb"]["NewImage"]["timeline"]["L"][-1] for record in filter(PASSES, changes_of("happy"))
    ]

    assert [entry["M"]["event"]["S"] for entry in passed] == ["OrderConfirmed"]
