"""Brings an order up to date with its payment when Stripe reports a change."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from lambdas.api.receive_stripe_webhook.event import StripeEvent
from lambdas.domain.errors import OrderRejected, PaymentUnknown, StoreUnavailable
from lambdas.domain.order import PAID_OR_HELD, Order, OrderStatus, PaymentStatus
from lambdas.domain.payment import DisputeState, Refund
from lambdas.domain.vocabulary import Capture, WebhookOutcome
from lambdas.shared.log import name_order
from lambdas.shared.payments.authorization import follow_authorization
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.line_refunds import follow_line_refunds
from lambdas.shared.payments.settlement import Callback, settle_payment
from lambdas.shared.store.orders import OrderTable

_MOST_READS: Final = 5
"""Times that an order is read if it changes before each write; then Stripe delivers the event again."""

Look = Callable[[Order], Order | None]
"""Asks Stripe about the payment of an order, and records it; None if the order has changed meanwhile."""

Once = Callable[[Callable[[], None]], None]
"""Runs an action unless it has succeeded before for the same event; see `run_once`."""


def receive_stripe_webhook(
    event: StripeEvent, orders: OrderTable, gateway: PaymentGateway, callback: Callback, once: Once
) -> WebhookOutcome:
    """Record on the order what has changed at Stripe.

    Events are repeated and arrive in any order. So only ids are taken from the event, and the current state
    comes from Stripe. Most events change nothing: they cost a look at the order at most, and `once` is not
    called for them.

    Raises:
        PaymentProviderUnavailable: Stripe does not answer; it will deliver the event again.
        StoreUnavailable: DynamoDB does not answer, or the order keeps changing; Stripe will deliver the event
            again.
    """
    if not event.is_about_payments or event.intent_id is None:
        return WebhookOutcome.NOT_FOR_US
    if event.livemode != gateway.livemode:
        return WebhookOutcome.OTHER_ENVIRONMENT
    if event.decides_nothing:
        return WebhookOutcome.ALREADY_KNOWN
    try:
        if event.is_about_refunds or event.is_about_disputes:
            return _at_most_once(once, partial(_follow, event, event.intent_id, orders, gateway))
        return _settle(event, event.intent_id, orders, gateway, callback, once)
    except PaymentUnknown:
        return WebhookOutcome.OTHER_ENVIRONMENT


def _at_most_once(once: Once, process: Callable[[], WebhookOutcome]) -> WebhookOutcome:
    """Process an event that may need Stripe, unless it has been processed before."""
    outcome = WebhookOutcome.ALREADY_KNOWN

    def action() -> None:
        nonlocal outcome
        outcome = process()

    once(action)
    return outcome


def _settle(  # noqa: PLR0913, PLR0917 - an event, and all that it can change
    event: StripeEvent,
    intent_id: str,
    orders: OrderTable,
    gateway: PaymentGateway,
    callback: Callback,
    once: Once,
) -> WebhookOutcome:
    """Resume the execution that waits for the payment, if one does; otherwise Stripe is not asked.

    Nothing is lost: `ChargePayment` has the result of an ordinary payment in its response. `AwaitPayment`
    retrieves the payment after its token is recorded, so it sees every change whose event finds no token
    here. An undo retrieves the payment, too.
    """
    order = orders.find(event.order_id) if event.order_id else None
    if order is None or order.payment.intent_id not in {None, intent_id}:
        return WebhookOutcome.UNKNOWN_ORDER
    name_order(order)
    if event.ends_an_authorization and order.payment.status is PaymentStatus.REQUIRES_CAPTURE:
        return _at_most_once(once, partial(_follow_authorization, order, intent_id, orders, gateway))
    if order.task_token is None:
        return WebhookOutcome.ALREADY_KNOWN
    return _at_most_once(
        once, partial(_resume, order, order.task_token, intent_id, orders, gateway, callback)
    )


def _follow_authorization(
    order: Order, intent_id: str, orders: OrderTable, gateway: PaymentGateway
) -> WebhookOutcome:
    """Record that an authorized payment was captured or has ended, unless the saga has done that."""
    if not order.may_go_forward:
        return WebhookOutcome.ALREADY_KNOWN
    follow_authorization(order, gateway.retrieve_intent(intent_id), orders)
    return WebhookOutcome.HANDLED


def _resume(  # noqa: PLR0913, PLR0917 - a payment, and all that it can change
    order: Order,
    task_token: str,
    intent_id: str,
    orders: OrderTable,
    gateway: PaymentGateway,
    callback: Callback,
) -> WebhookOutcome:
    try:
        order.ensure_may_go_forward()
    except OrderRejected as rejection:
        callback.fail(task_token, rejection)  # otherwise it would wait until its deadline
        return WebhookOutcome.ALREADY_KNOWN
    if order.status is not OrderStatus.AWAITING_PAYMENT:
        return WebhookOutcome.ALREADY_KNOWN
    if order.payment.status in PAID_OR_HELD:
        callback.succeed(task_token)  # the function that recorded it may have ended before this call
        return WebhookOutcome.ALREADY_KNOWN
    with suppress(OrderRejected):
        # The order has been undone since it was read, and the undo retrieves the payment itself.
        settle_payment(order, gateway.retrieve_intent(intent_id), orders, callback)
    return WebhookOutcome.HANDLED


def _follow(
    event: StripeEvent, intent_id: str, orders: OrderTable, gateway: PaymentGateway
) -> WebhookOutcome:
    """Record refunds that the saga did not make, refunds of the saga that arrived or failed, and disputes.

    What Stripe lists is written only if the order is as it was before Stripe was asked. So a slow reader
    never replaces what a faster one has read later.
    """

    def refunds(order: Order) -> Order | None:
        return _record_refunds(order, gateway.list_refunds(intent_id), _released(order, gateway), orders)

    def disputes(order: Order) -> Order | None:
        return orders.record_dispute(order, DisputeState.of(gateway.list_disputes(intent_id)))

    order = _order_of(event.order_id, intent_id, orders, gateway)
    if order is None:
        return WebhookOutcome.UNKNOWN_ORDER
    name_order(order)
    look: Look = refunds if event.is_about_refunds else disputes
    for _ in range(_MOST_READS):
        if look(order) is not None:
            return WebhookOutcome.HANDLED
        order = orders.get(order.order_id)
    raise StoreUnavailable(f"order {order.order_id} keeps changing")


def _order_of(
    order_id: str | None, intent_id: str, orders: OrderTable, gateway: PaymentGateway
) -> Order | None:
    """Find the order that records a payment; Stripe is asked only if the event does not name that order."""
    order = orders.find(order_id) if order_id else None
    if order is None or order.payment.intent_id != intent_id:
        order_id = gateway.retrieve_intent(intent_id).order_id
        order = orders.find(order_id) if order_id else None
    return order if order is not None and order.payment.intent_id == intent_id else None


def _released(order: Order, gateway: PaymentGateway) -> int:
    """Minor units that were only authorized; a payment that is taken at once has none."""
    if order.capture is Capture.AT_ORDER:
        return 0
    return gateway.retrieve_intent(str(order.payment.intent_id)).amount_released


def _record_refunds(
    order: Order, refunds: Sequence[Refund], released: int, orders: OrderTable
) -> Order | None:
    """Record the refunds of an order as Stripe lists them; None if the order has changed meanwhile.

    The list can have a refund of what was released. Nobody received that money.
    """
    given_back = [refund for refund in refunds if refund.counts]
    outside = sum(
        refund.amount for refund in given_back if refund.attempt not in order.payment.refund_attempts
    )
    written = orders.record_refund_outside(order, max(outside - released, 0))
    if written is not None:
        written = follow_line_refunds(written, refunds, orders)
    if written is None:
        return None
    if sum(refund.amount for refund in given_back) < order.price.amount:
        return orders.record_refund_failed(written)
    if all(refund.status == "succeeded" for refund in given_back):
        return orders.record_refund_arrived(written)
    return written
