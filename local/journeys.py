"""The journeys of an order: what fails, which states are visited, and how it ends.

One list for three readers: the tests play every journey against the deployed state machine, the demo plays
some of them for a person, and the table in README.md is written from it.
"""

from dataclasses import dataclass
from typing import Final

from local.plays import (
    CONFIRM,
    CREATE,
    REFUND,
    RETRIEVE,
    UNDELIVERABLE,
    Play,
    Played,
    StripeFault,
    an_order,
    cancelled_while_charging,
    plain,
    race_for_the_last_unit,
    run_again,
    twice,
    with_stripe_faults,
)
from local.world import World

FORWARD: Final = ("ValidateOrder", "ChargePayment", "ReserveInventory", "NotifyCustomer")
CLOSING: Final = ("CloseOrder", "NotifyCustomerOfClosure", "OrderClosed")
UNDO: Final = ("ReleaseInventory", "RefundPayment", *CLOSING)


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
    shown: str = ""

    @property
    def execution(self) -> str:
        """How the execution ends: it fails only where a human is needed."""
        return "FAILED" if self.states[-1] == "NeedsAttention" else "SUCCEEDED"


_CHARGES_AND_REFUNDS: Final = {"none": (0, 0), "charged": (1, 0), "refunded": (1, 1)}

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
        play=with_stripe_faults(an_order(), StripeFault("lose_reply", CONFIRM)),
        states=FORWARD,
        status="CONFIRMED",
        money="charged",
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
        what_fails="the customer asks to cancel while the card is being charged",
        play=cancelled_while_charging(an_order()),
        states=("ValidateOrder", "ChargePayment", "RefundPayment", *CLOSING),
        status="CANCELLED",
        failure="cancelled_by_customer",
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


def differences(world: World, journey: Journey, played: Played) -> list[str]:
    """Say in what a journey ended other than it should.

    Args:
        world: Where it was played.
        journey: What it should have come to.
        played: What it came to.
    """
    order = world.shop.get_order(played.order_id, customer_id=played.customer_id)
    visits = world.executions.visits(played.execution)
    payments = [payment for payment in world.stripe.payments() if payment.order_id == played.order_id]
    charges, refunds = sum(each.charges for each in payments), sum(each.refunds for each in payments)
    expected_and_seen = {
        "states": (list(journey.states), [visit.state for visit in visits]),
        "execution": (journey.execution, world.executions.status(played.execution)),
        "status": (journey.status, order["status"]),
        "failure": (journey.failure, order["failure"]["code"] if "failure" in order else None),
        "charges and refunds": (_CHARGES_AND_REFUNDS[journey.money], (charges, refunds)),
        "retried": (journey.retried, next((visit.state for visit in visits if visit.attempts > 1), None)),
    }
    return [
        f"{what}: {seen}, expected {expected}"
        for what, (expected, seen) in expected_and_seen.items()
        if seen != expected
    ]
