"""Changes at Stripe that no call of the shop makes: by people at the dashboard, by customers and by banks."""

from typing import Final

from pydantic import ConfigDict, validate_call

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.cards import GENERIC_DECLINE
from local.stripe_stand_in.disputes import Disputes
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error
from local.stripe_stand_in.refunds import Refunds

_STRICT: Final = ConfigDict(strict=True)


class Dashboard:
    """The changes, to be made through `Account.exclusively`. Each returns the object that it made or changed.

    Raises:
        RefusedError: The change is not possible.
    """

    def __init__(self, account: Account, refunds: Refunds, disputes: Disputes) -> None:
        self._account = account
        self._refunds = refunds
        self._disputes = disputes

    @validate_call(config=_STRICT)
    async def refund(self, intent_id: str, amount: int | None = None) -> Answer:
        """Refund an amount in minor units, or all that is left of the charge."""
        params = [("payment_intent", intent_id)]
        if amount is not None:
            params.append(("amount", str(amount)))
        return await self._refunds.create(ApiRequest("POST", "/v1/refunds", tuple(params)))

    @validate_call(config=_STRICT)
    async def finish_refund(self, intent_id: str, *, success: bool, refund_id: str | None = None) -> Answer:
        """Decide about a pending refund, as a bank does; the oldest one unless one is named."""
        return await self._refunds.finish(intent_id, refund_id, success=success)

    @validate_call(config=_STRICT)
    async def fail_refund(self, intent_id: str, refund_id: str | None = None) -> Answer:
        """Fail a refund that had succeeded, as a bank does when it sends the money back."""
        return await self._refunds.fail(intent_id, refund_id)

    @validate_call(config=_STRICT)
    async def dispute(self, intent_id: str) -> Answer:
        """Dispute a charge as fraudulent, as a customer does."""
        return await self._disputes.open(intent_id)

    @validate_call(config=_STRICT)
    async def close_dispute(self, intent_id: str, *, won: bool) -> Answer:
        """Decide a dispute, as a bank does."""
        return await self._disputes.close(intent_id, won=won)

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
