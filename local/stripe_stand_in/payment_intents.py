"""PaymentIntents and their charges (https://docs.stripe.com/payments/paymentintents/lifecycle)."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from local.stripe_stand_in import objects
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.bank_outcomes import BankOutcomes
from local.stripe_stand_in.cards import GENERIC_DECLINE, Decline
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error, invalid, not_one_of
from local.stripe_stand_in.limits import AccountLimits
from local.stripe_stand_in.pages import page
from local.stripe_stand_in.payment_methods import PaymentMethods

_PARAMS_OF_CREATE: Final = (
    *("allowed_payment_method_types", "amount", "capture_method", "confirm", "currency", "customer"),
    *("description", "metadata", "payment_method", "receipt_email", "setup_future_usage"),
    *("statement_descriptor", "statement_descriptor_suffix"),
)
"""Parameters that would change the outcome of a payment and that the model does not know are not here."""

_PARAMS_OF_CONFIRM: Final = ("return_url", "use_stripe_sdk")

_CAPTURE_METHODS: Final = ("automatic", "automatic_async", "manual")

_HELD_SECONDS: Final = 7 * 24 * 60 * 60
_SHORTLY_HELD_SECONDS: Final = 12 * 60 * 60
"""How long a bank holds an authorized amount (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method)."""

_CANCELED_AFTER_SECONDS: Final = 60 * 60
"""How long Stripe takes to notice that it is held no longer."""

_MAY_BE_CANCELED: Final = (
    *("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action"),
)
_REASONS_TO_CANCEL: Final = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")

_INTENT_FILTERS: Final = ("created[gte]", "created[lt]")
_END_OF_TIME: Final = 1 << 40


class PaymentIntents:
    """The PaymentIntents of an account and their charges.

    Args:
        account: The account.
        methods: Its payment methods.
        outcomes: Decisions of banks.
        limits: The limits of the account.
        bank_url: URL of the page on which customers approve payments; the PaymentIntent's id follows it.

    Raises:
        RefusedError: From every method, if the request is rejected or the bank declines.
    """

    def __init__(
        self,
        account: Account,
        methods: PaymentMethods,
        outcomes: BankOutcomes,
        limits: AccountLimits,
        bank_url: str,
    ) -> None:
        self._account = account
        self._methods = methods
        self._outcomes = outcomes
        self._limits = limits
        self._bank_url = bank_url

    def create(self, request: ApiRequest) -> dict[str, Any]:
        """Create one, and confirm it if asked to (https://docs.stripe.com/api/payment_intents/create)."""
        if request.items("payment_method_types"):
            message = "Use allowed_payment_method_types instead (since API version 2026-09-30.endive)."
            raise invalid(message, "payment_method_types_no_longer_supported", "payment_method_types")
        request.ensure_known(*_PARAMS_OF_CREATE, *_PARAMS_OF_CONFIRM)
        for name in ("amount", "currency"):
            if request.param(name) is None:
                raise invalid(f"Missing required param: {name}.", "parameter_missing", name)
        if request.param("capture_method") not in {None, *_CAPTURE_METHODS}:
            raise not_one_of(_CAPTURE_METHODS, "capture_method")
        self._limits.ensure_amount(request)
        if request.param("customer") is not None:
            self._account.find("customer", request.param("customer") or "", "customer")
        intent = self._account.add(objects.payment_intent(request, self._methods.chosen(request)))
        secret = self._account.new_id(f"{intent['id']}_secret")
        intent = self._account.change(intent, client_secret=secret)
        self._account.report("payment_intent.created", intent, intent, request)
        return self._pay(intent, request) if request.param("confirm") == "true" else intent

    def confirm(self, request: ApiRequest, intent_id: str) -> dict[str, Any]:
        """Confirm one (https://docs.stripe.com/api/payment_intents/confirm)."""
        request.ensure_known("payment_method", *_PARAMS_OF_CONFIRM)
        intent = self._find(intent_id)
        payment_method = self._methods.chosen(request)
        if intent["status"] == "requires_action":  # Stripe asks the customer again
            return intent
        if payment_method is not None and intent["status"] in {
            "requires_payment_method",
            "requires_confirmation",
        }:
            intent = self._account.change(
                intent, payment_method=payment_method, status="requires_confirmation"
            )
        return self._pay(intent, request)

    def authenticate(self, request: ApiRequest, intent_id: str) -> dict[str, Any]:
        """Pass or fail 3-D Secure, as the customer does; an endpoint of the stand-in, not of Stripe."""
        intent = self._find(intent_id)
        if request.param("client_secret") != intent["client_secret"]:
            raise RefusedError(error(401, "The client_secret is not that of this PaymentIntent."))
        self._ensure_status(intent, "authenticate", ("requires_action",))
        intent = self._account.change(intent, next_action=None)
        if request.param("success") == "true":
            return self._charge(intent, request)
        payment_method = self._account.get("payment_method", intent["payment_method"])
        intent = self._failed(intent, objects.authentication_error(payment_method))
        self._account.report("payment_intent.payment_failed", intent, intent, request)  # no charge was made
        return intent

    def cancel(self, request: ApiRequest, intent_id: str) -> dict[str, Any]:
        """Cancel one (https://docs.stripe.com/api/payment_intents/cancel)."""
        request.ensure_known("cancellation_reason")
        reason = request.param("cancellation_reason")
        if reason not in {None, *_REASONS_TO_CANCEL}:
            raise not_one_of(_REASONS_TO_CANCEL, "cancellation_reason")
        intent = self._find(intent_id)
        self._ensure_status(intent, "cancel", _MAY_BE_CANCELED)
        if intent["status"] == "requires_capture":
            self._release(intent, intent["amount_capturable"], None, request)
        return self._canceled(intent, reason, request)

    def capture(self, request: ApiRequest, intent_id: str) -> dict[str, Any]:
        """Capture an authorized amount (https://docs.stripe.com/api/payment_intents/capture).

        If that is less than the authorized amount, the rest is released.
        """
        request.ensure_known("amount_to_capture")
        intent = self._find(intent_id)
        self._ensure_status(intent, "capture", ("requires_capture",))
        charge = self._account.find("charge", intent["latest_charge"], "charge")
        capturable = intent["amount_capturable"]
        amount = request.whole_number("amount_to_capture", capturable)
        if not 0 < amount <= capturable:
            message = f"The amount to capture must be between 1 and {capturable}."
            raise RefusedError(error(400, message, code="amount_too_large", param="amount_to_capture"))
        if self._account.clock() >= charge["payment_method_details"]["card"]["capture_before"]:
            message = f"Charge {charge['id']} can no longer be captured: its authorization has expired."
            code = "charge_expired_for_capture"
            raise RefusedError(error(400, message, code=code, payment_intent=intent))
        if self._outcomes.take(intent["metadata"].get("order_id"), "capture_refused"):
            raise _refused_by_bank(intent, self._card_error(intent, GENERIC_DECLINE))
        charge = self._account.change(
            charge, captured=True, amount_captured=amount, balance_transaction=self._account.new_id("txn")
        )
        intent = self._account.change(intent, status="succeeded", amount_capturable=0, amount_received=amount)
        if request.api_key is None:
            self._account.captured_by_hand.add(intent_id)
        self._account.report("charge.captured", charge, intent, request)
        if amount < capturable:
            self._release(intent, capturable - amount, None, request)
        self._account.report("payment_intent.succeeded", intent, intent, request)
        return intent

    def expire(self, intent_id: str) -> dict[str, Any]:
        """Cancel one because its authorization has expired, as Stripe does after some days."""
        intent = self._find(intent_id)
        self._ensure_status(intent, "expire", ("requires_capture",))
        charge = self._release(intent, intent["amount_capturable"], "expired_uncaptured_charge", None)
        self._account.report("charge.expired", charge, intent, None)
        return self._canceled(intent, "automatic", None)

    def list_page(self, request: ApiRequest) -> dict[str, Any]:
        """A page of them, the newest first (https://docs.stripe.com/api/payment_intents/list)."""
        since, to = (
            request.whole_number("created[gte]", 0),
            request.whole_number("created[lt]", _END_OF_TIME),
        )
        intents = [
            intent
            for intent in self._account.newest_first("payment_intent")
            if since <= intent["created"] < to
        ]
        return page(request, "payment_intent", intents, _INTENT_FILTERS)

    def finish_processing(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Decide about a payment that is `processing`, as its bank does."""
        intent = self._find(intent_id)
        charge = self._account.charge_of(intent)
        if charge is None or intent["status"] != "processing":
            message = f"PaymentIntent {intent_id} has a status of {intent['status']}, not processing."
            raise RefusedError(error(400, message, code="payment_intent_unexpected_state"))
        if success:
            payment_method = self._account.find("payment_method", intent["payment_method"], "payment_method")
            self._account.change(charge, **self._accepted(intent, payment_method))
            intent = self._paid(intent)
        else:
            self._account.change(charge, **objects.charge_failed(GENERIC_DECLINE))
            intent = self._declined(intent, GENERIC_DECLINE)
        self._account.report_status(intent, None)
        return intent

    def _find(self, intent_id: str) -> dict[str, Any]:
        return self._account.find("payment_intent", intent_id, "intent")

    def _ensure_status(self, intent: Mapping[str, Any], action: str, allowed: tuple[str, ...]) -> None:
        if intent["status"] not in allowed:
            message = (
                f"You cannot {action} this PaymentIntent because it has a status of {intent['status']}, not "
                f"one of: {', '.join(allowed)}."
            )
            code = "payment_intent_unexpected_state"
            raise RefusedError(error(400, message, code=code, payment_intent=intent))

    def _pay(self, intent: dict[str, Any], request: ApiRequest) -> dict[str, Any]:
        """Ask the customer for 3-D Secure if the bank wants that, or else charge."""
        self._ensure_status(intent, "confirm", ("requires_confirmation",))
        self._methods.use(intent["payment_method"])
        if not self._methods.card(intent["payment_method"]).asks:
            return self._charge(intent, request)
        action = _next_action(request, f"{self._bank_url}/{intent['id']}")
        intent = self._account.change(
            intent, status="requires_action", next_action=action, last_payment_error=None
        )
        self._account.report_status(intent, request)
        return intent

    def _charge(self, intent: dict[str, Any], request: ApiRequest) -> dict[str, Any]:
        """Ask the bank for the money."""
        payment_method = self._account.find("payment_method", intent["payment_method"], "payment_method")
        decline = self._methods.card(payment_method["id"]).decline
        if decline is not None:
            self._charged(intent, payment_method, objects.charge_failed(decline))
            intent = self._declined(intent, decline)
            self._account.report_status(intent, request)
            raise _refused_by_bank(intent, intent["last_payment_error"])
        if self._outcomes.take(intent["metadata"].get("order_id"), "charge_pending"):
            pending = objects.charge_pending(captured=not _is_manual(intent))
            intent = self._charged(intent, payment_method, pending)
            intent = self._account.change(intent, status="processing")
        else:
            intent = self._paid(self._charged(intent, payment_method, self._accepted(intent, payment_method)))
        self._account.report_status(intent, request)
        return intent

    def _charged(
        self, intent: dict[str, Any], payment_method: dict[str, Any], decision: dict[str, Any]
    ) -> dict[str, Any]:
        """The intent with a new charge that the bank has decided about."""
        charge = self._account.add(objects.charge(intent, payment_method, decision))
        return self._account.change(intent, latest_charge=charge["id"], last_payment_error=None)

    def _accepted(self, intent: Mapping[str, Any], payment_method: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a charge that the bank agrees to: it is paid, or held until it is captured."""
        if not _is_manual(intent):
            return objects.charge_succeeded(intent["amount"], self._account.new_id("txn"))
        is_short = self._outcomes.take(intent["metadata"].get("order_id"), "short_hold")
        held_seconds = _SHORTLY_HELD_SECONDS if is_short else _HELD_SECONDS
        self._account.later(held_seconds + _CANCELED_AFTER_SECONDS, lambda: self._expire_later(intent["id"]))
        return objects.charge_authorized(payment_method, int(self._account.clock()) + held_seconds)

    def _paid(self, intent: dict[str, Any]) -> dict[str, Any]:
        """The intent after the bank has agreed to its latest charge."""
        if not _is_manual(intent):
            return self._account.change(intent, status="succeeded", amount_received=intent["amount"])
        return self._account.change(intent, status="requires_capture", amount_capturable=intent["amount"])

    def _expire_later(self, intent_id: str) -> None:
        with suppress(RefusedError):  # it is captured or canceled
            self.expire(intent_id)

    def _release(
        self, intent: Mapping[str, Any], amount: int, reason: str | None, cause: ApiRequest | None
    ) -> dict[str, Any]:
        """The charge after an authorized amount was given up; Stripe reports that as it reports refunds."""
        charge = self._account.find("charge", intent["latest_charge"], "charge")
        refund = self._account.add(objects.release(charge, amount, reason))
        refunded = charge["amount_refunded"] + amount
        charge = self._account.change(charge, amount_refunded=refunded, refunded=refunded >= charge["amount"])
        self._account.report("refund.created", refund, intent, cause)
        self._account.report("charge.refunded", charge, intent, cause)
        return charge

    def _canceled(
        self, intent: Mapping[str, Any], reason: str | None, cause: ApiRequest | None
    ) -> dict[str, Any]:
        """The intent after it was canceled."""
        intent = self._account.change(
            intent,
            status="canceled",
            amount_capturable=0,
            canceled_at=int(self._account.clock()),
            cancellation_reason=reason,
            next_action=None,
        )
        self._account.report_status(intent, cause)
        return intent

    def _declined(self, intent: Mapping[str, Any], decline: Decline) -> dict[str, Any]:
        """The intent after its latest charge was declined."""
        intent = self._find(intent["id"])
        return self._failed(intent, self._card_error(intent, decline))

    def _card_error(self, intent: Mapping[str, Any], decline: Decline) -> dict[str, Any]:
        payment_method = self._account.get("payment_method", intent["payment_method"])
        return objects.card_error(decline, payment_method, intent["latest_charge"])

    def _failed(self, intent: dict[str, Any], failure: dict[str, Any]) -> dict[str, Any]:
        """The intent after a failure; it needs another payment method."""
        return self._account.change(
            intent, status="requires_payment_method", payment_method=None, last_payment_error=failure
        )


def _is_manual(intent: Mapping[str, Any]) -> bool:
    """Whether its amount is held until it is captured."""
    return bool(intent["capture_method"] == "manual")


def _refused_by_bank(intent: Mapping[str, Any], failure: Mapping[str, Any]) -> RefusedError:
    return RefusedError(Answer(402, {"error": {**failure, "payment_intent": intent}}))


def _next_action(request: ApiRequest, url: str) -> dict[str, Any]:
    """What the customer has to do if the bank asks for 3-D Secure.

    It is a redirect, unless the confirmation says that Stripe.js will handle it
    (https://docs.stripe.com/api/payment_intents/confirm).
    """
    if request.param("use_stripe_sdk") == "true":
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url},
        }
    redirect = {"url": url, "return_url": request.param("return_url")}
    return {"type": "redirect_to_url", "redirect_to_url": redirect}
