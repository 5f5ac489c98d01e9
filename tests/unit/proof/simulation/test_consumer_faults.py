"""A consumer that fails harms neither the saga nor another consumer, and loses and repeats nothing."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from lambdas.events.publish_order_events.event_publisher import EventPublisher, EventRefused
from lambdas.events.publish_order_events.order_event import OrderEvent
from lambdas.shared import consumers
from local.consumers import event_consumers
from proof.consumers import CONSUMERS
from proof.simulation.consumer_faults import (
    CONSUMER_FAULTS,
    NO_FAULT,
    Aftermath,
    ConsumerFault,
    differences,
    outcome,
    play,
)

NAMES = [each.name for each in CONSUMERS]
TWICE, *_ = (fault for fault in CONSUMER_FAULTS if "twice" in fault.what)
REFUSED, *_ = (fault for fault in CONSUMER_FAULTS if "FailedEntryCount" in fault.what)


@pytest.fixture(scope="module")
def calm(simulation: None) -> Aftermath:  # noqa: ARG001 - it prepares the process
    return play(NO_FAULT, NAMES[0])


def test_every_consumer_is_simulated_and_its_effects_are_known() -> None:
    assert sorted([*NAMES, "import_orders"]) == event_consumers()  # it gets files, and no events of orders


def test_every_consumer_has_two_effects_at_least(calm: Aftermath) -> None:
    assert [name for name, effects in calm.effects.items() if len(effects) < 2] == []
    assert calm.breaches == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", CONSUMER_FAULTS, ids=lambda fault: fault.what)
def test_a_fault_of_a_consumer_harms_nobody(calm: Aftermath, fault: ConsumerFault, name: str) -> None:
    assert differences(calm, play(fault, name), fault, name) == []


def test_an_effect_that_happens_twice_is_noticed(calm: Aftermath, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_each_time(_key: str, action: Callable[[], None], **_options: object) -> None:
        action()

    monkeypatch.setattr(consumers, "run_once", run_each_time)

    struck = play(TWICE, "mail_customers")

    (found,) = differences(calm, struck, TWICE, "mail_customers")
    assert found.startswith("effects: ")
    assert outcome(calm, struck, "mail_customers") == "not the same"


def test_an_event_that_is_lost_is_noticed(calm: Aftermath, monkeypatch: pytest.MonkeyPatch) -> None:
    put = EventPublisher.put

    def put_and_forget(publisher: EventPublisher, event: OrderEvent) -> None:
        with suppress(EventRefused):
            put(publisher, event)

    monkeypatch.setattr(EventPublisher, "put", put_and_forget)

    struck = play(REFUSED, "audit_order_events")

    assert any(each.startswith("broken: ") for each in differences(calm, struck, REFUSED, NAMES[0]))
