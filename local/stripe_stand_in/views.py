"""localstripe's objects in the shape that Stripe gives them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from local.stripe_stand_in.cards import GENERIC_DECLINE, Decline

_FIELDS_WITHOUT_VALUE: Final = {"canceled_at": None, "cancellation_reason": None, "description": None}
"""Fields of a PaymentIntent that localstripe does not have and that Stripe shows as null."""


def payment_intent(
    raw: Mapping[str, Any], declines: Mapping[str, Decline], expand: Iterable[str] = ()
) -> dict[str, Any]:
    """A PaymentIntent as Stripe shows it.

    Args:
        raw: As localstripe shows it, which always expands the charge.
        declines: How payment methods fail, by their ids.
        expand: The paths that the caller wants expanded.
    """
    intent = {**_FIELDS_WITHOUT_VALUE, **raw, "amount_received": 0, "payment_method_types": ["card"]}
    del intent["charges"]  # gone from Stripe's API since 2022-11-15
    if raw["status"] == "requires_payment_method":
        intent["payment_method"] = None
    if raw["latest_charge"] is not None:
        charged = charge(raw["latest_charge"], declines)
        expanded = any(path.removeprefix("data.").split(".")[0] == "latest_charge" for path in expand)
        intent["latest_charge"] = charged if expanded else charged["id"]
        intent["amount_received"] = charged["amount"] if is_captured(charged) else 0
        intent["last_payment_error"] = _failure(charged, declines)
    elif raw["last_payment_error"] is not None:  # the customer did not pass 3-D Secure
        intent["last_payment_error"] = {"type": "invalid_request_error", **raw["last_payment_error"]}
    return intent


def charge(raw: Mapping[str, Any], declines: Mapping[str, Decline]) -> dict[str, Any]:
    """A charge as Stripe shows it, with the true reason of its failure."""
    if raw["status"] != "failed":
        return dict(raw)
    decline = declines.get(raw["payment_method"], GENERIC_DECLINE)
    return {**raw, "failure_code": decline.code, "failure_message": decline.message}


def is_captured(charge: Mapping[str, Any] | None) -> bool:
    """Whether a charge took the customer's money (and maybe gave it back later)."""
    return charge is not None and charge["status"] == "succeeded" and charge["captured"]


def _failure(charge: Mapping[str, Any], declines: Mapping[str, Decline]) -> dict[str, Any] | None:
    if charge["status"] != "failed":
        return None
    decline = declines.get(charge["payment_method"], GENERIC_DECLINE)
    decline_code = {} if decline.decline_code is None else {"decline_code": decline.decline_code}
    return {
        "type": "card_error",
        "code": decline.code,
        **decline_code,
        "message": decline.message,
        "charge": charge["id"],
    }
