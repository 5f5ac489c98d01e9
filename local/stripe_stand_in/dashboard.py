"""Changes at Stripe that no call of the shop makes: by people at the dashboard, by customers and by banks."""

from typing import Any

from local.stripe_stand_in.disputes import Disputes
from local.stripe_stand_in.exchange import ApiRequest
from local.stripe_stand_in.payment_intents import PaymentIntents
from local.stripe_stand_in.refunds import Refunds


class Dashboard:
    """The changes. Each returns the object that it made or changed.

    Raises:
        RefusedError: The change is not possible.
    """

    def __init__(self, intents: PaymentIntents, refunds: Refunds, disputes: Disputes) -> None:
        self._intents = intents
        self._refunds = refunds
        self._disputes = disputes

    def refund(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Refund an amount in minor units, or all that is left of the charge."""
        params = [("payment_intent", intent_id)]
        if amount is not None:
            params.append(("amount", str(amount)))
        return self._refunds.create(ApiRequest("POST", "/v1/refunds", tuple(params)))

    def capture(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Capture an authorized amount in minor units, or all of it."""
        params = () if amount is None else (("amount_to_capture", str(amount)),)
        return self._intents.capture(
            ApiRequest("POST", f"/v1/payment_intents/{intent_id}/capture", params), intent_id
        )

    def cancel(self, intent_id: str) -> dict[str, Any]:
        """Cancel a payment; an authorized amount is released."""
        request = ApiRequest("POST", f"/v1/payment_intents/{intent_id}/cancel")
        return self._intents.cancel(request, intent_id)

    def expire(self, intent_id: str) -> dict[str, Any]:
        """Cancel a payment whose authorization has expired, as Stripe does."""
        return self._intents.expire(intent_id)

    def finish_refund(self, intent_id: str, *, success: bool, refund_id: str | None = None) -> dict[str, Any]:
        """Decide about a refund that waits, as a bank or a customer does; the oldest unless one is named."""
        return self._refunds.finish(intent_id, refund_id, success=success)

    def fail_refund(self, intent_id: str, refund_id: str | None = None) -> dict[str, Any]:
        """Fail a refund that had succeeded, as a bank does when it sends the money back."""
        return self._refunds.fail(intent_id, refund_id)

    def dispute(self, intent_id: str) -> dict[str, Any]:
        """Dispute a charge as fraudulent, as a customer does."""
        return self._disputes.open(intent_id)

    def close_dispute(self, intent_id: str, *, won: bool) -> dict[str, Any]:
        """Decide a dispute, as a bank does."""
        return self._disputes.close(intent_id, won=won)

    def finish_processing(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Decide about a payment that is `processing`, as its bank does."""
        return self._intents.finish_processing(intent_id, success=success)
