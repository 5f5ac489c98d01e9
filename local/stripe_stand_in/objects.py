"""The objects of the Stripe API when they are new, with the fields that Stripe's API reference shows.

An object is never changed: `Account.change` replaces it. So answers and events keep what they have shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from local.stripe_stand_in.cards import Card, Decline
from local.stripe_stand_in.exchange import ApiRequest

_NO_BILLING_DETAILS: Final = {
    "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
    **dict.fromkeys(("email", "name", "phone", "tax_id")),
}

_NO_EVIDENCE: Final[dict[str, Any]] = {
    **dict.fromkeys(
        (
            *("access_activity_log", "billing_address", "cancellation_policy"),
            *("cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication"),
            *("customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature"),
            *("duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id"),
            *("product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
            *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address"),
            *("shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number"),
            *("uncategorized_file", "uncategorized_text"),
        )
    ),
    "enhanced_evidence": {},
}

_DAYS_FOR_EVIDENCE: Final = 9
_DAY_SECONDS: Final = 24 * 60 * 60


def payment_intent(request: ApiRequest, payment_method: str | None) -> dict[str, Any]:
    """A PaymentIntent as a request creates it (https://docs.stripe.com/api/payment_intents/object)."""
    allowed = request.items("allowed_payment_method_types") or None
    return {
        "object": "payment_intent",
        "allowed_payment_method_types": allowed,
        "amount": request.whole_number("amount", 0),
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": request.param("capture_method") or "automatic_async",
        "confirmation_method": "automatic",
        "currency": (request.param("currency") or "").lower(),
        "customer": request.param("customer"),
        "description": request.param("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": request.fields("metadata"),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": payment_method,
        "payment_method_options": {},
        "payment_method_types": allowed or ["card"],
        "processing": None,
        "receipt_email": request.param("receipt_email"),
        "review": None,
        "setup_future_usage": request.param("setup_future_usage"),
        "shipping": None,
        "source": None,
        "statement_descriptor": request.param("statement_descriptor"),
        "statement_descriptor_suffix": request.param("statement_descriptor_suffix"),
        "status": "requires_confirmation" if payment_method else "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def charge(
    intent: Mapping[str, Any], payment_method: Mapping[str, Any], decision: Mapping[str, Any]
) -> dict[str, Any]:
    """A charge (https://docs.stripe.com/api/charges/object).

    Stripe copies the metadata of a PaymentIntent to its charges when it creates them.

    Args:
        intent: Its PaymentIntent.
        payment_method: What is charged.
        decision: The fields that the bank's decision sets, from one of the next functions.
    """
    copied = ("amount", "currency", "customer", "description", "metadata", "receipt_email", "shipping")
    return {
        "object": "charge",
        **{name: intent[name] for name in copied},
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "billing_details": payment_method["billing_details"],
        "calculated_statement_descriptor": "ORDERS",
        "disputed": False,
        "failure_balance_transaction": None,
        "fraud_details": {},
        "livemode": False,
        "on_behalf_of": None,
        "payment_intent": intent["id"],
        "payment_method": payment_method["id"],
        "payment_method_details": {"type": "card", "card": _card_details(payment_method["card"])},
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "transfer_data": None,
        "transfer_group": None,
        **decision,
    }


def charge_succeeded(amount: int, balance_transaction: str | None) -> dict[str, Any]:
    """The fields of a charge that the bank has accepted."""
    return {
        "balance_transaction": balance_transaction,
        "status": "succeeded",
        "paid": True,
        "captured": True,
        "amount_captured": amount,
        "failure_code": None,
        "failure_message": None,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
    }


def charge_authorized(payment_method: Mapping[str, Any], capture_before: int) -> dict[str, Any]:
    """The fields of a charge whose amount the bank holds until it is captured.

    Args:
        payment_method: What is charged.
        capture_before: When the authorization expires, in Unix seconds.
    """
    return {
        **charge_succeeded(0, None),
        "captured": False,
        "payment_method_details": {
            "type": "card",
            "card": {**_card_details(payment_method["card"]), "capture_before": capture_before},
        },
    }


def charge_failed(decline: Decline) -> dict[str, Any]:
    """The fields of a charge that the bank has declined."""
    return {
        "balance_transaction": None,
        "status": "failed",
        "paid": False,
        "captured": False,
        "amount_captured": 0,
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": {
            "network_status": "declined_by_network",
            "reason": decline.decline_code or decline.code,
            "risk_level": "normal",
            "seller_message": "The bank did not accept the payment.",
            "type": "issuer_declined",
        },
    }


def charge_pending(*, captured: bool) -> dict[str, Any]:
    """The fields of a charge that the bank has not decided about.

    Args:
        captured: Whether the money moves as soon as the bank agrees.
    """
    return {
        "balance_transaction": None,
        "status": "pending",
        "paid": False,
        "captured": captured,
        "amount_captured": 0,
        "failure_code": None,
        "failure_message": None,
        "outcome": None,
    }


def refund(
    request: ApiRequest, charge: Mapping[str, Any], amount: int, status: str, balance_transaction: str
) -> dict[str, Any]:
    """A refund as a request creates it (https://docs.stripe.com/api/refunds/object)."""
    asked = {"metadata": request.fields("metadata"), "reason": request.param("reason")}
    return {**_refund(charge, amount, status), **asked, "balance_transaction": balance_transaction}


def release(charge: Mapping[str, Any], amount: int, reason: str | None) -> dict[str, Any]:
    """The refund that Stripe creates when it releases an authorized amount that was not captured.

    It looks like a refund, but no money moves: it has no balance transaction.

    Args:
        charge: The charge.
        amount: Minor units that will not be captured.
        reason: `expired_uncaptured_charge`, or None.
    """
    return {**_refund(charge, amount, "succeeded"), "reason": reason, "balance_transaction": None}


def _refund(charge: Mapping[str, Any], amount: int, status: str) -> dict[str, Any]:
    return {
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "currency": charge["currency"],
        "destination_details": {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "receipt_number": None,
        "source_transfer_reversal": None,
        "transfer_reversal": None,
        **refund_status(status),
    }


def refund_status(status: str) -> dict[str, Any]:
    """The fields of a refund in a status; some are only there in that status."""
    more = {"pending": {"pending_reason": "processing"}, "failed": {"failure_reason": "unknown"}}
    return {"status": status, **more.get(status, {})}


def dispute(charge: Mapping[str, Any], now: int) -> dict[str, Any]:
    """A dispute about a fraudulent payment (https://docs.stripe.com/api/disputes/object)."""
    return {
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": _NO_EVIDENCE,
        "evidence_details": {
            "due_by": now + _DAYS_FOR_EVIDENCE * _DAY_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {
                "brand": "visa",
                "case_type": "chargeback",
                "network": "visa",
                "network_reason_code": "10.4",
            },
        },
        "reason": "fraudulent",
        "status": "needs_response",
    }


def payment_method(card: Card, exp_month: int, exp_year: int, metadata: dict[str, str]) -> dict[str, Any]:
    """A payment method of a card (https://docs.stripe.com/api/payment_methods/object)."""
    return {
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _NO_BILLING_DETAILS,
        "card": {
            "brand": card.brand,
            "checks": dict.fromkeys(("address_line1_check", "address_postal_code_check", "cvc_check")),
            "country": "US",
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "funding": "credit",
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "customer": None,
        "livemode": False,
        "metadata": metadata,
        "type": "card",
    }


def customer(request: ApiRequest) -> dict[str, Any]:
    """A customer as a request creates it (https://docs.stripe.com/api/customers/object)."""
    return {
        "object": "customer",
        "address": None,
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": request.param("description"),
        "email": request.param("email"),
        "invoice_settings": dict.fromkeys(
            ("custom_fields", "default_payment_method", "footer", "rendering_options")
        ),
        "livemode": False,
        "metadata": request.fields("metadata"),
        "name": request.param("name"),
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def is_captured(charge: Mapping[str, Any] | None) -> bool:
    """Whether the customer paid a charge; it may be refunded since."""
    return charge is not None and charge["status"] == "succeeded" and charge["captured"]


def card_error(decline: Decline, payment_method: Mapping[str, Any] | None, charge_id: str) -> dict[str, Any]:
    """The error of a declined charge (https://docs.stripe.com/declines)."""
    return {
        "type": "card_error",
        "charge": charge_id,
        "code": decline.code,
        **({} if decline.decline_code is None else {"decline_code": decline.decline_code}),
        "doc_url": _doc_url(decline.code),
        "message": decline.message,
        "payment_method": payment_method,
    }


def authentication_error(payment_method: Mapping[str, Any] | None) -> dict[str, Any]:
    """The error of a payment whose customer did not pass 3-D Secure."""
    code = "payment_intent_authentication_failure"
    return {
        "type": "invalid_request_error",
        "code": code,
        "doc_url": _doc_url(code),
        "message": (
            "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a "
            "new PaymentMethod to attempt to fulfill this PaymentIntent again."
        ),
        "payment_method": payment_method,
    }


def _card_details(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a charge shows of the card of its payment method."""
    copied = ("brand", "checks", "country", "exp_month", "exp_year", "funding", "last4", "regulated_status")
    return {
        **{name: card[name] for name in copied},
        **dict.fromkeys(("installments", "mandate", "three_d_secure", "wallet")),
        "network": card["brand"],
    }


def _doc_url(code: str) -> str:
    return f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
