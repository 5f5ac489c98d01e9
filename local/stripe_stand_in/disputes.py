"""Disputes (https://docs.stripe.com/disputes): how they are opened and decided, and how they are read."""

import time
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Final

from local.stripe_stand_in import views
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error, missing
from local.stripe_stand_in.pages import page

_FILTERS: Final = frozenset({"charge", "payment_intent"})
_OPEN: Final = "needs_response"


class Disputes:
    """The disputes of an account, at most one a charge; localstripe has none.

    Raises:
        RefusedError: From every method, if there is no such dispute or the change is not possible.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._disputes = account.notes.disputes

    async def open(self, intent_id: str) -> Answer:
        """Dispute a charge as fraudulent, as a customer does; Stripe takes the money back at once."""
        intent = await self._account.find("payment_intent", intent_id, "intent")
        charge = intent["latest_charge"]
        if not views.is_captured(charge) or charge["id"] in self._disputes:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no charge that can be disputed."))
        dispute = self._disputes[charge["id"]] = {
            "id": f"dp_{token_hex(12)}",
            "object": "dispute",
            "amount": charge["amount"],
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": intent_id,
            "reason": "fraudulent",
            "status": _OPEN,
        }
        self._account.report("charge.dispute.created", dispute, intent, None)
        self._account.report("charge.dispute.funds_withdrawn", dispute, intent, None)
        return Answer(HTTPStatus.OK, dispute)

    async def close(self, intent_id: str, *, won: bool) -> Answer:
        """Decide a dispute, as the bank does; if the shop has won, it gets the money again."""
        intent = await self._account.find("payment_intent", intent_id, "intent")
        charge = intent["latest_charge"]
        dispute = self._disputes.get(charge["id"]) if charge else None
        if dispute is None or dispute["status"] != _OPEN:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no dispute that is open."))
        dispute = self._disputes[charge["id"]] = {**dispute, "status": "won" if won else "lost"}
        self._account.report("charge.dispute.closed", dispute, intent, None)
        if won:
            self._account.report("charge.dispute.funds_reinstated", dispute, intent, None)
        return Answer(HTTPStatus.OK, dispute)

    async def list_page(self, request: ApiRequest) -> Answer:
        """A page of disputes, the newest first (https://docs.stripe.com/api/disputes/list)."""
        wanted = {name: value for name, value in request.params if name in _FILTERS}
        if "payment_intent" in wanted:
            await self._account.find("payment_intent", wanted["payment_intent"], "payment_intent")
        disputes: list[dict[str, Any]] = [
            dispute
            for dispute in reversed(self._disputes.values())
            if all(dispute[name] == value for name, value in wanted.items())
        ]
        return Answer(HTTPStatus.OK, page(request, "dispute", disputes, _FILTERS))

    def retrieve(self, dispute_id: str) -> Answer:
        """One dispute (https://docs.stripe.com/api/disputes/retrieve)."""
        for dispute in self._disputes.values():
            if dispute["id"] == dispute_id:
                return Answer(HTTPStatus.OK, dispute)
        raise missing(404, "dispute", dispute_id, "dispute")
