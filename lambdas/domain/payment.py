"""Payments and refunds as the payment provider reports them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lambdas.domain.vocabulary import EventType

_AUTHORIZATION_SECONDS: Final = 7 * 24 * 60 * 60
"""When Stripe cancels a payment that nobody captures, after its creation
(https://docs.stripe.com/api/payment_intents/capture)."""


@dataclass(frozen=True, slots=True)
class Charge:
    """An attempt of Stripe to take the money of a payment. A payment of this service has at most one.

    Attributes:
        charge_id: Id of Stripe's Charge, `ch_...`.
        amount: Minor units.
        status: See https://docs.stripe.com/api/charges/object#charge_object-status.
        created: Seconds since 1970.
    """

    charge_id: str
    amount: int
    status: str
    created: int


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment at one moment. The provider is Stripe: ids, states and actions are in its words.

    Attributes:
        intent_id: Id of Stripe's PaymentIntent, `pi_...`.
        status: See https://docs.stripe.com/payments/paymentintents/lifecycle.
        currency: ISO 4217 code, lower case.
        created: Seconds since 1970.
        amount_received: Minor units that the customer paid.
        amount_refunded: Minor units of them that were refunded. What was only authorized and then released is
            no part of it, although Stripe calls that a refund, too.
        amount_capturable: Minor units that the bank reserves for us, and that are not captured yet.
        capture_before: When the authorization expires, in seconds since 1970; None if nobody said, and if the
            charge was not just retrieved.
        order_id: The order that it pays for; None if it belongs to no order.
        service: The service that made it, such as `orders-prod`; None if it was made by something else.
        next_action: What the customer has to do.
        client_secret: Secret with which the customer's browser takes that action.
        decline: Why the last attempt was declined, in a sentence for the customer.
        disputed: Whether the customer's bank has disputed the charge; it stays true after the dispute.
        charge: The last charge; None if there is none, or if the payment was not just retrieved.
    """

    intent_id: str
    status: str
    currency: str = ""
    created: int = 0
    amount_received: int = 0
    amount_refunded: int = 0
    amount_capturable: int = 0
    capture_before: int | None = None
    order_id: str | None = None
    service: str | None = None
    next_action: Mapping[str, Any] | None = None
    client_secret: str | None = None
    decline: str | None = None
    disputed: bool = False
    charge: Charge | None = None

    @property
    def is_paid(self) -> bool:
        """Whether the customer paid, and nothing was refunded."""
        return self.status == "succeeded" and not self.amount_refunded

    @property
    def is_authorized(self) -> bool:
        """Whether the bank reserves the money for us, and nothing is captured."""
        return self.status == "requires_capture"

    @property
    def is_paid_or_held(self) -> bool:
        """Whether the order can be confirmed: the customer paid, or their bank reserves the money."""
        return self.is_paid or self.is_authorized

    @property
    def amount_taken(self) -> int:
        """Minor units that were paid, refunds not subtracted, or that the bank reserves for us."""
        return self.amount_received + self.amount_capturable

    @property
    def amount_released(self) -> int:
        """Minor units that were authorized and will not be captured; Stripe can list them as a refund."""
        authorized = self.charge.amount if self.charge else 0
        return max(authorized - self.amount_taken, 0)

    @property
    def authorized_until(self) -> int:
        """When the bank stops reserving the money, in seconds since 1970; Stripe's default if nobody said."""
        return self.capture_before or self.created + _AUTHORIZATION_SECONDS

    @property
    def amount_held(self) -> int:
        """Minor units that were paid and not refunded, or that the bank reserves for us."""
        return self.amount_taken - self.amount_refunded


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund at one moment.

    Attributes:
        refund_id: Id of Stripe's Refund, `re_...`.
        amount: Minor units.
        status: See https://docs.stripe.com/api/refunds/object#refund_object-status.
        attempt: The attempt of the saga that its metadata names; None if it names none. Other tools can write
            metadata, too, so it proves nothing by itself.
        created: Seconds since 1970.
    """

    refund_id: str
    amount: int
    status: str
    attempt: str | None = None
    created: int = 0

    @property
    def counts(self) -> bool:
        """Whether the customer has the money, or will get it without anybody's help."""
        return self.status in {"succeeded", "pending"}


class DisputeState(StrEnum):
    """What has become of a dispute. If a payment has several, the first of these states counts."""

    OPEN = "open"
    LOST = "lost"
    WON = "won"
    """We keep the money: the bank decided for us, or its inquiry led to nothing."""

    @property
    def event(self) -> EventType:
        """The type of its event, and its entry in the order's timeline."""
        return {
            DisputeState.OPEN: EventType.PAYMENT_DISPUTED,
            DisputeState.LOST: EventType.PAYMENT_DISPUTE_LOST,
            DisputeState.WON: EventType.PAYMENT_DISPUTE_WON,
        }[self]

    @classmethod
    def of(cls, disputes: "Iterable[Dispute]") -> "DisputeState | None":
        """The state of all disputes of a payment together; None if there are none."""
        states = {dispute.state for dispute in disputes}
        return next((state for state in cls if state in states), None)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute at one moment: the customer's bank takes the payment back, or asks about it.

    Attributes:
        dispute_id: Id of Stripe's Dispute, `du_...`.
        status: See https://docs.stripe.com/api/disputes/object#dispute_object-status.
    """

    dispute_id: str
    status: str

    @property
    def state(self) -> DisputeState:
        """Whether the dispute is over, and for whom."""
        match self.status:
            case "won" | "warning_closed" | "prevented":
                return DisputeState.WON
            case "lost":
                return DisputeState.LOST
            case _:
                return DisputeState.OPEN
