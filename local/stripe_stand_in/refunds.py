"""Refunds (https://docs.stripe.com/refunds): how they are made, and how banks decide about them later."""

from http import HTTPStatus
from typing import Any, Final

from local.stripe_stand_in import views
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.bank_outcomes import BankOutcomeKind, BankOutcomes
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error, invalid
from local.stripe_stand_in.pages import page

_STATUSES: Final[dict[BankOutcomeKind, str]] = {
    "refund_pending": "pending",
    "refund_requires_action": "requires_action",
    "refund_failed": "failed",
    "refund_canceled": "canceled",
}

_MONEY_STAYS: Final = frozenset({"failed", "canceled"})
"""The statuses in which a refund no longer counts in the charge's `amount_refunded`."""

_FILTERS: Final = frozenset({"charge", "payment_intent"})


class Refunds:
    """The refunds of an account; each method is to be called through `Account.exclusively`.

    Raises:
        RefusedError: From every method, if the refund or the change is not possible.
    """

    def __init__(self, account: Account, outcomes: BankOutcomes) -> None:
        self._account = account
        self._outcomes = outcomes
        self._localstripe = account.localstripe

    async def create(self, request: ApiRequest) -> Answer:
        """Refund a charge (https://docs.stripe.com/api/refunds/create)."""
        charge, intent = await self._to_refund(request)
        left = charge["amount"] - charge["amount_refunded"]
        amount = request.param("amount") or str(left)
        if charge["disputed"]:  # the outcome of the dispute does not matter
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            return error(400, message, code="charge_disputed")
        if left <= 0:
            message = f"Charge {charge['id']} has already been refunded."
            return error(400, message, code="charge_already_refunded")
        if not amount.isdecimal() or int(amount) == 0:
            raise invalid("Invalid positive integer", "parameter_invalid_integer", "amount")
        if int(amount) > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            return error(400, message, param="amount")
        order_id = intent["metadata"].get("order_id")
        if self._outcomes.take(order_id, "refund_refused"):
            return error(400, "This charge cannot be refunded because the card has been closed.")
        made = await self._account.ask(
            request.having(amount=amount, charge=charge["id"], payment_intent=None)
        )
        if made.status != HTTPStatus.OK:
            return made
        return Answer(HTTPStatus.OK, await self._made(made.body, charge, intent, request))

    async def list_page(self, request: ApiRequest) -> Answer:
        """A page of refunds, the newest first (https://docs.stripe.com/api/refunds/list)."""
        intent_id, charge_id = request.intent_id, request.param("charge")
        refunds = await self._localstripe.list_all("/v1/refunds")
        if intent_id is not None:
            await self._account.find("payment_intent", intent_id, "payment_intent")
            refunds = [each for each in refunds if self._account.notes.refunds[each["id"]] == intent_id]
        if charge_id is not None:
            await self._account.find("charge", charge_id, "charge")
            refunds = [each for each in refunds if each["charge"] == charge_id]
        listed = page(request, "refund", self._newest_first(refunds), _FILTERS)
        return Answer(HTTPStatus.OK, self._account.view(listed))

    async def finish(self, intent_id: str, refund_id: str | None, *, success: bool) -> Answer:
        """Decide about a pending refund of a payment, the oldest one unless one is named."""
        refund = await self._find(intent_id, refund_id, "pending", newest=False)
        return await self._change(refund, "succeeded" if success else "failed")

    async def fail(self, intent_id: str, refund_id: str | None) -> Answer:
        """Fail a refund that had succeeded, the newest one unless one is named."""
        return await self._change(await self._find(intent_id, refund_id, "succeeded", newest=True), "failed")

    async def _to_refund(self, request: ApiRequest) -> tuple[dict[str, Any], dict[str, Any]]:
        """The charge, as Stripe returns it, and its PaymentIntent."""
        intent_id, charge_id = request.intent_id, request.param("charge")
        what = f"PaymentIntent ({intent_id})"
        if intent_id is None:
            if charge_id is None:
                raise invalid("Provide one of these: payment_intent, charge.", "parameter_missing")
            charge = await self._account.find("charge", charge_id, "charge")
            intent_id, what = charge["payment_intent"] or "", f"charge ({charge_id})"
        intent = await self._account.find("payment_intent", intent_id, "payment_intent")
        charge = intent["latest_charge"]
        if not views.is_captured(charge):
            raise RefusedError(error(400, f"This {what} does not have a successful charge to refund."))
        return self._account.view(charge), intent

    async def _made(
        self, refund: dict[str, Any], charge: dict[str, Any], intent: dict[str, Any], request: ApiRequest
    ) -> dict[str, Any]:
        """Apply the outcome to a new refund, report it, and return the refund as it is then."""
        self._account.notes.refunds[refund["id"]] = intent["id"]
        card = self._account.notes.cards.get(charge["payment_method"])
        outcome = self._outcomes.take(intent["metadata"].get("order_id"), *_STATUSES)
        if outcome is None and card is not None and card.refunds == "succeed_later":
            outcome = "refund_pending"
            self._account.plan(lambda: self.finish(intent["id"], refund["id"], success=True))
        elif outcome is None and card is not None and card.refunds == "fail_later":
            self._account.plan(lambda: self.fail(intent["id"], refund["id"]))
        status = "succeeded" if outcome is None else _STATUSES[outcome]
        refund = await self._set_status(refund, status)
        self._account.report("refund.created", refund, intent, request)
        if status == "failed":
            self._account.report("refund.failed", refund, intent, request)
        if status not in _MONEY_STAYS:
            intent = await self._account.find("payment_intent", intent["id"], "payment_intent")
            self._account.report_charge("charge.refunded", intent, request)
        return refund

    async def _change(self, refund: dict[str, Any], status: str) -> Answer:
        """Change the status as the bank says, and report that."""
        intent = await self._account.find("payment_intent", refund["payment_intent"], "payment_intent")
        refund = await self._set_status(refund, status)
        self._account.report(
            "refund.failed" if status == "failed" else "refund.updated", refund, intent, None
        )
        return Answer(HTTPStatus.OK, refund)

    async def _set_status(self, refund: dict[str, Any], status: str) -> dict[str, Any]:
        if status != refund["status"]:
            await self._localstripe.overwrite(f"/v1/refunds/{refund['id']}", {"status": status})
        if status in _MONEY_STAYS:
            self._account.notes.failed_refunds[refund["charge"]] += refund["amount"]
        return self._account.view({**refund, "status": status})

    async def _find(
        self, intent_id: str, refund_id: str | None, status: str, *, newest: bool
    ) -> dict[str, Any]:
        intent = await self._account.find("payment_intent", intent_id, "intent")
        charge = intent["latest_charge"]
        refunds = await self._localstripe.list_all("/v1/refunds", charge=charge["id"]) if charge else []
        found = [
            each
            for each in self._newest_first(refunds)
            if each["status"] == status and refund_id in {None, each["id"]}
        ]
        if not found:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no refund that is {status}."))
        return self._account.view(found[0 if newest else -1])

    def _newest_first(self, refunds: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """In the order of their creation; localstripe knows only the second."""
        order = {refund_id: n for n, refund_id in enumerate(self._account.notes.refunds)}
        return sorted(refunds, key=lambda refund: order[refund["id"]], reverse=True)
