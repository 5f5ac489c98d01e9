"""The journeys of an order: what fails, which states are visited, and how it ends.

One list for three readers: the tests play every journey against the deployed state machine, the demo plays
some of them for a person, and the table in README.md is written from it.
"""

from dataclasses import dataclass
from typing import Final

from local.world import World
from proof.payment_plays import (
    APPROVED_BUT_DECLINED,
    abandoned,
    answered_by_the_customer,
    approved_too_late,
    approved_with_late_webhooks,
    cancelled_and_refunded_by_hand,
    cancelled_while_asked,
    cancelled_with_refund,
    decided_later,
    with_duplicate_webhooks,
)
from proof.plays import (
    CANCEL,
    CONFIRM,
    CREATE,
    REFUND,
    RETRIEVE,
    UNDELIVERABLE,
    Play,
    Played,
    StripeFault,
    an_order,
    cancelled_before_the_pivot,
    cancelled_once_confirmed,
    plain,
    race_for_the_last_unit,
    run_again,
    twice,
    with_stripe_faults,
)

FORWARD: Final = ("ValidateOrder", "ChargePayment", "ReserveInventory", "NotifyCustomer")
WAITING: Final = ("ValidateOrder", "ChargePayment", "AwaitPayment", "ReserveInventory", "NotifyCustomer")
CLOSING: Final = ("CloseOrder", "NotifyCustomerOfClosure", "OrderClosed")
UNDO: Final = ("ReleaseInventory", "RefundPayment", *CLOSING)

WAITED_IN_VAIN: Final = ("ValidateOrder", "ChargePayment", "AwaitPayment", "RefundPayment", *CLOSING)


@dataclass(frozen=True, kw_only=True)
class Journey:
    """One way through the saga, and what it must come to.

    Attributes:
        key: Short name, for tests.
        what_fails: What goes wrong, for the table.
        play: Makes it happen.
        states: The states that are entered, in order.
        status: Where the order ends.
        failure: The failure code of an order that is not fulfilled.
        money: What Stripe says in the end: `charged`, `refunded`, or `none`.
        retried: The state whose task fails and is tried again.
        message: What the customer is told of a failure; None where any message will do.
        shown: What the demo says is sent; empty if the demo leaves the journey out.
    """

    key: str
    what_fails: str
    play: Play
    states: tuple[str, ...]
    status: str
    failure: str | None = None
    money: str = "none"
    retried: str | None = None
    message: str | None = None
    shown: str = ""

    @property
    def execution(self) -> str:
        """How the execution ends: it fails only where a human is needed."""
        return "FAILED" if self.states[-1] == "NeedsAttention" else "SUCCEEDED"


_CHARGES_AND_REFUNDS: Final = {
    "none": (0, 0),
    "charged": (1, 0),
    "refunded": (1, 1),
    "refunded in two parts": (1, 2),
}

HAPPY: Final = an_order(("CRUNCHY-ARMCHAIR", 2), ("RED-CHAIR", 1), ("TASTELESS-LAMP", 3))
DECLINED: Final = an_order(payment_method="pm_card_visa_chargeDeclined")

REFUND_REFUSED: Final = race_for_the_last_unit("LAST-TABLE", then_fails=REFUND)

JOURNEYS: Final = (
    Journey(
        key="happy",
        what_fails="nothing",
        shown="three SKUs, a good card",
        play=plain(HAPPY),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="declined",
        what_fails="the card is declined",
        shown="a card that is declined",
        play=plain(DECLINED),
        states=("ValidateOrder", "ChargePayment", "RefundPayment", *CLOSING),
        status="FAILED",
        failure="payment_declined",
    ),
    Journey(
        key="unknown-sku",
        what_fails="a SKU is not in the catalogue",
        shown="a SKU that nobody sells",
        play=plain(an_order(("CRUNCHY-ARMCHAIR", 1), ("FLYING-CARPET", 1))),
        states=("ValidateOrder", *CLOSING),
        status="FAILED",
        failure="unknown_sku",
    ),
    Journey(
        key="other-currency",
        what_fails="a product is sold in another currency",
        play=plain(an_order(("BERLIN-BENCH", 1))),
        states=("ValidateOrder", *CLOSING),
        status="FAILED",
        failure="currency_mismatch",
    ),
    Journey(
        key="out-of-stock",
        what_fails="the stock is too low, found at validation",
        shown="more units than there are",
        play=plain(an_order(("SOLD-OUT-SOFA", 1))),
        states=("ValidateOrder", *CLOSING),
        status="FAILED",
        failure="out_of_stock",
    ),
    Journey(
        key="lost-race",
        what_fails="another order takes the last unit after this one paid",
        shown="two customers, one last unit",
        play=race_for_the_last_unit("LAST-TABLE"),
        states=("ValidateOrder", "ChargePayment", "ReserveInventory", *UNDO),
        status="FAILED",
        failure="out_of_stock",
        money="refunded",
    ),
    Journey(
        key="replay",
        what_fails="the same request comes twice",
        shown="the same request twice",
        play=twice(an_order(("RED-CHAIR", 2))),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="stripe-heals",
        what_fails="Stripe is down, and comes back while the step is retried",
        shown="Stripe is down for two calls",
        play=with_stripe_faults(an_order(), StripeFault("unavailable", CREATE, times=2)),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
        retried="ChargePayment",
    ),
    Journey(
        key="lost-reply",
        what_fails="the charge succeeds, and its reply is lost",
        shown="a charge whose reply is lost",
        play=with_stripe_faults(an_order(), StripeFault("lose_reply", CONFIRM)),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
        retried="ChargePayment",
    ),
    Journey(
        key="unknown-outcome",
        what_fails="the same, and Stripe stays away for longer than the retries last",
        play=with_stripe_faults(
            an_order(),
            StripeFault("lose_reply", CONFIRM),
            StripeFault("unavailable", RETRIEVE, method="GET", times=5),
        ),
        states=("ValidateOrder", "ChargePayment", "RefundPayment", *CLOSING),
        status="FAILED",
        failure="internal_error",
        money="refunded",
        retried="ChargePayment",
    ),
    Journey(
        key="stripe-down",
        what_fails="Stripe is down for longer than the retries last",
        play=with_stripe_faults(an_order(), StripeFault("unavailable", CREATE, times=None)),
        states=("ValidateOrder", "ChargePayment", "RefundPayment", *CLOSING),
        status="FAILED",
        failure="internal_error",
        retried="ChargePayment",
    ),
    Journey(
        key="stored-error",
        what_fails="Stripe fails after it has charged, and answers every retry with that failure",
        play=with_stripe_faults(an_order(), StripeFault("error_after", CONFIRM)),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
        retried="ChargePayment",
    ),
    Journey(
        key="cancelled",
        what_fails="the customer cancels when the card is charged and the stock is not taken yet",
        play=cancelled_before_the_pivot(an_order()),
        states=("ValidateOrder", "ChargePayment", "ReserveInventory", *UNDO),
        status="CANCELLED",
        failure="cancelled_by_customer",
        money="refunded",
    ),
    Journey(
        key="cancelled-later",
        what_fails="the customer cancels a confirmed order (that is one more execution)",
        shown="a confirmed order that is cancelled",
        play=cancelled_once_confirmed(an_order()),
        states=("ValidateOrder", *UNDO),
        status="CANCELLED",
        failure="cancelled_by_customer",
        money="refunded",
    ),
    Journey(
        key="approved",
        what_fails="the bank asks for an approval (3-D Secure), and the customer gives it",
        shown="a bank that asks for 3-D Secure, and a customer who approves",
        play=answered_by_the_customer(approves=True),
        states=WAITING,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="refused",
        what_fails="the customer refuses to approve",
        shown="a customer who refuses",
        play=answered_by_the_customer(approves=False),
        states=WAITED_IN_VAIN,
        status="FAILED",
        failure="payment_declined",
        message="The payment was not approved.",
    ),
    Journey(
        key="abandoned",
        what_fails="the customer does not answer in time",
        shown="a customer who goes away",
        play=abandoned,
        states=WAITED_IN_VAIN,
        status="FAILED",
        failure="payment_expired",
        message="The payment was not approved in time.",
    ),
    Journey(
        key="approved-too-late",
        what_fails="the customer approves, and the deadline is first",
        play=approved_too_late,
        states=WAITED_IN_VAIN,
        status="FAILED",
        failure="payment_expired",
        money="refunded",
    ),
    Journey(
        key="mail-rejected",
        what_fails="the confirmation cannot be delivered",
        shown="an address that mail can't reach",
        play=plain(an_order(email=UNDELIVERABLE)),
        states=(*FORWARD, "ConfirmedNotNotified"),
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="closing-mail-rejected",
        what_fails="the card is declined, and the customer cannot be told",
        play=plain({**DECLINED, "email": UNDELIVERABLE}),
        states=("ValidateOrder", "ChargePayment", "RefundPayment", *CLOSING),
        status="FAILED",
        failure="payment_declined",
    ),
    Journey(
        key="refund-refused",
        what_fails="the last unit is gone, and Stripe takes no refund for longer than the retries last",
        play=REFUND_REFUSED,
        states=(
            "ValidateOrder",
            "ChargePayment",
            "ReserveInventory",
            "ReleaseInventory",
            "RefundPayment",
            "FlagForOperator",
            "NeedsAttention",
        ),
        status="NEEDS_ATTENTION",
        failure="out_of_stock",
        money="charged",
        retried="RefundPayment",
    ),
    Journey(
        key="refunded-again",
        what_fails="the same, and the saga is run again when Stripe is back",
        play=run_again(REFUND_REFUSED),
        states=("ValidateOrder", *UNDO),
        status="FAILED",
        failure="out_of_stock",
        money="refunded",
    ),
    Journey(
        key="confirmed-again",
        what_fails="the saga is run again for a confirmed order",
        play=run_again(plain(an_order())),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="closed-again",
        what_fails="the saga is run again for a closed order",
        play=run_again(plain(DECLINED)),
        states=("ValidateOrder", *UNDO),
        status="FAILED",
        failure="payment_declined",
    ),
)

DECLINED_STATES: Final = ("ValidateOrder", "ChargePayment", "RefundPayment", *CLOSING)
FLAGGED_STATES: Final = (
    "ValidateOrder",
    "ReleaseInventory",
    "RefundPayment",
    "FlagForOperator",
    "NeedsAttention",
)


def _declined(card: str, message: str) -> Journey:
    return Journey(
        key=card,
        what_fails=f"the card is declined: `{card}`",
        play=plain(an_order(payment_method=f"pm_card_visa_{card}")),
        states=DECLINED_STATES,
        status="FAILED",
        failure="payment_declined",
        message=message,
    )


PAYMENT_JOURNEYS: Final = (
    _declined("chargeDeclined", "The card was declined."),
    _declined("chargeDeclinedInsufficientFunds", "The card has insufficient funds."),
    _declined("chargeDeclinedExpiredCard", "The card has expired."),
    _declined("chargeDeclinedIncorrectCvc", "The card's security code is not right."),
    _declined("chargeDeclinedProcessingError", "The bank could not process the payment."),
    _declined("chargeDeclinedLostCard", "The card was declined."),
    Journey(
        key="unknown-payment-method",
        what_fails="the payment method does not exist",
        play=plain(an_order(payment_method="pm_nobody_knows_it")),
        states=DECLINED_STATES,
        status="FAILED",
        failure="payment_declined",
        message="The payment method is not valid.",
    ),
    Journey(
        key="too-little",
        what_fails="the order costs less than Stripe charges",
        play=plain(an_order(("PENNY-NAIL", 1))),
        states=("ValidateOrder", *CLOSING),
        status="FAILED",
        failure="amount_not_chargeable",
        message="An order costs at least 0.50 USD; this one costs 0.01 USD.",
    ),
    Journey(
        key="approved-but-declined",
        what_fails="the customer approves, and then the bank declines",
        play=answered_by_the_customer(approves=True, submission=APPROVED_BUT_DECLINED),
        states=WAITED_IN_VAIN,
        status="FAILED",
        failure="payment_declined",
        message="The card has insufficient funds.",
    ),
    Journey(
        key="duplicate-webhooks",
        what_fails="the customer approves, and every webhook comes three times",
        shown="every webhook three times",
        play=with_duplicate_webhooks(answered_by_the_customer(approves=True)),
        states=WAITING,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="late-webhooks",
        what_fails="the customer approves, and all webhooks come late, shuffled and several times",
        play=approved_with_late_webhooks,
        states=WAITING,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="cancelled-while-asked",
        what_fails="the customer cancels the order instead of approving the payment",
        play=cancelled_while_asked,
        states=("ValidateOrder", *UNDO),
        status="CANCELLED",
        failure="cancelled_by_customer",
    ),
    Journey(
        key="decided-later",
        what_fails="the bank takes its time, and then pays",
        play=decided_later(success=True),
        states=WAITING,
        status="CONFIRMED",
        money="charged",
    ),
    Journey(
        key="declined-later",
        what_fails="the bank takes its time, and then declines",
        play=decided_later(success=False),
        states=WAITED_IN_VAIN,
        status="FAILED",
        failure="payment_declined",
    ),
    Journey(
        key="refund-error-stored",
        what_fails="the order is cancelled, and Stripe fails at the refund and would replay that failure",
        play=cancelled_once_confirmed(
            an_order(),
            lambda world, order_id: world.stripe.set_fault("error_before", path=REFUND, order_id=order_id),
        ),
        states=("ValidateOrder", *UNDO),
        status="CANCELLED",
        failure="cancelled_by_customer",
        money="refunded",
        retried="RefundPayment",
    ),
    Journey(
        key="cancel-error-stored",
        what_fails="the card is declined, and Stripe fails at cancelling the payment",
        play=with_stripe_faults(DECLINED, StripeFault("error_before", CANCEL)),
        states=DECLINED_STATES,
        status="FAILED",
        failure="payment_declined",
        retried="RefundPayment",
    ),
    Journey(
        key="refund-pending",
        what_fails="the order is cancelled, and Stripe leaves the refund open",
        play=cancelled_with_refund("pending"),
        states=FLAGGED_STATES,
        status="NEEDS_ATTENTION",
        failure="cancelled_by_customer",
        money="charged",
    ),
    Journey(
        key="refund-failed",
        what_fails="the order is cancelled, and the refund fails",
        play=cancelled_with_refund("failed"),
        states=FLAGGED_STATES,
        status="NEEDS_ATTENTION",
        failure="cancelled_by_customer",
        money="charged",
    ),
    Journey(
        key="refunded-by-hand",
        what_fails="the order is cancelled, and a colleague refunds it in Stripe's dashboard first",
        play=cancelled_and_refunded_by_hand(None),
        states=("ValidateOrder", *UNDO),
        status="CANCELLED",
        failure="cancelled_by_customer",
        money="refunded",
    ),
    Journey(
        key="partly-refunded-by-hand",
        what_fails="the order is cancelled, and a colleague refunds a part of it first",
        play=cancelled_and_refunded_by_hand(100),
        states=("ValidateOrder", *UNDO),
        status="CANCELLED",
        failure="cancelled_by_customer",
        money="refunded in two parts",
    ),
)
"""What Stripe, banks and customers can do: docs/payments.md is written from these, and tests play them."""


def differences(world: World, journey: Journey, played: Played) -> list[str]:
    """Say in what a journey ended other than it should.

    Args:
        world: Where it was played.
        journey: What it should have come to.
        played: What it came to.
    """
    order = world.shop.signed_in(played.customer_id).get_order(played.order_id)
    visits = world.executions.visits(played.execution)
    payments = [payment for payment in world.stripe.payments() if payment.order_id == played.order_id]
    charges, refunds = sum(each.charges for each in payments), sum(each.refunds for each in payments)
    expected_and_seen = {
        "states": (list(journey.states), [visit.name for visit in visits]),
        "execution": (journey.execution, world.executions.status(played.execution)),
        "status": (journey.status, order["status"]),
        "failure": (journey.failure, order["failure"]["code"] if "failure" in order else None),
        "message": (journey.message, order["failure"]["message"] if journey.message else None),
        "charges and refunds": (_CHARGES_AND_REFUNDS[journey.money], (charges, refunds)),
        "retried": (journey.retried, next((visit.name for visit in visits if visit.attempts > 1), None)),
    }
    return [
        f"{what}: {seen}, expected {expected}"
        for what, (expected, seen) in expected_and_seen.items()
        if seen != expected
    ]
