"""One letter of each kind, about orders that a shop could have: for tests and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from lambdas.domain.failure import RETURNED
from lambdas.domain.order import (
    CANCELLATIONS,
    Failure,
    Fulfilment,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentStatus,
)
from lambdas.domain.order_events import LineRefundDetail, UnitsDetail
from lambdas.domain.vocabulary import FailureCode
from lambdas.shared.mail.approval_needed import approval_needed
from lambdas.shared.mail.letter import Letter
from lambdas.shared.mail.lines_refunded import lines_refunded
from lambdas.shared.mail.order_closed import order_cancelled, order_failed
from lambdas.shared.mail.order_confirmed import order_confirmed
from lambdas.shared.mail.order_shipped import order_shipped
from lambdas.shared.mail.payment_refunded import payment_refunded
from lambdas.shared.mail.refund_returned import refund_returned
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, an_order
from tests.unit.lambdas.fakes import NEXT_ACTION

DEADLINE: Final = "2026-03-01T12:15:00.000Z"


def a_priced_order(payment: PaymentStatus, status: OrderStatus = OrderStatus.CONFIRMED) -> Order:
    """An order for two armchairs and a lamp: 807.99 USD."""
    lines = (
        OrderLine(ARMCHAIR.sku, 2, ARMCHAIR.unit_price, ARMCHAIR.name),
        OrderLine(LAMP.sku, 1, LAMP.unit_price, LAMP.name),
    )
    return an_order(*lines, amount=80_799, status=status, payment=Payment(payment))


def closed(
    code: str, message: str, payment: PaymentStatus = PaymentStatus.CANCELED, **changes: object
) -> Order:
    """The same order, undone for a reason."""
    status = OrderStatus.CANCELLED if code in CANCELLATIONS else OrderStatus.FAILED
    order = replace(a_priced_order(payment, status), failure=Failure(code, message))
    return replace(order, **changes)  # type: ignore[arg-type] # any attribute of an order


def waiting() -> Order:
    """The same order, while its customer must approve the payment."""
    order = a_priced_order(PaymentStatus.REQUIRES_ACTION, OrderStatus.AWAITING_PAYMENT)
    return replace(order, payment=Payment(PaymentStatus.REQUIRES_ACTION, "pi_1", NEXT_ACTION))


FULFILMENT: Final = Fulfilment("2026-03-02T08:00:00.000Z", "the-boss", "DHL", "00340434161094")

ALL_GOODS: Final[Sequence[UnitsDetail]] = [
    {"sku": ARMCHAIR.sku, "quantity": 2},
    {"sku": LAMP.sku, "quantity": 1},
]

LINE_REFUND: Final[LineRefundDetail] = {
    "refund_id": "7d2b7f0a-0f43-5a39-9c55-52c7f0f6f0d4",
    "amount": ARMCHAIR.unit_price,
    "items": [{"sku": ARMCHAIR.sku, "quantity": 1}],
    "items_kept": [{"sku": ARMCHAIR.sku, "quantity": 1}],
    "restock": True,
}

LETTERS: Final[Mapping[str, Letter]] = {
    "confirmed": order_confirmed(a_priced_order(PaymentStatus.SUCCEEDED)),
    "failed": order_failed(closed(FailureCode.PAYMENT_DECLINED, "Your card has insufficient funds.")),
    "cancelled": order_cancelled(
        closed(
            FailureCode.CANCELLED_BY_CUSTOMER,
            "The order was cancelled by the customer.",
            PaymentStatus.REFUNDED,
        )
    ),
    "lines-refunded": lines_refunded(a_priced_order(PaymentStatus.SUCCEEDED), LINE_REFUND),
    "refund-returned": refund_returned(a_priced_order(PaymentStatus.SUCCEEDED), LINE_REFUND),
    "shipped": order_shipped(a_priced_order(PaymentStatus.SUCCEEDED), FULFILMENT, ALL_GOODS),
    "returned": order_cancelled(closed(FailureCode.RETURNED, RETURNED.message, PaymentStatus.REFUNDED)),
    "approval-needed": approval_needed(waiting(), DEADLINE),
    "refunded": payment_refunded(a_priced_order(PaymentStatus.SUCCEEDED), 5_000),
}
