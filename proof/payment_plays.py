"""How the journeys are made to happen in which the customer, the bank or Stripe's dashboard has a word."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from cli.shapes import Submission
from local.waiting import wait_for
from local.world import World
from proof.plays import (
    Play,
    Played,
    an_order,
    cancellation_ended,
    cancelled_once_confirmed,
    ended,
)

NEEDS_APPROVAL: Final = an_order(payment_method="pm_card_authenticationRequired")
APPROVED_BUT_DECLINED: Final = an_order(
    payment_method="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
)

_TIMEOUT_SECONDS: Final = 30.0


def answered_by_the_customer(*, approves: bool, submission: Submission = NEEDS_APPROVAL) -> Play:
    """The bank asks for an approval (3-D Secure); the customer gives it, or refuses."""

    def play(world: World) -> Played:
        order_id = world.shop.order(submission)
        world.stripe.authenticate(_wait_until_asked(world, order_id), success=approves)
        return ended(world, order_id)

    return play


def abandoned(world: World) -> Played:
    """The bank asks for an approval, and the customer goes away."""
    order_id = world.shop.order(NEEDS_APPROVAL)
    _wait_until_asked(world, order_id)
    return ended(world, order_id)


def approved_too_late(world: World) -> Played:
    """The customer approves, but nobody hears of it before the deadline."""
    with _webhooks_held(world):
        played = answered_by_the_customer(approves=True)(world)
    _wait_until_webhooks_are_taken(world, played.order_id)
    return played


def approved_with_late_webhooks(world: World) -> Played:
    """The customer approves; all webhooks of the payment come late, several times and in any order."""
    with _webhooks_held(world):
        order_id = world.shop.order(NEEDS_APPROVAL)
        world.stripe.authenticate(_wait_until_asked(world, order_id), success=True)
        world.stripe.duplicate_webhooks(2)
        world.stripe.release_webhooks(shuffle=True)
        played = ended(world, order_id)
        _wait_until_webhooks_are_taken(world, order_id)
    return played


def with_duplicate_webhooks(play: Play) -> Play:
    """Play a journey while Stripe delivers every webhook three times."""

    def with_duplicates(world: World) -> Played:
        world.stripe.duplicate_webhooks(2)
        try:
            return play(world)
        finally:
            world.stripe.reset_webhooks()

    return with_duplicates


def cancelled_while_asked(world: World) -> Played:
    """The bank asks for an approval, and the customer cancels the order instead."""
    order_id = world.shop.order(NEEDS_APPROVAL)
    _wait_until_asked(world, order_id)
    world.shop.cancel_order(order_id)
    ended(world, order_id)  # the payment is cancelled, which wakes the execution that waits for it
    return cancellation_ended(world, order_id)


def decided_later(*, success: bool) -> Play:
    """The bank takes its time: the payment is `processing` until it has decided."""

    def play(world: World) -> Played:
        order_id = world.shop.order(an_order())
        world.stripe.set_processing(order_id)
        intent_id = _wait_until_awaited(world, order_id, "processing")
        world.stripe.finish_processing(intent_id, success=success)
        return ended(world, order_id)

    return play


def cancelled_with_refund(outcome: Literal["pending", "failed"]) -> Play:
    """A confirmed order is cancelled, and Stripe leaves the refund open, or fails it."""
    return cancelled_once_confirmed(
        an_order(), lambda world, order_id: world.stripe.set_refund_outcome(order_id, outcome)
    )


def cancelled_and_refunded_by_hand(amount: int | None) -> Play:
    """A confirmed order is cancelled after a colleague gave back its money, or a part, in the dashboard.

    Args:
        amount: Minor units that the colleague gives back; None for all.
    """

    def refund_first(world: World, order_id: str) -> None:
        (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
        world.stripe.refund_in_dashboard(payment.intent_id, amount)

    def play(world: World) -> Played:
        played = cancelled_once_confirmed(an_order(), refund_first)(world)
        _wait_until_webhooks_are_taken(world, played.order_id)  # then it is on the order's record
        return played

    return play


def _wait_until_asked(world: World, order_id: str) -> str:
    return _wait_until_awaited(world, order_id, "requires_action")


def _wait_until_awaited(world: World, order_id: str, payment_status: str) -> str:
    """Wait until the order shows that it waits for its payment; returns the PaymentIntent's id."""

    def awaited() -> str | None:
        order = world.shop.get_order(order_id)
        waits = order["status"] == "AWAITING_PAYMENT" and order["payment"]["status"] == payment_status
        return order["payment"]["intent_id"] if waits else None

    return wait_for(awaited, f"order {order_id} waits for its payment", timeout_seconds=_TIMEOUT_SECONDS)


def _wait_until_webhooks_are_taken(world: World, order_id: str) -> None:
    def taken() -> bool:
        tries = world.stripe.deliveries(order_id)
        answered = {each.event_id for each in tries if each.status is not None and each.status < 300}  # noqa: PLR2004
        return bool(tries) and answered == {each.event_id for each in tries}

    wait_for(taken, f"the webhooks of order {order_id} are taken", timeout_seconds=_TIMEOUT_SECONDS)


@contextmanager
def _webhooks_held(world: World) -> Iterator[None]:
    world.stripe.hold_webhooks()
    try:
        yield
    finally:
        world.stripe.reset_webhooks()
