"""Scenarios in which the customer, the bank or Stripe's dashboard acts."""

from typing import Final, Literal

from cli.order_state import is_at_rest
from cli.shapes import SubmissionJson
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from proof.port import PlayedWorld
from proof.scenarios import (
    PIVOT,
    REFUND,
    FollowedOrder,
    Scenario,
    cancel_once_confirmed,
    cancellation_ended,
    ended,
    injected,
    submit,
    webhooks_held,
)

_TIMEOUT_SECONDS: Final = 30.0
_RETURN_URL: Final = "https://shop.example/thanks"
_DEADLINE_PASSES_SECONDS: Final = 120.0
"""Longer than the deadline for a payment in any world that runs these scenarios."""


def customer_answers(*, approves: bool) -> Scenario:
    """The bank requires authentication (3-D Secure); the customer approves the payment, or refuses."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        order_id = world.shop.order(order)
        world.stripe.authenticate(_wait_until_asked(world, order_id), success=approves)
        return ended(world, order_id)

    return scenario


def approved_by_redirect(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The customer approves on their bank's page, which sends them back to the order's return URL."""
    order_id = world.shop.order({**order, "return_url": _RETURN_URL})
    intent_id = _wait_until_asked(world, order_id)
    action = world.shop.get_order(order_id)["payment"]["next_action"]
    if action["type"] != "redirect_to_url" or action["redirect_to_url"]["return_url"] != _RETURN_URL:
        raise AssertionError(f"the customer is not sent to their bank and back: {action}")
    world.stripe.authenticate(intent_id, success=True)
    return ended(world, order_id)


def payment_method_used_twice(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """A customer pays for two orders with one payment method; follow the second order."""
    order = {**order, "payment_method": world.stripe.make_payment_method()}
    _at_rest(world, submit(world, order))
    return submit(world, order)


def above_the_accounts_limit(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Stripe does not allow the account as much as the order costs."""
    world.stripe.limit_amount(100)
    try:
        return _at_rest(world, submit(world, order))
    finally:
        world.stripe.unlimited()


def _at_rest(world: PlayedWorld, followed: FollowedOrder) -> FollowedOrder:
    """Wait until an order is at rest; if its execution is stopped, another one follows."""
    world.wait_for(
        lambda: is_at_rest(world.shop.get_order(followed.order_id)),
        "the order is at rest",
        timeout_seconds=60,
    )
    return followed


def approved_with_webhooks_after_the_deadline(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The customer approves, but Stripe's webhooks come after the deadline."""
    with webhooks_held(world):
        followed = customer_answers(approves=True)(world, order)
    wait_for_webhooks(world, followed.order_id)
    return followed


def approved_with_late_webhooks(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The customer approves; each webhook is delivered late, three times and out of order."""
    with webhooks_held(world):
        order_id = world.shop.order(order)
        world.stripe.authenticate(_wait_until_asked(world, order_id), success=True)
        world.stripe.duplicate_webhooks(2)
        world.stripe.release_webhooks(shuffle=True)
        followed = ended(world, order_id)
        wait_for_webhooks(world, order_id)
    return followed


def approved_with_duplicate_webhooks(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The customer approves; Stripe delivers every webhook three times."""
    world.stripe.duplicate_webhooks(2)
    try:
        return customer_answers(approves=True)(world, order)
    finally:
        world.stripe.reset_webhooks()


def cancelled_while_asked(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The bank requires authentication, and the customer cancels the order instead."""
    order_id = world.shop.order(order)
    _wait_until_asked(world, order_id)
    world.shop.cancel_order(order_id)
    ended(world, order_id)  # its payment is cancelled, which wakes the execution that waits for it
    return cancellation_ended(world, order_id)


def bank_decides_later(*, success: bool) -> Scenario:
    """The payment is `processing` until the bank has decided."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        order_id = world.shop.order(order)
        world.stripe.set_processing(order_id)
        intent_id = _wait_for_payment_status(world, order_id, "processing")
        world.stripe.finish_processing(intent_id, success=success)
        return ended(world, order_id)

    return scenario


def bank_decides_after_approval(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The customer approves, and then the payment is `processing` until the bank has decided."""
    order_id = world.shop.order(order)
    intent_id = _wait_until_asked(world, order_id)
    world.stripe.set_processing(order_id)
    world.stripe.authenticate(intent_id, success=True)
    _wait_for_payment_status(world, order_id, "processing")
    if asked := world.shop.get_order(order_id)["payment"].keys() & {"next_action", "client_secret"}:
        raise AssertionError(f"the customer has approved, and is still asked: {asked}")
    world.stripe.finish_processing(intent_id, success=True)
    return ended(world, order_id)


def bank_decides_after_the_deadline(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The payment is `processing` at the deadline, so that the saga waits again; then the bank pays."""
    order_id = world.shop.order(order)
    world.stripe.set_processing(order_id)
    intent_id = _wait_for_payment_status(world, order_id, "processing")
    world.wait_for(
        lambda: (
            [each["event"] for each in world.shop.get_order(order_id)["timeline"]].count("PaymentAwaited") > 1
        ),
        f"order {order_id} waits for its payment again",
        timeout_seconds=_DEADLINE_PASSES_SECONDS,
    )
    world.stripe.finish_processing(intent_id, success=True)
    return ended(world, order_id)


def disputed_before_the_pivot(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The customer's bank disputes the charge before the stock is taken."""
    world.faults.inject(Fault("hold", PIVOT))
    try:
        order_id = world.shop.order(order)
        world.faults.wait_until_held()
        world.stripe.dispute(str(world.shop.get_order(order_id)["payment"]["intent_id"]))
        world.wait_for(
            lambda: any(
                entry["event"] == "PaymentDisputed" for entry in world.shop.get_order(order_id)["timeline"]
            ),
            f"the dispute is on the timeline of {order_id}",
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    finally:
        world.faults.clear()
    return ended(world, order_id)


def cancelled_with_refund(outcome: Literal["pending", "failed"]) -> Scenario:
    """A confirmed order is cancelled, and its refund stays pending or fails."""
    return cancel_once_confirmed(lambda world, order_id: world.stripe.set_refund_outcome(order_id, outcome))


def cancelled_with_refund_that_arrives(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """A confirmed order is cancelled; its refund is pending, and succeeds after the order is closed."""
    followed = cancelled_with_refund("pending")(world, order)
    world.stripe.finish_refund(intent_id_of(world, followed.order_id), success=True)
    world.wait_for(
        lambda: world.shop.get_order(followed.order_id)["payment"]["status"] == "refunded",
        f"the refund of order {followed.order_id} is recorded",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    return followed


def cancelled_and_settled(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """An operator settles a cancelled order whose refund Stripe rejects; follow the execution after that."""
    refuse = cancel_once_confirmed(lambda world, order_id: world.stripe.refuse_refunds(order_id))
    order_id = refuse(world, order).order_id
    world.shop.signed_in(OPERATOR).settle_order(order_id, "Paid back in cash.")

    def retry() -> str | None:
        names = world.executions.names(f"{order_id}-retry")
        return names[0] if names else None

    execution = world.wait_for(retry, f"order {order_id} is run again", timeout_seconds=_TIMEOUT_SECONDS)
    world.executions.wait_until_ended(execution)
    return FollowedOrder(order_id, execution)


def partly_refunded_while_undone(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """A part is refunded in the dashboard after the saga has retrieved the payment, and before its refund."""
    order_id = submit(world, order).order_id
    refund = Fault("hold", REFUND)
    with injected(world, refund):
        world.shop.cancel_order(order_id)
        world.faults.wait_until_held()
        world.stripe.refund_in_dashboard(intent_id_of(world, order_id), 100)
        world.faults.lift(refund)
        followed = cancellation_ended(world, order_id)
    wait_for_webhooks(world, order_id)  # they put the refund on the order's record
    return followed


def cancelled_and_refunded_by_hand(amount: int | None) -> Scenario:
    """A confirmed order is cancelled after a refund in Stripe's dashboard.

    Args:
        amount: Minor units that are refunded in the dashboard; None for all.
    """

    def refund(world: PlayedWorld, order_id: str) -> None:
        world.stripe.refund_in_dashboard(intent_id_of(world, order_id), amount)

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        followed = cancel_once_confirmed(refund)(world, order)
        wait_for_webhooks(world, followed.order_id)  # they put the refund on the order's record
        return followed

    return scenario


def webhooks_processed(world: PlayedWorld, order_id: str) -> bool:
    """Whether each webhook of an order's payment got a response 2xx."""
    tries = world.stripe.deliveries(order_id)
    successful = {each.event_id for each in tries if each.status is not None and each.status < 300}  # noqa: PLR2004 - HTTP's
    return successful == {each.event_id for each in tries}


def intent_id_of(world: PlayedWorld, order_id: str) -> str:
    """The id of the only PaymentIntent of an order."""
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    return payment.intent_id


def _wait_until_asked(world: PlayedWorld, order_id: str) -> str:
    return _wait_for_payment_status(world, order_id, "requires_action")


def _wait_for_payment_status(world: PlayedWorld, order_id: str, payment_status: str) -> str:
    """Wait until the order waits for its payment with this status; returns the PaymentIntent's id."""

    def intent_id() -> str | None:
        order = world.shop.get_order(order_id)
        waits = order["status"] == "AWAITING_PAYMENT" and order["payment"]["status"] == payment_status
        return order["payment"]["intent_id"] if waits else None

    return world.wait_for(
        intent_id, f"order {order_id} waits for its payment", timeout_seconds=_TIMEOUT_SECONDS
    )


def wait_for_webhooks(world: PlayedWorld, order_id: str) -> None:
    """Wait until each webhook of an order's payment got a response 2xx."""
    world.wait_for(
        lambda: world.stripe.deliveries(order_id) and webhooks_processed(world, order_id),
        f"the webhooks of order {order_id} are processed",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
