"""Every journey visits the declared states in the simulation, too, and keeps all laws."""

import pytest

from proof.event_contract import published_breaches
from proof.fault_campaign.case import Case, parse_case
from proof.journey import Journey, differences
from proof.journeys import JOURNEYS
from proof.laws import take_snapshot, violations
from proof.promises import broken_promises, read_history
from proof.simulation.play_case import play_case, stocked_tables
from proof.simulation.simulated_world import SimulatedWorld

LOST_CHARGE = "happy; lose_reply charge_payment: stripe POST /v1/payment_intents/{id}/confirm #1"


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.key)
def test_a_journey_ends_as_it_is_told(journey: Journey) -> None:
    def play(world: SimulatedWorld) -> list[str]:
        world.dynamodb.transaction_ms = (0, 0)  # as in the embedded run, no writes conflict
        before = take_snapshot(world)
        followed = journey.run(world)
        world.rest()
        found = differences(world, journey, followed)
        if journey.status == "NEEDS_ATTENTION":
            return found
        order = read_history(world, followed.order_id)
        assert order is not None
        return [*found, *broken_promises(order), *violations(before, take_snapshot(world))]

    with SimulatedWorld(journey.key, tables=stocked_tables()) as world:
        assert world.scheduler.play(lambda: play(world)) == []


def test_an_event_that_breaks_its_contract_is_found() -> None:
    entry = {"Source": "orders", "DetailType": "OrderConfirmed", "Detail": "{}"}

    with SimulatedWorld("contract") as world:
        world.services["events"]("PutEvents", {"Entries": [entry]})

        assert "OrderConfirmed: $: 'amount' is a required property" in world.invariants


def test_an_audited_event_that_breaks_its_contract_is_found() -> None:
    text = {"order_id": "an order", "event_id": "an event", "event": "OrderConfirmed"}
    event = {**{name: {"S": value} for name, value in text.items()}, "detail": {"M": {}}}

    with SimulatedWorld("audit") as world:
        world.dynamodb.handle("PutItem", {"TableName": "audit", "Item": event})

        assert "OrderConfirmed: $: 'amount' is a required property" in published_breaches(world)


def test_a_case_with_a_fault_keeps_all_laws() -> None:
    result = play_case(parse_case(LOST_CHARGE))

    assert (result.breaches, result.ends, result.struck) == ([], ["CONFIRMED"], True)


def test_the_same_case_has_the_same_trace() -> None:
    first, second = (play_case(parse_case(LOST_CHARGE), traced=True).trace for _ in range(2))

    assert "confirm #1" in first
    assert first == second


def test_another_case_has_other_times() -> None:
    first, second = (play_case(Case(key), traced=True).trace for key in ("confirmed-again", "happy"))

    assert first.splitlines()[2] != second.splitlines()[2]
