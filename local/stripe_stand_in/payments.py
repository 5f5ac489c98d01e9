"""The money that moved, added up from localstripe's own objects."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from local.stripe_stand_in.localstripe_process import Localstripe
from local.stripe_stand_in.views import is_captured


@dataclass(frozen=True, slots=True)
class StripePayment:
    """A PaymentIntent and the money that it moved.

    Attributes:
        intent_id: `pi_...`.
        order_id: The order in the intent's metadata.
        amount: The intent's amount in minor units.
        currency: ISO code, lower case.
        status: The intent's status.
        captured: Minor units that the customer paid.
        refunded: Minor units that went back to the customer, or are on the way: pending refunds count.
        charges: How many charges succeeded.
        refunds: How many refunds succeeded or are pending.
        service: The service in the intent's metadata that made it.
    """

    intent_id: str
    order_id: str | None
    amount: int
    currency: str
    status: str
    captured: int
    refunded: int
    charges: int
    refunds: int
    service: str | None = None


async def read_payments(localstripe: Localstripe) -> list[StripePayment]:
    """All payments, the oldest first."""
    charges: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for charge in await localstripe.list_all("/v1/charges"):
        if is_captured(charge):
            charges[charge["payment_intent"]].append(charge)
    refunds: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for refund in await localstripe.list_all("/v1/refunds"):
        if refund["status"] in {"succeeded", "pending"}:
            refunds[refund["charge"]].append(refund)
    payments = []
    for intent in await localstripe.list_all("/v1/payment_intents"):
        paid = charges[intent["id"]]
        given_back = [refund for charge in paid for refund in refunds[charge["id"]]]
        payments.append(
            StripePayment(
                intent_id=intent["id"],
                order_id=intent["metadata"].get("order_id"),
                amount=intent["amount"],
                currency=intent["currency"],
                status=intent["status"],
                captured=sum(charge["amount"] for charge in paid),
                refunded=sum(refund["amount"] for refund in given_back),
                charges=len(paid),
                refunds=len(given_back),
                service=intent["metadata"].get("service"),
            )
        )
    return payments
