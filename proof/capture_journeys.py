"""The journeys of orders whose money is authorized first, and captured at the fulfilment."""

from functools import partial
from typing import Final

from lambdas.domain.vocabulary import Capture
from proof.capture_scenarios import (
    expire_once_confirmed,
    fulfil_once_captured_by_hand,
    void_once_confirmed,
)
from proof.journey import Journey
from proof.orders import LAST_UNIT, NEEDS_APPROVAL
from proof.payment_scenarios import bank_decides_later, customer_answers
from proof.scenarios import cancel_before_the_pivot, cancel_once_confirmed, race_for_the_last_unit

_late = partial(Journey, capture=Capture.AT_FULFILMENT)

_CAPTURE_ASKED: Final = {"ValidateOrder": "CaptureDue"}
_CANCELLED: Final = {"ValidateOrder": "OrderCancelled"}
_ASKED: Final = {"ChargePayment": "PaymentActionRequired"}
_REFUSED: Final = {**_CAPTURE_ASKED, "CapturePayment": "CaptureRefused"}

CAPTURE_PATHS: Final = (
    _late("authorized", "the money is captured at the fulfilment, and nothing fails before it"),
    _late(
        "authorized-and-cancelled",
        "the customer cancels an order whose money is authorized (a second execution releases it)",
        scenario=cancel_once_confirmed(),
        errors=_CANCELLED,
        failure="cancelled_by_customer",
    ),
    _late(
        "authorization-expired",
        "the authorization expires before the order is fulfilled (a second execution undoes the order)",
        scenario=expire_once_confirmed,
        errors=_CANCELLED,
        failure="payment_expired",
    ),
)
"""For the table of paths."""

CAPTURE_PAYMENTS: Final = (
    _late(
        "authorization-voided",
        "an authorized payment is cancelled in Stripe's dashboard",
        scenario=void_once_confirmed,
        errors=_CANCELLED,
        failure="payment_expired",
    ),
    _late(
        "captured-by-hand",
        "an authorized payment is captured in Stripe's dashboard before the order is fulfilled",
        scenario=fulfil_once_captured_by_hand,
        payment="charged",
    ),
    _late(
        "authorized-after-approval",
        "the customer approves a payment that is captured at the fulfilment",
        order=NEEDS_APPROVAL,
        scenario=customer_answers(approves=True),
        errors=_ASKED,
    ),
    _late(
        "authorized-later",
        "a payment that is captured at the fulfilment stays `processing`, and is then authorized",
        scenario=bank_decides_later(success=True),
        errors=_ASKED,
    ),
    _late(
        "cancelled-while-authorized",
        "the customer cancels after the authorization, before the stock is taken",
        scenario=cancel_before_the_pivot,
        errors={"ReserveInventory": "OrderCancelled"},
        failure="cancelled_by_customer",
    ),
    _late(
        "lost-race-authorized",
        "another order takes the last unit after this order's payment is authorized",
        order=LAST_UNIT,
        scenario=race_for_the_last_unit(),
        errors={"ReserveInventory": "OutOfStock"},
        failure="out_of_stock",
    ),
)
"""What Stripe, banks and operators can do with an authorized payment; docs/payments.md shows it."""
