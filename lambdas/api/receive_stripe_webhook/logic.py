"""Brings an order up to date with its payment when Stripe reports a change."""

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Final

from lambdas.api.receive_stripe_webhook.event import StripeEvent
from lambdas.domain.errors import OrderRejected, PaymentUnknown
from lambdas.domain.payment import PaymentIntent, Refund
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.settlement import Callback, settle_payment
from lambdas.shared.store.orders import OrderTable


class WebhookOutcome(StrEnum):
    """What was done with an event; every event is acknowledged and counted."""

    HANDLED = "handled"
    NOT_FOR_US = "not_for_us"
    OTHER_ENVIRONMENT = "other_environment"
    UNKNOWN_ORDER = "unknown_order"


_KINDS: Final = ("payment_intent.", "charge.", "refund.")


def receive_stripe_webhook(
    event: StripeEvent, orders: OrderTable, gateway: PaymentGateway, callback: Callback
) -> WebhookOutcome:
    """Retrieve the payment that the event is about, and record on the order what has changed.

    Events are repeated and arrive in any order. So only the payment's id is taken from the event, and the
    payment's current state comes from Stripe.

    Raises:
        PaymentProviderUnavailable: Stripe does not answer; it will deliver the event again.
        StoreUnavailable: DynamoDB does not answer; Stripe will deliver the event again.
    """
    if not event.kind.startswith(_KINDS) or event.intent_id is None:
        return WebhookOutcome.NOT_FOR_US
    if event.livemode != gateway.livemode:
        return WebhookOutcome.OTHER_ENVIRONMENT
    try:
        intent = gateway.retrieve_intent(event.intent_id)
    except PaymentUnknown:
        return WebhookOutcome.OTHER_ENVIRONMENT
    order = orders.find(intent.order_id) if intent.order_id else None
    if order is None or order.payment.intent_id not in {None, intent.intent_id}:
        return WebhookOutcome.UNKNOWN_ORDER
    with suppress(OrderRejected):
        # The order is being undone, and the undo retrieves the payment itself.
        settle_payment(order, intent, orders, callback)
    if intent.disputed and not order.payment.disputed:
        orders.record_dispute(order.order_id)
    if event.is_about_refunds:
        _record_refunds(order.order_id, intent, gateway.list_refunds(intent.intent_id), orders)
    return WebhookOutcome.HANDLED


def _record_refunds(
    order_id: str, intent: PaymentIntent, refunds: Sequence[Refund], orders: OrderTable
) -> None:
    """Record refunds that the saga did not make, and refunds of the saga that failed after all."""
    effective = [refund for refund in refunds if refund.counts]
    outside = sum(refund.amount for refund in effective if refund.attempt is None)
    if outside:
        orders.record_refund_outside(order_id, outside)
    if sum(refund.amount for refund in effective) < intent.amount_received:
        orders.record_refund_failed(order_id)
