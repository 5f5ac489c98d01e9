"""How a journey is made to happen: what is sent, what is made to fail, and when.

The product has no test hooks. What fails here fails outside of it: at the Stripe stand-in, in SES's
sandbox, or because somebody else was faster.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cli.shapes import Item, Submission
from local.catalogue import SAMPLE_STOCK
from local.fault_proxy.faults import Fault
from local.users import CUSTOMER
from local.waiting import wait_for
from local.world import World

CREATE = "charge_payment: stripe POST /v1/payment_intents"
CONFIRM = "charge_payment: stripe POST /v1/payment_intents/{id}/confirm"
RETRIEVE = "*_payment: stripe GET /v1/payment_intents/{id}"
CANCEL = "refund_payment: stripe POST /v1/payment_intents/{id}/cancel"
REFUND = "refund_payment: stripe POST /v1/refunds"
"""The calls of the steps to Stripe, as the fault proxy names them. A webhook makes none of them."""

PIVOT = "reserve_inventory: dynamodb TransactWriteItems *"
"""The pivot, as the fault proxy names it."""

DELIVERABLE = "customer@example.com"
UNDELIVERABLE = "customer@unverified.test"
"""SES refuses this address: its sandbox sends to verified identities only."""

_HOLD_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Played:
    """What is left of a journey to look at.

    Attributes:
        order_id: The order that the journey is about.
        execution: Name of the execution that the journey is about; it has ended.
        customer_id: Whose order it is.
    """

    order_id: str
    execution: str
    customer_id: str = CUSTOMER


Play = Callable[[World], Played]
Meanwhile = Callable[[World, str], None]


def an_order(
    *items: tuple[str, int],
    currency: str = "usd",
    payment_method: str = "pm_card_visa",
    email: str = DELIVERABLE,
) -> Submission:
    """A submission; two armchairs if nothing else is said."""
    return {
        "currency": currency,
        "items": [Item(sku=sku, quantity=units) for sku, units in items or (("CRUNCHY-ARMCHAIR", 2),)],
        "payment_method": payment_method,
        "email": email,
    }


def plain(submission: Submission) -> Play:
    """Send the order, and wait for the end of its saga."""

    def play(world: World) -> Played:
        return _sent(world, submission)

    return play


def with_faults(submission: Submission, *faults: Fault) -> Play:
    """Send the order while these faults are at work."""

    def play(world: World) -> Played:
        with injected(world, *faults):
            return _sent(world, submission)

    return play


def twice(submission: Submission) -> Play:
    """Send the same request twice: the second answer must be the first one."""

    def play(world: World) -> Played:
        key = str(uuid.uuid4())
        first = world.shop.post_order(submission, key).raise_for_status()
        second = world.shop.post_order(submission, key).raise_for_status()
        if (first.json(), "true") != (second.json(), second.headers.get("Idempotent-Replayed")):
            raise AssertionError(f"a replay was answered with {second.text}")
        return ended(world, first.json()["order_id"])

    return play


def race_for_the_last_unit(sku: str, *, then_fails: str | None = None) -> Play:
    """Two customers pay for the last unit at the same time; the one who loses is looked at.

    Args:
        sku: What both want.
        then_fails: The name of a call to Stripe that fails from then on.
    """

    def play(world: World) -> Played:
        world.shop.stock(sku, {**SAMPLE_STOCK[sku], "available": 1})
        # Both are past validation when their cards are charged, so both have seen the last unit.
        charges = Fault("hold", CONFIRM, times=2)
        with injected(world, charges):
            customers = {
                world.shop.signed_in(name).order(an_order((sku, 1))): name for name in ("alice", "bob")
            }
            world.faults.wait_until_held(len(customers))
            if then_fails is not None:
                world.faults.inject(Fault("unavailable", then_fails, times=None))
            world.faults.lift(charges)
            for order_id in customers:
                world.executions.wait_until_ended(order_id)
        lost = [
            order_id
            for order_id, name in customers.items()
            if world.shop.signed_in(name).get_order(order_id)["status"] != "CONFIRMED"
        ]
        if len(lost) != 1:
            raise AssertionError(f"{len(lost)} of two orders lost the race for one unit")
        return Played(lost[0], lost[0], customers[lost[0]])

    return play


def cancelled_before_the_pivot(submission: Submission) -> Play:
    """Cancel the order when it is paid, and about to take its stock; its first execution is looked at."""

    def play(world: World) -> Played:
        world.faults.inject(Fault("hold", PIVOT))
        try:
            order_id = world.shop.order(submission)
            world.faults.wait_until_held()
            world.shop.cancel_order(order_id)
            _wait_until_cancelled(world, order_id)
        finally:
            world.faults.clear()
        return ended(world, order_id)

    return play


def cancelled_once_confirmed(submission: Submission, meanwhile: Meanwhile | None = None) -> Play:
    """Cancel a confirmed order, so that money and stock must be given back; that execution is looked at.

    Args:
        submission: The order.
        meanwhile: What else happens just before; called with the order's id.
    """

    def play(world: World) -> Played:
        order_id = world.shop.order(submission)
        ended(world, order_id)
        if meanwhile is not None:
            meanwhile(world, order_id)
        world.shop.cancel_order(order_id)
        return cancellation_ended(world, order_id)

    return play


def run_again(first: Play) -> Play:
    """Play a journey, and then run the saga once more for its order."""

    def play(world: World) -> Played:
        played = first(world)
        execution = f"{played.order_id}-again"
        world.executions.start(execution, played.order_id)
        world.executions.wait_until_ended(execution)
        return replace(played, execution=execution)

    return play


def _sent(world: World, submission: Submission) -> Played:
    return ended(world, world.shop.order(submission))


def ended(world: World, order_id: str) -> Played:
    """Wait for the end of an order's saga."""
    world.executions.wait_until_ended(order_id)
    return Played(order_id, order_id)


def cancellation_ended(world: World, order_id: str) -> Played:
    """Wait for the end of the execution that cancels an order."""
    execution = f"{order_id}-cancel"
    world.executions.wait_until_ended(execution)
    return Played(order_id, execution)


def _wait_until_cancelled(world: World, order_id: str) -> None:
    wait_for(
        lambda: world.shop.get_order(order_id)["status"] == "CANCELLED",
        f"order {order_id} is cancelled",
        timeout_seconds=_HOLD_TIMEOUT_SECONDS,
    )


@contextmanager
def injected(world: World, *faults: Fault) -> Iterator[None]:
    """Have faults at work as long as the context lasts; webhooks wait for its end.

    A webhook would tell the saga what the fault keeps from it.
    """
    world.stripe.hold_webhooks()
    for fault in faults:
        world.faults.inject(fault)
    try:
        yield
    finally:
        world.faults.clear()
        world.stripe.reset_webhooks()
