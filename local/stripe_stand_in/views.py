"""localstripe's objects in the form in which the Stripe API returns them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.stripe_stand_in.cards import GENERIC_DECLINE, Card, Decline

_FIELDS_WITHOUT_VALUE: Final = {"canceled_at": None, "cancellation_reason": None, "description": None}
"""Fields of a PaymentIntent that localstripe does not have. Stripe returns them as null."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Facts about objects that localstripe does not keep.

    Attributes:
        cards: The test cards behind payment methods, by the id of the payment method.
        next_actions: What customers have to do if their bank asks for it, by the id of the PaymentIntent.
        disputes: The disputes by the id of their charge, the oldest first.
        refunds: The PaymentIntents of refunds by the id of the refund, the oldest first.
        failed_refunds: Minor units of failed and canceled refunds, by the id of the charge.
    """

    cards: dict[str, Card] = field(default_factory=dict)
    next_actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    failed_refunds: Counter[str] = field(default_factory=Counter)

    def decline(self, payment_method: str | None) -> Decline:
        """Why charges of a payment method are declined."""
        card = self.cards.get(payment_method or "")
        return (card and card.decline) or GENERIC_DECLINE


def payment_intent(raw: Mapping[str, Any], notes: Notes, expand: Iterable[str] = ()) -> dict[str, Any]:
    """A PaymentIntent as Stripe returns it.

    Args:
        raw: As localstripe returns it, always with the charge expanded.
        notes: What localstripe does not keep.
        expand: The paths that the caller wants expanded.
    """
    intent = {**_FIELDS_WITHOUT_VALUE, **raw, "amount_received": 0, "payment_method_types": ["card"]}
    del intent["charges"]  # gone from Stripe's API since 2022-11-15
    if raw["status"] == "requires_payment_method":
        intent["payment_method"] = None
    if raw["next_action"] is not None:
        intent["next_action"] = notes.next_actions[raw["id"]]
    if raw["latest_charge"] is not None:
        # Stripe copies the metadata of an intent to its charges when it creates them.
        charged = charge({**raw["latest_charge"], "metadata": raw["metadata"]}, notes)
        expanded = any(path.removeprefix("data.").split(".")[0] == "latest_charge" for path in expand)
        intent["latest_charge"] = charged if expanded else charged["id"]
        intent["amount_received"] = charged["amount"] if is_captured(charged) else 0
        intent["last_payment_error"] = _failure(charged, notes)
    elif raw["last_payment_error"] is not None:  # the customer did not pass 3-D Secure
        intent["last_payment_error"] = {"type": "invalid_request_error", **raw["last_payment_error"]}
    return intent


def charge(raw: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """A charge as Stripe returns it: with the reason of its decline, and without its failed refunds.

    Pending refunds count as refunded, as they do at Stripe.
    """
    refunded = raw["amount_refunded"] - notes.failed_refunds[raw["id"]]
    shown = {
        **raw,
        "amount_refunded": refunded,
        "refunded": refunded >= raw["amount"],
        "disputed": raw["id"] in notes.disputes,  # also when the dispute was won
    }
    del shown["refunds"]  # only expanded since 2022-11-15
    if raw["status"] != "failed":
        return shown
    decline = notes.decline(raw["payment_method"])
    return {**shown, "failure_code": decline.code, "failure_message": decline.message}


def refund(raw: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """A refund as Stripe returns it: with its PaymentIntent, also where the charge was named."""
    fields = {name: value for name, value in raw.items() if name != "date"}
    return {**fields, "payment_intent": notes.refunds[raw["id"]]}


def is_captured(charge: Mapping[str, Any] | None) -> bool:
    """Whether the customer paid a charge; it may be refunded since."""
    return charge is not None and charge["status"] == "succeeded" and charge["captured"]


def _failure(charge: Mapping[str, Any], notes: Notes) -> dict[str, Any] | None:
    if charge["status"] != "failed":
        return None
    decline = notes.decline(charge["payment_method"])
    decline_code = {} if decline.decline_code is None else {"decline_code": decline.decline_code}
    return {
        "type": "card_error",
        "code": decline.code,
        **decline_code,
        "message": decline.message,
        "charge": charge["id"],
    }
