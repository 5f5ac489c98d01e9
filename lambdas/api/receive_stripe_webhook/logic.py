"""What a webhook means for an order. It says that something happened; what holds now, only Stripe knows."""

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


class Outcome(StrEnum):
    """What became of a webhook; every one is acknowledged and counted."""

    HANDLED = "handled"
    NOT_FOR_US = "not_for_us"
    OTHER_ENVIRONMENT = "other_environment"
    UNKNOWN_ORDER = "unknown_order"


_KINDS: Final = ("payment_intent.", "charge.", "refund.")


def receive_stripe_webhook(
    event: StripeEvent, orders: OrderTable, gateway: PaymentGateway, callback: Callback
) -> Outcome:
    """Look at the payment that an event is about, and do what it needs now.

    Events repeat and come in any order, so nothing is read from them but the payment's id.

    Raises:
        PaymentProviderUnavailable: Stripe does not answer; it will deliver the event again.
        StoreUnavailable: The same, for the order's record.
    """
    if not event.kind.startswith(_KINDS) or event.intent_id is None:
        return Outcome.NOT_FOR_US
    if event.livemode != gateway.livemode:
        return Outcome.OTHER_ENVIRONMENT
    try:
        intent = gateway.retrieve_intent(event.intent_id)
    except PaymentUnknown:
        return Outcome.OTHER_ENVIRONMENT
    order = orders.find(intent.order_id) if intent.order_id else None
    if order is None or order.payment.intent_id not in {None, intent.intent_id}:
        return Outcome.UNKNOWN_ORDER
    with suppress(OrderRejected):
        # Where the undo was first, it asks Stripe itself, and gives back what it finds.
        settle_payment(order, intent, orders, callback)
    if intent.disputed and not order.payment.disputed:
        orders.record_dispute(order.order_id)
    if event.is_about_refunds:
        _record_refunds(order.order_id, intent, gateway.list_refunds(intent.intent_id), orders)
    return Outcome.HANDLED


def _record_refunds(
    order_id: str, intent: PaymentIntent, refunds: Sequence[Refund], orders: OrderTable
) -> None:
    """Note what was given back without the saga, and what came back to us though the saga gave it back."""
    gone = [refund for refund in refunds if not refund.has_failed]
    outside = sum(refund.amount for refund in gone if not refund.is_ours)
    if outside:
        orders.record_refund_outside(order_id, outside)
    if sum(refund.amount for refund in gone) < intent.amount_received:
        orders.record_refund_failed(order_id)
