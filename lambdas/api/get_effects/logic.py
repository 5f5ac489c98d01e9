"""Collects what happened around an order: its money, its stock, its mails and its events."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import stripe

from lambdas.domain import clock
from lambdas.domain.errors import OrderSagaError
from lambdas.domain.order import PAID_OR_HELD, Order, PaymentStatus
from lambdas.domain.payment import Charge, DisputeState, PaymentIntent, Refund
from lambdas.domain.vocabulary import MailFeedback
from lambdas.shared.log import logger
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.audit import AuditedEvent

_MAILS: Final = frozenset({"CustomerNotified", "CustomerNotNotified", *MailFeedback})
"""Events of the timeline that are about mail."""

_NOTHING_HELD: Final = frozenset(
    {
        PaymentStatus.NOT_STARTED,
        PaymentStatus.CANCELED,
        PaymentStatus.REFUND_PENDING,
        PaymentStatus.REFUNDED,
    }
)


def effects_of(
    order: Order, connect: Callable[[], PaymentGateway], events: Iterable[AuditedEvent]
) -> dict[str, Any]:
    """The effects of an order as the JSON object that the REST API shows.

    Args:
        order: The order.
        connect: Connects to the payment provider.
        events: The order's events in the audit.
    """
    return {
        "money": _money(order, connect),
        "stock": [
            {"sku": line.sku, "quantity": line.quantity, "held": order.stock_taken, "day": order.day}
            for line in order.lines
        ],
        "mails": [
            {"at": entry.at, "event": entry.event} for entry in order.timeline if entry.event in _MAILS
        ],
        "events": [
            {
                "event_id": each.event_id,
                "type": each.event,
                "occurred_at": each.occurred_at,
                # The audit is the only consumer that records what it has consumed.
                "consumers": [{"name": "audit_order_events", "at": each.audited_at}],
            }
            for each in events
        ],
    }


def _money(order: Order, connect: Callable[[], PaymentGateway]) -> dict[str, Any]:
    """The payment as the provider has it now, or as the order records it if the provider cannot tell."""
    if order.payment.intent_id is None:
        return _recorded_money(order)
    try:
        gateway = connect()
        intent = gateway.retrieve_intent(order.payment.intent_id)
        refunds = gateway.list_refunds(intent.intent_id) if intent.amount_received else []
        disputes = gateway.list_disputes(intent.intent_id) if intent.disputed else []
    except (OrderSagaError, stripe.StripeError) as error:
        logger.warning("the payment is shown as recorded", extra={"error": type(error).__name__})
        return _recorded_money(order)
    charge = intent.charge
    return {
        **_recorded_money(order),
        "source": "stripe",
        "status": intent.status,
        "charges": [
            {
                "id": charge.charge_id,
                "at": clock.of_timestamp(charge.created),
                "amount": charge.amount,
                "status": _charge_status(intent, charge),
            }
        ]
        if charge
        else [],
        "refunds": [_refund(each, order) for each in reversed(refunds)],
        "held": intent.amount_held,
        "dispute": DisputeState.of(disputes),
    }


def _charge_status(intent: PaymentIntent, charge: Charge) -> str:
    """Stripe's status of a charge; Stripe also calls one `succeeded` whose money is only reserved."""
    if charge.status != "succeeded" or intent.amount_received:
        return charge.status
    return "authorized" if intent.is_authorized else "released"


def _refund(refund: Refund, order: Order) -> dict[str, Any]:
    return {
        "id": refund.refund_id,
        "at": clock.of_timestamp(refund.created),
        "amount": refund.amount,
        "status": refund.status,
        "by": "saga" if refund.attempt in order.payment.refund_attempts else "outside",
    }


def _recorded_money(order: Order) -> dict[str, Any]:
    payment = order.payment
    held: int | None = None
    if payment.status in _NOTHING_HELD:
        held = 0
    elif payment.status in PAID_OR_HELD:
        refunded = sum(refund.amount for refund in order.refunds if refund.is_made)
        held = order.price.amount - payment.refunded_outside - refunded
    return {
        "source": "record",
        "currency": order.currency,
        "intent_id": payment.intent_id,
        "status": payment.status,
        "amount": order.amount,
        "charges": [],
        "refunds": [],
        "held": held,
        "dispute": payment.dispute,
    }
