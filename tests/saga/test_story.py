"""One order's story, from the logs and the record of the deployed app."""

import json
from collections.abc import Sequence

from cli.shapes import StoryEntryJson, StoryJson
from local.fault_proxy.faults import Fault
from local.users import CUSTOMER, OPERATOR, email_of
from local.waiting import wait_for
from local.world import World
from proof.orders import an_order
from proof.scenarios import CONFIRM
from tests.saga.conftest import payment_of

Expected = tuple[str, str]
"""Source of an entry, and the beginning of its text."""


def position(entries: Sequence[StoryEntryJson], expected: Expected, start: int) -> int:
    """The position of the first such entry, from a position on."""
    source, text = expected
    for number, entry in enumerate(entries[start:], start):
        if entry["source"] == source and entry["text"].startswith(text):
            return number
    told = [(entry["source"], entry["text"]) for entry in entries]
    raise AssertionError(f"{expected} is not told after position {start}: {told}")


def assert_told_in_order(entries: Sequence[StoryEntryJson], *expected: Expected) -> None:
    start = 0
    for each in expected:
        start = position(entries, each, start) + 1


def test_the_story_of_a_recovered_order_is_whole_and_in_order(world: World) -> None:
    # Given: the execution is stopped at its charge, and recovered
    world.faults.inject(Fault("hold", CONFIRM))
    order_id = world.shop.order(an_order())
    world.faults.wait_until_held()
    world.executions.stop(order_id)
    world.faults.clear()
    assert world.executions.wait_until_ended(f"{order_id}-r1") == "SUCCEEDED"

    # When
    operator = world.shop.signed_in(OPERATOR)

    def whole_story() -> StoryJson | None:
        story = operator.get_story(order_id)
        told = {(entry["source"], entry["text"].partition(" ")[0]) for entry in story["entries"]}
        return story if {("consumer", "OrderConfirmed"), ("mail", "mail")} <= told else None

    story = wait_for(whole_story, "the logs have the last lines", timeout_seconds=30)

    # Then
    assert story["logs"] == "complete"
    entries = story["entries"]
    until_the_stop = (
        ("request", "order accepted"),
        ("stream", "execution requested"),
        ("stripe", "create PaymentIntent: 200"),
        ("saga", "execution ended: ABORTED"),
    )
    assert_told_in_order(
        entries,
        *until_the_stop,
        ("recovery", "recovery: run_again"),
        ("stock", "stock reserved"),
        ("mail", "mail sent: Your order is confirmed"),
    )
    assert_told_in_order(
        entries,
        *until_the_stop,
        ("stripe", "confirm PaymentIntent: 200"),  # the call that was held, which nobody took back
        ("record", "PaymentSucceeded"),
        ("stock", "stock reserved"),
        ("event", "OrderConfirmed published"),
        ("consumer", "OrderConfirmed consumed by audit_order_events"),
    )
    recovered = entries[position(entries, ("stock", "stock reserved"), 0)]
    assert (recovered["execution"], recovered["state"]) == (f"{order_id}-r1", "ReserveInventory")
    told = json.dumps(story)
    assert email_of(CUSTOMER) not in told
    assert "pm_card" not in told

    # And: the money is what Stripe holds
    money = operator.request("GET", f"/orders/{order_id}/effects").json()["money"]
    payment = payment_of(world, order_id)
    assert (money["source"], money["held"]) == ("stripe", payment.captured - payment.refunded)
