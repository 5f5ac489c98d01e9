"""localstripe's objects in the shape that Stripe gives them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.stripe_stand_in.cards import GENERIC_DECLINE, Decline

_FIELDS_WITHOUT_VALUE: Final = {"canceled_at": None, "cancellation_reason": None, "description": None}
"""Fields of a PaymentIntent that localstripe does not have and that Stripe shows as null."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What localstripe does not keep about its objects.

    Attributes:
        declines: How payment methods fail, by their ids.
        disputed: The ids of the charges that were disputed.
        failed_refunds: Minor units that did not go back, by the ids of their charges.
    """

    declines: dict[str, Decline] = field(default_factory=dict)
    disputed: set[str] = field(default_factory=set)
    failed_refunds: Counter[str] = field(default_factory=Counter)


def payment_intent(raw: Mapping[str, Any], notes: Notes, expand: Iterable[str] = ()) -> dict[str, Any]:
    """A PaymentIntent as Stripe shows it.

    Args:
        raw: As localstripe shows it, which always expands the charge.
        notes: What localstripe does not keep.
        expand: The paths that the caller wants expanded.
    """
    intent = {**_FIELDS_WITHOUT_VALUE, **raw, "amount_received": 0, "payment_method_types": ["card"]}
    del intent["charges"]  # gone from Stripe's API since 2022-11-15
    if raw["status"] == "requires_payment_method":
        intent["payment_method"] = None
    if raw["latest_charge"] is not None:
        # Stripe copies an intent's metadata to its charges when it makes them.
        charged = charge({**raw["latest_charge"], "metadata": raw["metadata"]}, notes)
        expanded = any(path.removeprefix("data.").split(".")[0] == "latest_charge" for path in expand)
        intent["latest_charge"] = charged if expanded else charged["id"]
        intent["amount_received"] = charged["amount"] if is_captured(charged) else 0
        intent["last_payment_error"] = _failure(charged, notes)
    elif raw["last_payment_error"] is not None:  # the customer did not pass 3-D Secure
        intent["last_payment_error"] = {"type": "invalid_request_error", **raw["last_payment_error"]}
    return intent


def charge(raw: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """A charge as Stripe shows it: with the true reason of its failure, and without its failed refunds.

    Refunds that are pending count as refunded, as they do at Stripe.
    """
    refunded = raw["amount_refunded"] - notes.failed_refunds[raw["id"]]
    shown = {
        **raw,
        "amount_refunded": refunded,
        "refunded": refunded >= raw["amount"],
        "disputed": raw["id"] in notes.disputed,
    }
    if raw["status"] != "failed":
        return shown
    decline = notes.declines.get(raw["payment_method"], GENERIC_DECLINE)
    return {**shown, "failure_code": decline.code, "failure_message": decline.message}


def is_captured(charge: Mapping[str, Any] | None) -> bool:
    """Whether a charge took the customer's money (and maybe gave it back later)."""
    return charge is not None and charge["status"] == "succeeded" and charge["captured"]


def _failure(charge: Mapping[str, Any], notes: Notes) -> dict[str, Any] | None:
    if charge["status"] != "failed":
        return None
    decline = notes.declines.get(charge["payment_method"], GENERIC_DECLINE)
    decline_code = {} if decline.decline_code is None else {"decline_code": decline.decline_code}
    return {
        "type": "card_error",
        "code": decline.code,
        **decline_code,
        "message": decline.message,
        "charge": charge["id"],
    }
