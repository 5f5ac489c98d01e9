"""The check of the promises finds what breaks them."""

from dataclasses import replace

import pytest

from proof.promises import Story, Told, broken_promises


def record(*events: str, **values: object) -> dict[str, object]:
    return {
        "status": "CONFIRMED",
        "version": len(events),
        "timeline": [{"at": "2026-03-01T12:00:00.000Z", "event": event} for event in events],
        **values,
    }


STORY = Story(
    record=record("OrderReceived", "OrderConfirmed", "CustomerNotified"),
    events=("OrderConfirmed",),
    subjects=("Your order is confirmed",),
    executions={"order-1": Told("SUCCEEDED", ())},
)


def test_an_order_in_order_breaks_nothing() -> None:
    assert broken_promises(STORY) == []


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(
            replace(STORY, record=record("OrderConfirmed", "CustomerNotNotified"), subjects=()),
            id="mail that can't be delivered",
        ),
        pytest.param(
            replace(STORY, executions={"order-1": Told("FAILED", (), "NeedsAttention")}),
            id="an execution that called for a human",
        ),
        pytest.param(
            replace(STORY, executions={"order-1": Told("ABORTED", ()), "order-1-r1": Told("SUCCEEDED", ())}),
            id="a stopped execution that was run again",
        ),
        pytest.param(
            replace(
                STORY,
                record=record("OrderNeedsAttention: no refund", "OrderConfirmed"),
                events=("OrderNeedsAttention", "OrderConfirmed"),
            ),
            id="a reason is no part of an event's name",
        ),
    ],
)
def test_what_is_allowed_breaks_nothing(kept: Story) -> None:
    assert broken_promises(kept) == []


@pytest.mark.parametrize(
    ("broken", "breach"),
    [
        (
            replace(STORY, record=record("OrderConfirmed", status="PENDING", unsettled_shard="a")),
            "the order is PENDING, not at rest",
        ),
        (
            replace(STORY, record=record("OrderConfirmed", status="PENDING")),
            "the order is forgotten: it is not at rest, and not among those that are looked after",
        ),
        (
            replace(STORY, record=record("OrderConfirmed", unsettled_shard="a")),
            "the order is CONFIRMED, but not at rest",
        ),
        (
            replace(STORY, record=record("OrderConfirmed", cancel_requested_by="customer")),
            "the order was asked to be cancelled, and is confirmed",
        ),
        (
            replace(STORY, events=()),
            "the timeline announces ['OrderConfirmed'], the events are []",
        ),
        (
            replace(STORY, events=("OrderConfirmed", "OrderConfirmed")),
            "the timeline announces ['OrderConfirmed'], the events are ['OrderConfirmed', 'OrderConfirmed']",
        ),
        (
            replace(STORY, record=record("OrderConfirmed", version=2)),
            "2 writes left 1 entries in the timeline",
        ),
        (
            replace(STORY, subjects=("Your order is cancelled",)),
            "the customer does not know that the order is CONFIRMED: ['Your order is cancelled']",
        ),
        (
            replace(STORY, executions={"order-1": Told("FAILED", (), "StoreUnavailable")}),
            "execution order-1 failed with StoreUnavailable: it should be undone, or call for a human",
        ),
        (
            replace(STORY, executions={"order-1-r1": Told("ABORTED", ())}),
            "execution order-1-r1 is ABORTED, and nothing came of it",
        ),
    ],
)
def test_what_is_broken_is_named(broken: Story, breach: str) -> None:
    assert breach in broken_promises(broken)
