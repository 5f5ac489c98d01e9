"""The journeys of orders whose money is authorized first, and captured at the fulfilment."""

from functools import partial
from typing import Final

from lambdas.domain.vocabulary import Capture
from local.fault_proxy.faults import Fault
from proof.capture_scenarios import (
    CAPTURE,
    cancel_once_refused,
    cancel_while_captured,
    expire_once_confirmed,
    fulfil_authorized,
    fulfil_once_captured_by_hand,
    fulfil_once_expired,
    fulfil_while,
    refuse_capture,
    retry_once_refused,
    take_back_once_captured,
    void_once_confirmed,
)
from proof.journey import Journey
from proof.orders import LAST_UNIT, NEEDS_APPROVAL
from proof.payment_scenarios import bank_decides_later, customer_answers
from proof.scenarios import RETRIEVE, cancel_before_the_pivot, cancel_once_confirmed, race_for_the_last_unit

_late = partial(Journey, capture=Capture.AT_FULFILMENT)

_CAPTURE_ASKED: Final = {"ValidateOrder": "CaptureDue"}
_CANCELLED: Final = {"ValidateOrder": "OrderCancelled"}
_ASKED: Final = {"ChargePayment": "PaymentActionRequired"}
_REFUSED: Final = {**_CAPTURE_ASKED, "CapturePayment": "CaptureRefused"}

CAPTURE_PATHS: Final = (
    _late("authorized", "the money is captured at the fulfilment, and nothing fails before it"),
    _late(
        "captured-late",
        "an operator fulfils an order whose money is authorized (a second execution captures it)",
        shown="a payment that is captured when the goods leave",
        scenario=fulfil_authorized(),
        errors=_CAPTURE_ASKED,
        payment="charged",
    ),
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
    _late(
        "expired-at-capture",
        "the authorization expires, Stripe's webhook is late, and the capture finds it (a third execution)",
        scenario=fulfil_once_expired,
        errors=_CANCELLED,
        failure="payment_expired",
    ),
    _late(
        "capture-refused",
        "an operator fulfils an order whose money is authorized, and the bank declines the capture",
        scenario=fulfil_authorized(refuse_capture),
        errors=_REFUSED,
        flagged=True,
    ),
    _late(
        "captured-after-refusal",
        "the bank declines the capture, and an operator runs the saga again",
        scenario=retry_once_refused,
        errors=_CAPTURE_ASKED,
        payment="charged",
    ),
)
"""For the table of paths."""

CAPTURE_PAYMENTS: Final = (
    _late(
        "cancelled-after-refusal",
        "the bank declines the capture, and an operator cancels the order",
        scenario=cancel_once_refused,
        errors=_CANCELLED,
        failure="cancelled_by_operator",
    ),
    _late(
        "cancelled-while-captured",
        "an operator cancels an order while its payment is being captured, and is faster",
        scenario=cancel_while_captured,
        errors=_CANCELLED,
        failure="cancelled_by_operator",
    ),
    _late(
        "returned-after-capture",
        "an operator takes the goods of an order back whose money was captured at the fulfilment",
        scenario=take_back_once_captured,
        errors=_CANCELLED,
        failure="returned",
        payment="refunded",
    ),
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
        "capture-reply-lost",
        "the capture succeeds, and its reply is lost",
        scenario=fulfil_while(Fault("lose_reply", CAPTURE)),
        errors=_CAPTURE_ASKED,
        payment="charged",
        retried="CapturePayment",
    ),
    _late(
        "capture-error-stored",
        "Stripe captures the payment, but returns an error",
        scenario=fulfil_while(Fault("error_after", CAPTURE)),
        errors=_CAPTURE_ASKED,
        payment="charged",
        retried="CapturePayment",
    ),
    _late(
        "capture-outcome-unknown",
        "the capture succeeds, its reply is lost, and Stripe is unavailable until the retries are exhausted",
        scenario=fulfil_while(Fault("lose_reply", CAPTURE), Fault("unavailable", RETRIEVE, n=2, times=None)),
        errors={**_CAPTURE_ASKED, "CapturePayment": "PaymentProviderUnavailable"},
        payment="charged",
        flagged=True,
        retried="CapturePayment",
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
