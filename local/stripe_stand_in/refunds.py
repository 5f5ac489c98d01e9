"""Refunds (https://docs.stripe.com/refunds): how they are made, and how banks decide about them later."""

from contextlib import suppress
from typing import Any, Final

from local.stripe_stand_in import objects
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.bank_outcomes import BankOutcomeKind, BankOutcomes
from local.stripe_stand_in.exchange import ApiRequest, RefusedError, error, invalid, not_one_of
from local.stripe_stand_in.pages import page
from local.stripe_stand_in.payment_methods import PaymentMethods

_STATUSES: Final[dict[BankOutcomeKind, str]] = {
    "refund_pending": "pending",
    "refund_requires_action": "requires_action",
    "refund_failed": "failed",
    "refund_canceled": "canceled",
}

_MONEY_STAYS: Final = frozenset({"failed", "canceled"})
"""The statuses in which a refund does not count in the charge's `amount_refunded`. Those that wait count:
Stripe takes the money from the balance at once, as a canceled refund's balance transaction shows
(https://docs.stripe.com/api/refunds/cancel)."""

_FILTERS: Final = ("charge", "payment_intent")
_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")

_SOME_TIME_SECONDS: Final = 1
"""How long banks take to decide about the refunds of Stripe's test cards."""


class Refunds:
    """The refunds of an account.

    Raises:
        RefusedError: From every method, if the refund or the change is not possible.
    """

    def __init__(self, account: Account, methods: PaymentMethods, outcomes: BankOutcomes) -> None:
        self._account = account
        self._methods = methods
        self._outcomes = outcomes

    def create(self, request: ApiRequest) -> dict[str, Any]:
        """Refund a charge (https://docs.stripe.com/api/refunds/create)."""
        request.ensure_known("amount", "charge", "metadata", "payment_intent", "reason")
        if request.param("reason") not in {None, *_REASONS}:
            raise not_one_of(_REASONS, "reason")
        charge, intent = self._to_refund(request)
        left = charge["amount"] - charge["amount_refunded"]
        amount = request.param("amount") or str(left)
        if charge["disputed"]:  # the outcome of the dispute does not matter
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise RefusedError(error(400, message, code="charge_disputed"))
        if left <= 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise RefusedError(error(400, message, code="charge_already_refunded"))
        if not amount.isdecimal() or int(amount) == 0:
            raise invalid("Invalid positive integer", "parameter_invalid_integer", "amount")
        if int(amount) > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise RefusedError(error(400, message, param="amount"))
        if self._outcomes.take(intent["metadata"].get("order_id"), "refund_refused"):
            raise RefusedError(error(400, "This charge cannot be refunded because the card has been closed."))
        return self._make(request, charge, intent, int(amount))

    def list_page(self, request: ApiRequest) -> dict[str, Any]:
        """A page of refunds, the newest first (https://docs.stripe.com/api/refunds/list)."""
        wanted = {name: value for name, value in request.params if name in _FILTERS}
        for name, value in wanted.items():
            self._account.find(name, value, name)
        refunds = [
            refund
            for refund in self._account.newest_first("refund")
            if all(refund[name] == value for name, value in wanted.items())
        ]
        return page(request, "refund", refunds, _FILTERS)

    def finish(self, intent_id: str, refund_id: str | None, *, success: bool) -> dict[str, Any]:
        """Decide about a refund of a payment that waits, the oldest one unless one is named.

        A refund that requires action and gets none is canceled after 45 days, and its money comes back
        (https://docs.stripe.com/payments/customer-balance/refunding).
        """
        refund = self._find(intent_id, refund_id, "pending", "requires_action")[-1]
        given_up = "failed" if refund["status"] == "pending" else "canceled"
        return self._decide(refund, "succeeded" if success else given_up)

    def fail(self, intent_id: str, refund_id: str | None) -> dict[str, Any]:
        """Fail a refund that had succeeded, the newest one unless one is named."""
        return self._decide(self._find(intent_id, refund_id, "succeeded")[0], "failed")

    def _to_refund(self, request: ApiRequest) -> tuple[dict[str, Any], dict[str, Any]]:
        """The charge and its PaymentIntent."""
        intent_id, charge_id = request.param("payment_intent"), request.param("charge")
        what = f"PaymentIntent ({intent_id})"
        if intent_id is None:
            if charge_id is None:
                raise invalid("Provide one of these: payment_intent, charge.", "parameter_missing")
            intent_id = self._account.find("charge", charge_id, "charge")["payment_intent"]
            what = f"charge ({charge_id})"
        intent = self._account.find("payment_intent", intent_id or "", "payment_intent")
        charge = self._account.charge_of(intent)
        if charge is None or not objects.is_captured(charge) or charge_id not in {None, charge["id"]}:
            raise RefusedError(error(400, f"This {what} does not have a successful charge to refund."))
        return charge, intent

    def _make(
        self, request: ApiRequest, charge: dict[str, Any], intent: dict[str, Any], amount: int
    ) -> dict[str, Any]:
        outcome = self._outcomes.take(intent["metadata"].get("order_id"), *_STATUSES)
        card = self._methods.card(charge["payment_method"])
        if outcome is None and card.refunds == "succeed_later":
            outcome = "refund_pending"
        status = "succeeded" if outcome is None else _STATUSES[outcome]
        refund = self._account.add(
            objects.refund(request, charge, amount, status, self._account.new_id("txn"))
        )
        self._account.report("refund.created", refund, intent, request)
        if status == "failed":
            self._account.report("refund.failed", refund, intent, request)
        if status not in _MONEY_STAYS:
            charge = self._refunded(charge, amount)
            self._account.report("charge.refunded", charge, intent, request)
        if card.refunds is not None:
            self._account.later(_SOME_TIME_SECONDS, lambda: self._decide_later(refund, card.refunds))
        return refund

    def _decide_later(self, refund: dict[str, Any], decision: str | None) -> None:
        intent_id, refund_id = refund["payment_intent"], refund["id"]
        with suppress(RefusedError):  # the dashboard was faster
            if decision == "succeed_later":
                self._decide(self._find(intent_id, refund_id, "pending")[0], "succeeded")
            else:
                self.fail(intent_id, refund_id)

    def _decide(self, refund: dict[str, Any], status: str) -> dict[str, Any]:
        """Change the status as the bank says, and report that."""
        intent = self._account.find("payment_intent", refund["payment_intent"], "payment_intent")
        refund = self._account.change(refund, **objects.refund_status(status))
        if status in _MONEY_STAYS:
            self._refunded(self._account.find("charge", refund["charge"], "charge"), -refund["amount"])
        event_type = "refund.failed" if status == "failed" else "refund.updated"
        self._account.report(event_type, refund, intent, None)
        return refund

    def _refunded(self, charge: dict[str, Any], amount: int) -> dict[str, Any]:
        """The charge after an amount more went back to the customer, or is on the way."""
        refunded = charge["amount_refunded"] + amount
        return self._account.change(charge, amount_refunded=refunded, refunded=refunded >= charge["amount"])

    def _find(self, intent_id: str, refund_id: str | None, *statuses: str) -> list[dict[str, Any]]:
        """The refunds of a payment in one of some statuses, the newest first, at least one."""
        self._account.find("payment_intent", intent_id, "intent")
        found = [
            refund
            for refund in self._account.newest_first("refund")
            if refund["payment_intent"] == intent_id
            and refund["status"] in statuses
            and refund["balance_transaction"] is not None
            and refund_id in {None, refund["id"]}
        ]
        if not found:
            states = " or ".join(statuses)
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no refund that is {states}."))
        return found
