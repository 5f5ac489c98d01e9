"""Changes at Stripe that no call of the shop makes: by people at the dashboard, by customers and by banks."""

import time
from secrets import token_hex
from typing import Any, Final

from pydantic import ConfigDict, validate_call

from local.stripe_stand_in import views
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.api import StripeApi
from local.stripe_stand_in.cards import GENERIC_DECLINE
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error

_STRICT: Final = ConfigDict(strict=True)


class Dashboard:
    """The changes, to be made through `Account.exclusively`. Each returns the object that it made or changed.

    Raises:
        RefusedError: The change is not possible.
    """

    def __init__(self, api: StripeApi, account: Account) -> None:
        self._api = api
        self._account = account

    @validate_call(config=_STRICT)
    async def refund(self, intent_id: str, amount: int | None = None) -> Answer:
        """Refund an amount in minor units, or all that is left of the charge."""
        params = [("payment_intent", intent_id)]
        if amount is not None:
            params.append(("amount", str(amount)))
        return await self._api.execute(ApiRequest("POST", "/v1/refunds", tuple(params)))

    @validate_call(config=_STRICT)
    async def dispute(self, intent_id: str) -> Answer:
        """Dispute a charge as fraudulent, as a customer does."""
        intent = await self._account.find("payment_intent", intent_id, "intent")
        charge = intent["latest_charge"]
        if not views.is_captured(charge) or charge["id"] in self._account.notes.disputed:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no charge that can be disputed."))
        self._account.notes.disputed.add(charge["id"])
        dispute: dict[str, Any] = {
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
            "status": "needs_response",
        }
        self._account.report("charge.dispute.created", dispute, intent, None)
        return Answer(200, dispute)

    @validate_call(config=_STRICT)
    async def fail_refund(self, intent_id: str) -> Answer:
        """Fail the last refund that had succeeded, as a bank does when it sends the money back."""
        intent = await self._account.find("payment_intent", intent_id, "intent")
        charge = intent["latest_charge"]
        refunds = await self._account.localstripe.list_all("/v1/refunds")
        succeeded = [
            each
            for each in refunds
            if charge and each["charge"] == charge["id"] and each["status"] == "succeeded"
        ]
        if not succeeded:
            raise RefusedError(error(400, f"PaymentIntent {intent_id} has no refund that has succeeded."))
        refund = {**succeeded[-1], "payment_intent": intent_id, "status": "failed"}
        await self._account.localstripe.overwrite(f"/v1/refunds/{refund['id']}", {"status": "failed"})
        self._account.notes.failed_refunds[charge["id"]] += refund["amount"]
        self._account.report("refund.failed", refund, intent, None)
        return Answer(200, refund)

    @validate_call(config=_STRICT)
    async def finish_processing(self, intent_id: str, *, success: bool) -> Answer:
        """Decide about a payment that is `processing`, as its bank does."""
        intent = await self._account.find("payment_intent", intent_id, "intent")
        if intent["status"] != "processing":
            message = f"PaymentIntent {intent_id} has a status of {intent['status']}, not processing."
            raise RefusedError(error(400, message, code="payment_intent_unexpected_state"))
        outcome = (
            {"status": "succeeded"}
            if success
            else {
                "status": "failed",
                "failure_code": GENERIC_DECLINE.code,
                "failure_message": GENERIC_DECLINE.message,
            }
        )
        await self._account.localstripe.overwrite(f"/v1/charges/{intent['latest_charge']['id']}", outcome)
        intent = await self._account.find("payment_intent", intent_id, "intent")
        self._account.report_status(intent, None)
        return Answer(200, self._account.view(intent))
