"""The journeys of an order: what happens, where the saga fails, and how the order ends.

Tests run every journey of this list in the simulation, and every path on the deployed state machine. The
demo, the tables in the documents and the fault campaign are made from the same list.

A journey names only the errors that its states end with. Its path follows from them and from the definition
of the state machine, so that a new step changes no journey.
"""

from typing import Final

from local.fault_proxy.faults import Fault, FaultKind
from local.users import UNREACHABLE_CUSTOMER
from proof.capture_journeys import CAPTURE_PATHS, CAPTURE_PAYMENTS
from proof.journey import Journey
from proof.orders import (
    APPROVED_BUT_DECLINED,
    DECLINED,
    HAPPY,
    LAST_UNIT,
    NEEDS_APPROVAL,
    an_order,
)
from proof.payment_scenarios import (
    above_the_accounts_limit,
    approved_by_redirect,
    approved_with_duplicate_webhooks,
    approved_with_late_webhooks,
    approved_with_webhooks_after_the_deadline,
    bank_decides_after_approval,
    bank_decides_after_the_deadline,
    bank_decides_later,
    cancelled_and_refunded_by_hand,
    cancelled_and_settled,
    cancelled_while_asked,
    cancelled_with_refund,
    cancelled_with_refund_that_arrives,
    customer_answers,
    disputed_before_the_pivot,
    partly_refunded_while_undone,
    payment_method_used_twice,
)
from proof.scenarios import (
    CANCEL,
    CONFIRM,
    CREATE,
    PIVOT,
    REFUND,
    RETRIEVE,
    cancel_before_the_pivot,
    cancel_once_confirmed,
    cancel_once_partly_refunded,
    cancelled_while_queued,
    cancelled_while_run_again,
    confirmed_while_undone,
    fulfil_once_confirmed,
    queued,
    race_for_the_last_unit,
    refund_refused,
    refund_two_parts,
    refund_while,
    run_again,
    submit_twice,
    take_back_once_fulfilled,
    with_faults,
)

_ASKED: Final = {"ChargePayment": "PaymentActionRequired"}
"""The bank requires authentication, or has not decided yet: the saga waits for the payment."""

_QUEUED: Final = {"ChargePayment": "ChargeScheduled"}
"""Other orders are charged first: the saga waits for the order's slot."""

_NOT_DECIDED_IN_TIME: Final = {**_ASKED, "AwaitPayment": "States.Timeout"}
"""No webhook reports a decision before the deadline, and the saga retrieves the payment once more."""

_DECLINED: Final = {"ChargePayment": "PaymentDeclined"}
_REFUND_ASKED: Final = {"ValidateOrder": "LineRefundDue"}
_CANCELLED: Final = {"ValidateOrder": "OrderCancelled"}
_UNDONE_BEFORE: Final = {"ValidateOrder": "UndoAlreadyBegun"}
_REFUND_REFUSED: Final = race_for_the_last_unit(Fault("unavailable", REFUND, times=None))

PATH_JOURNEYS: Final = (
    Journey("happy", "nothing fails", shown="three SKUs, a valid card", order=HAPPY),
    Journey(
        "declined",
        "the card is declined",
        shown="a card that is declined",
        order=DECLINED,
        errors=_DECLINED,
        failure="payment_declined",
    ),
    Journey(
        "unknown-sku",
        "a SKU is not in the catalogue",
        shown="a SKU that is not in the catalogue",
        order=an_order(("CRUNCHY-ARMCHAIR", 1), ("FLYING-CARPET", 1)),
        errors={"ValidateOrder": "UnknownSku"},
        failure="unknown_sku",
    ),
    Journey(
        "other-currency",
        "a product is priced in another currency",
        order=an_order(("BERLIN-BENCH", 1)),
        errors={"ValidateOrder": "CurrencyMismatch"},
        failure="currency_mismatch",
    ),
    Journey(
        "out-of-stock",
        "validation finds too little stock",
        shown="more units than are in stock",
        order=an_order(("SOLD-OUT-SOFA", 1)),
        errors={"ValidateOrder": "OutOfStock"},
        failure="out_of_stock",
    ),
    Journey(
        "lost-race",
        "another order takes the last unit after this order is charged",
        shown="two customers, one last unit",
        order=LAST_UNIT,
        scenario=race_for_the_last_unit(),
        errors={"ReserveInventory": "OutOfStock"},
        failure="out_of_stock",
        payment="refunded",
    ),
    Journey(
        "replay",
        "the same request is sent twice",
        shown="the same request twice",
        order=an_order(("RED-CHAIR", 2)),
        scenario=submit_twice,
    ),
    Journey(
        "stripe-heals",
        "Stripe is unavailable, and a retry succeeds",
        shown="Stripe is unavailable for two calls",
        scenario=with_faults(Fault("unavailable", CREATE, times=2)),
        retried="ChargePayment",
    ),
    Journey(
        "lost-reply",
        "the charge succeeds, and its reply is lost",
        shown="a charge whose reply is lost",
        scenario=with_faults(Fault("lose_reply", CONFIRM)),
        retried="ChargePayment",
    ),
    Journey(
        "unknown-outcome",
        "the charge succeeds, its reply is lost, and Stripe is unavailable until the retries are exhausted",
        scenario=with_faults(Fault("lose_reply", CONFIRM), Fault("unavailable", RETRIEVE, times=5)),
        errors={"ChargePayment": "PaymentProviderUnavailable"},
        failure="internal_error",
        payment="refunded",
        retried="ChargePayment",
    ),
    Journey(
        "stripe-down",
        "Stripe is unavailable until the retries are exhausted",
        scenario=with_faults(Fault("unavailable", CREATE, times=None)),
        errors={"ChargePayment": "PaymentProviderUnavailable"},
        failure="internal_error",
        retried="ChargePayment",
    ),
    Journey(
        "stored-error",
        "Stripe charges the card, but returns an error and replays it for every retry of the call",
        scenario=with_faults(Fault("error_after", CONFIRM)),
        retried="ChargePayment",
    ),
    Journey(
        "cancelled",
        "the customer cancels after the charge, before the stock is taken",
        scenario=cancel_before_the_pivot,
        errors={"ReserveInventory": "OrderCancelled"},
        failure="cancelled_by_customer",
        payment="refunded",
    ),
    Journey(
        "cancelled-later",
        "the customer cancels a confirmed order (a second execution undoes it)",
        shown="a confirmed order that is cancelled",
        scenario=cancel_once_confirmed(),
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded",
    ),
    Journey(
        "fulfilled",
        "an operator fulfils a confirmed order, and then the customer tries to cancel it",
        shown="a confirmed order that is fulfilled",
        scenario=fulfil_once_confirmed,
    ),
    Journey(
        "returned",
        "an operator takes the goods of a fulfilled order back (a second execution undoes it)",
        shown="a fulfilled order whose goods come back",
        scenario=take_back_once_fulfilled,
        errors=_CANCELLED,
        failure="returned",
        payment="refunded",
    ),
    Journey(
        "line-refunded",
        "an operator refunds a unit, which goes back into stock, and then an amount (two more executions)",
        shown="a confirmed order of which a unit and 1.00 USD are refunded",
        scenario=refund_two_parts,
        errors=_REFUND_ASKED,
        payment="two parts refunded",
    ),
    Journey(
        "line-refunded-and-cancelled",
        "an operator refunds a unit, and then the customer cancels the order (a third execution undoes it)",
        scenario=cancel_once_partly_refunded,
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded in two parts",
    ),
    Journey(
        "approved",
        "the bank requires authentication (3-D Secure), and the customer approves the payment",
        shown="3-D Secure, and the customer approves",
        order=NEEDS_APPROVAL,
        scenario=customer_answers(approves=True),
        errors=_ASKED,
    ),
    Journey(
        "refused",
        "the bank requires authentication, and the customer refuses",
        shown="3-D Secure, and the customer refuses",
        order=NEEDS_APPROVAL,
        scenario=customer_answers(approves=False),
        errors={**_ASKED, "AwaitPayment": "PaymentDeclined"},
        failure="payment_declined",
        message="The payment was not approved.",
    ),
    Journey(
        "abandoned",
        "the customer does not approve the payment before the deadline",
        shown="3-D Secure, and the customer does not respond",
        order=NEEDS_APPROVAL,
        errors={**_NOT_DECIDED_IN_TIME, "ExpirePayment": "PaymentExpired"},
        failure="payment_expired",
        message="The payment was not approved in time.",
    ),
    Journey(
        "webhook-too-late",
        "the customer approves, but Stripe's webhook is lost, or arrives after the deadline",
        order=NEEDS_APPROVAL,
        scenario=approved_with_webhooks_after_the_deadline,
        errors=_NOT_DECIDED_IN_TIME,
    ),
    Journey(
        "decided-after-the-deadline",
        "the payment stays `processing` until after the deadline, and then succeeds",
        scenario=bank_decides_after_the_deadline,
        errors={**_NOT_DECIDED_IN_TIME, "ExpirePayment": "PaymentActionRequired"},
    ),
    Journey(
        "queued",
        "many orders are charged before this one, which waits for its turn",
        scenario=queued,
        errors=_QUEUED,
    ),
    Journey(
        "cancelled-while-queued",
        "the customer cancels while the order waits for its turn (a second execution undoes it at once)",
        scenario=cancelled_while_queued,
        errors=_CANCELLED,
        failure="cancelled_by_customer",
    ),
    Journey(
        "mail-rejected",
        "the confirmation mail is rejected",
        shown="an e-mail address that rejects the confirmation",
        customer=UNREACHABLE_CUSTOMER,
        errors={"NotifyCustomer": "MailRejected"},
    ),
    Journey(
        "closing-mail-rejected",
        "the card is declined, and the mail about it is rejected",
        order=DECLINED,
        customer=UNREACHABLE_CUSTOMER,
        errors={**_DECLINED, "NotifyCustomerOfClosure": "MailRejected"},
        failure="payment_declined",
    ),
    Journey(
        "refund-refused",
        "another order takes the last unit, and refunds fail until the retries are exhausted",
        order=LAST_UNIT,
        scenario=_REFUND_REFUSED,
        errors={"ReserveInventory": "OutOfStock", "RefundPayment": "PaymentProviderUnavailable"},
        failure="out_of_stock",
        payment="charged",
        retried="RefundPayment",
    ),
    Journey(
        "refunded-again",
        "refunds failed until the retries were exhausted, and the saga is run again",
        order=LAST_UNIT,
        scenario=run_again(_REFUND_REFUSED),
        errors=_UNDONE_BEFORE,
        failure="out_of_stock",
        payment="refunded",
    ),
    Journey(
        "confirmed-before-its-undo",
        "the pivot succeeds, its reply is lost, and DynamoDB is unavailable until the retries are exhausted",
        scenario=with_faults(
            Fault("lose_reply", PIVOT, times=None),
            Fault("refuse", "reserve_inventory: dynamodb GetItem *", n=2, times=None),
        ),
        errors={"ReserveInventory": "StoreUnavailable", "ReleaseInventory": "OrderAlreadyConfirmed"},
        retried="ReserveInventory",
    ),
    Journey(
        "confirmed-by-another",
        "the charge fails until its retries are exhausted, while another execution confirms the order",
        scenario=confirmed_while_undone,
        errors={"ChargePayment": "StoreUnavailable", "ReleaseInventory": "OrderAlreadyConfirmed"},
        retried="ChargePayment",
    ),
    Journey(
        "cancelled-while-run-again",
        "the saga is run again for a confirmed order, and the customer cancels while `ChargePayment` fails",
        scenario=cancelled_while_run_again,
        errors={"ChargePayment": "StoreUnavailable"},
        failure="cancelled_by_customer",
        payment="refunded",
        retried="ChargePayment",
    ),
    Journey(
        "release-fails",
        "another order takes the last unit, and `ReleaseInventory` fails until its retries are exhausted",
        order=LAST_UNIT,
        scenario=race_for_the_last_unit(
            Fault("lose_reply", "release_inventory: dynamodb UpdateItem *", times=None),
            Fault("refuse", "release_inventory: dynamodb GetItem *", n=2, times=None),
        ),
        errors={"ReserveInventory": "OutOfStock", "ReleaseInventory": "StoreUnavailable"},
        failure="out_of_stock",
        payment="charged",
        retried="ReleaseInventory",
    ),
    Journey(
        "close-fails",
        "the card is declined, and `CloseOrder` fails until its retries are exhausted",
        order=DECLINED,
        scenario=with_faults(Fault("refuse", "close_order: dynamodb *", times=None)),
        errors={**_DECLINED, "CloseOrder": "StoreUnavailable"},
        failure="payment_declined",
        retried="CloseOrder",
    ),
    Journey(
        "line-refund-refused",
        "an operator refunds a unit, and Stripe rejects the refund",
        scenario=refund_refused,
        errors={**_REFUND_ASKED, "RefundLines": "RefundRefused"},
    ),
    Journey(
        "restock-fails",
        "an operator refunds a unit, and `RestockLines` fails until its retries are exhausted",
        scenario=refund_while(Fault("refuse", "restock_lines: dynamodb TransactWriteItems *", times=None)),
        errors={**_REFUND_ASKED, "RestockLines": "StoreUnavailable"},
        payment="a part refunded",
        retried="RestockLines",
    ),
    Journey("confirmed-again", "the saga is run again for a confirmed order", scenario=run_again()),
    Journey(
        "closed-again",
        "the saga is run again for a closed order",
        order=DECLINED,
        scenario=run_again(),
        errors=_UNDONE_BEFORE,
        failure="payment_declined",
    ),
    *CAPTURE_PATHS,
)
"""The paths through the state machine, for the table of paths."""


def _declined(card: str, message: str) -> Journey:
    return Journey(
        card,
        f"the card is declined: `{card}`",
        order=an_order(payment_method=f"pm_card_visa_{card}"),
        errors=_DECLINED,
        failure="payment_declined",
        message=message,
    )


def _stored_error(key: str, what: str, kind: FaultKind, call: str) -> Journey:
    return Journey(
        key,
        f"{what}, and replays that error to retries with the same idempotency key",
        scenario=with_faults(Fault(kind, call)),
        retried="ChargePayment",
    )


PAYMENT_JOURNEYS: Final = (
    _declined("chargeDeclined", "The card was declined."),
    _declined("chargeDeclinedInsufficientFunds", "The card has insufficient funds."),
    _declined("chargeDeclinedExpiredCard", "The card has expired."),
    _declined("chargeDeclinedIncorrectCvc", "The card's security code is not right."),
    _declined("chargeDeclinedProcessingError", "The bank could not process the payment."),
    _declined("chargeDeclinedLostCard", "The card was declined."),
    Journey(
        "unknown-payment-method",
        "the payment method does not exist",
        order=an_order(payment_method="pm_nobody_knows_it"),
        errors=_DECLINED,
        failure="payment_declined",
        message="The payment method is not valid.",
    ),
    Journey(
        "used-payment-method",
        "the payment method has paid for another order",
        scenario=payment_method_used_twice,
        errors=_DECLINED,
        failure="payment_declined",
        message="The payment was not accepted. Please order again with a new payment method.",
    ),
    Journey(
        "above-the-accounts-limit",
        "the order costs more than Stripe allows this account",
        scenario=above_the_accounts_limit,
        errors=_DECLINED,
        failure="payment_declined",
    ),
    Journey(
        "slow-bank",
        "the bank takes 15 s to decide about the charge",
        scenario=with_faults(Fault("slow", CONFIRM, seconds=15)),
    ),
    Journey(
        "too-little",
        "the order's amount is below Stripe's minimum",
        order=an_order(("PENNY-NAIL", 1)),
        errors={"ValidateOrder": "AmountNotChargeable"},
        failure="amount_not_chargeable",
        message="An order costs at least 0.50 USD; this one costs 0.01 USD.",
    ),
    Journey(
        "price-changed",
        "the price has changed since the customer saw it",
        order={**an_order(("RED-CHAIR", 1)), "expected_amount": 1_000},
        errors={"ValidateOrder": "PriceChanged"},
        failure="price_changed",
        message="The order costs 79.50 USD, not 10.00 USD as expected.",
    ),
    Journey(
        "approved-but-declined",
        "the customer approves, and then the bank declines",
        order=APPROVED_BUT_DECLINED,
        scenario=customer_answers(approves=True),
        errors={**_ASKED, "AwaitPayment": "PaymentDeclined"},
        failure="payment_declined",
        message="The card has insufficient funds.",
    ),
    Journey(
        "duplicate-webhooks",
        "the customer approves, and every webhook is delivered three times",
        shown="every webhook is delivered three times",
        order=NEEDS_APPROVAL,
        scenario=approved_with_duplicate_webhooks,
        errors=_ASKED,
    ),
    Journey(
        "late-webhooks",
        "the customer approves, and each webhook is delivered late, out of order and three times",
        order=NEEDS_APPROVAL,
        scenario=approved_with_late_webhooks,
        errors=_ASKED,
    ),
    Journey(
        "cancelled-while-asked",
        "the customer cancels the order instead of approving the payment",
        order=NEEDS_APPROVAL,
        scenario=cancelled_while_asked,
        errors=_CANCELLED,
        failure="cancelled_by_customer",
    ),
    Journey(
        "decided-later",
        "the payment stays `processing`, and then succeeds",
        scenario=bank_decides_later(success=True),
        errors=_ASKED,
    ),
    Journey(
        "declined-later",
        "the payment stays `processing`, and then the bank declines it",
        scenario=bank_decides_later(success=False),
        errors={**_ASKED, "AwaitPayment": "PaymentDeclined"},
        failure="payment_declined",
    ),
    Journey(
        "approved-by-redirect",
        "the order has a `return_url`, and the customer approves the payment on the bank's page",
        order=NEEDS_APPROVAL,
        scenario=approved_by_redirect,
        errors=_ASKED,
    ),
    Journey(
        "approved-and-decided-later",
        "the customer approves, the payment stays `processing`, and then it succeeds",
        order=NEEDS_APPROVAL,
        scenario=bank_decides_after_approval,
        errors=_ASKED,
    ),
    _stored_error(
        "create-error-stored", "Stripe fails before it creates the payment", "error_before", CREATE
    ),
    _stored_error(
        "created-and-error-stored", "Stripe fails after it created the payment", "error_after", CREATE
    ),
    _stored_error("confirm-error-stored", "Stripe fails before it charges the card", "error_before", CONFIRM),
    Journey(
        "refund-error-stored",
        "the order is cancelled, and Stripe stores an error under the refund's idempotency key",
        scenario=cancel_once_confirmed(
            lambda world, order_id: world.faults.inject(Fault("error_before", REFUND, order_id=order_id)),
        ),
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded",
        retried="RefundPayment",
    ),
    Journey(
        "cancel-error-stored",
        "the card is declined, and Stripe returns an error when the PaymentIntent is cancelled",
        order=DECLINED,
        scenario=with_faults(Fault("error_before", CANCEL)),
        errors=_DECLINED,
        failure="payment_declined",
        retried="RefundPayment",
    ),
    Journey(
        "refund-pending",
        "the order is cancelled, and the refund is pending",
        scenario=cancelled_with_refund("pending"),
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refund pending",
    ),
    Journey(
        "refund-arrives",
        "the order is cancelled, and the refund is pending and then succeeds",
        scenario=cancelled_with_refund_that_arrives,
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded",
    ),
    Journey(
        "refund-failed",
        "the order is cancelled, and the refund fails",
        scenario=cancelled_with_refund("failed"),
        errors={**_CANCELLED, "RefundPayment": "RefundRefused"},
        failure="cancelled_by_customer",
        payment="charged",
    ),
    Journey(
        "disputed-before-the-pivot",
        "the customer's bank disputes the charge before the stock is taken",
        scenario=disputed_before_the_pivot,
        errors={"ReserveInventory": "PaymentDeclined", "RefundPayment": "RefundRefused"},
        failure="payment_declined",
        payment="charged",
        message="The payment is disputed.",
    ),
    Journey(
        "refunded-by-hand",
        "the order is cancelled after its payment was refunded in Stripe's dashboard",
        scenario=cancelled_and_refunded_by_hand(None),
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded",
    ),
    Journey(
        "partly-refunded-by-hand",
        "the order is cancelled after a part of its payment was refunded in Stripe's dashboard",
        scenario=cancelled_and_refunded_by_hand(100),
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded in two parts",
    ),
    Journey(
        "settled-outside",
        "the order is cancelled, Stripe rejects the refund, and an operator settles with the customer",
        scenario=cancelled_and_settled,
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="settled outside",
    ),
    Journey(
        "partly-refunded-meanwhile",
        "a part is refunded in Stripe's dashboard just before the saga refunds the cancelled order",
        scenario=partly_refunded_while_undone,
        errors=_CANCELLED,
        failure="cancelled_by_customer",
        payment="refunded in two parts",
        retried="RefundPayment",
    ),
    *CAPTURE_PAYMENTS,
)
"""What Stripe, banks and customers can do; docs/payments.md shows it."""

JOURNEYS: Final = (*PATH_JOURNEYS, *PAYMENT_JOURNEYS)

PAYING_JOURNEYS: Final = (
    *(journey for journey in PATH_JOURNEYS if "ChargePayment" in journey.states),
    *PAYMENT_JOURNEYS,
)
"""The journeys that docs/payments.md shows."""
