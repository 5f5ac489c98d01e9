"""Disputes (https://docs.stripe.com/disputes): how they are opened and decided, and how they are read."""

from typing import Any, Final

from local.stripe_stand_in import objects
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.exchange import ApiRequest, RefusedError, error
from local.stripe_stand_in.pages import page

_FILTERS: Final = ("charge", "payment_intent")


class Disputes:
    """The disputes of an account, at most one a charge.

    Raises:
        RefusedError: From every method, if there is no such dispute or the change is not possible.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def open(self, intent_id: str) -> dict[str, Any]:
        """Dispute a charge as fraudulent, as a customer does; Stripe takes the money back at once."""
        intent = self._account.find("payment_intent", intent_id, "intent")
        charge = self._account.charge_of(intent)
        if charge is None or not objects.is_captured(charge) or charge["disputed"]:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no charge that can be disputed."))
        charge = self._account.change(charge, disputed=True)  # it stays so, even if the shop wins
        dispute = self._account.add(objects.dispute(charge, int(self._account.clock())))
        self._account.report("charge.dispute.created", dispute, intent, None)
        self._account.report("charge.dispute.funds_withdrawn", dispute, intent, None)
        return dispute

    def close(self, intent_id: str, *, won: bool) -> dict[str, Any]:
        """Decide a dispute, as the bank does; if the shop has won, it gets the money again."""
        intent = self._account.find("payment_intent", intent_id, "intent")
        for dispute in self._account.newest_first("dispute"):
            if (dispute["payment_intent"], dispute["status"]) == (intent_id, "needs_response"):
                break
        else:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no dispute that is open."))
        dispute = self._account.change(dispute, status="won" if won else "lost")
        self._account.report("charge.dispute.closed", dispute, intent, None)
        if won:
            self._account.report("charge.dispute.funds_reinstated", dispute, intent, None)
        return dispute

    def list_page(self, request: ApiRequest) -> dict[str, Any]:
        """A page of disputes, the newest first (https://docs.stripe.com/api/disputes/list)."""
        wanted = {name: value for name, value in request.params if name in _FILTERS}
        if "payment_intent" in wanted:
            self._account.find("payment_intent", wanted["payment_intent"], "payment_intent")
        disputes = [
            dispute
            for dispute in self._account.newest_first("dispute")
            if all(dispute[name] == value for name, value in wanted.items())
        ]
        return page(request, "dispute", disputes, _FILTERS)
