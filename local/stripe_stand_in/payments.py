"""The money that moved, added up from charges and refunds."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.objects import is_captured


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
        refunds_by_hand: How many of the refunds were made in the dashboard: they have no metadata.
        failed_by_hand: How many refunds of the dashboard failed, so that their money came back.
        authorized: Minor units that the customer's bank holds until they are captured.
        captured_by_hand: Whether they were captured in the dashboard.
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
    refunds_by_hand: int = 0
    failed_by_hand: int = 0
    authorized: int = 0
    captured_by_hand: bool = False


def read_payments(account: Account) -> list[StripePayment]:
    """All payments, the oldest first."""
    charges: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for charge in account.oldest_first("charge"):
        if is_captured(charge):
            charges[charge["payment_intent"]].append(charge)
    refunds: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    failed: Counter[str] = Counter()
    for refund in account.oldest_first("refund"):
        if refund["balance_transaction"] is None:
            continue  # it released an authorization: no money moved
        if refund["status"] in {"succeeded", "pending"}:
            refunds[refund["payment_intent"]].append(refund)
        elif refund["status"] == "failed" and not refund["metadata"]:
            failed[refund["payment_intent"]] += 1
    payments = []
    for intent in account.oldest_first("payment_intent"):
        paid, given_back = charges[intent["id"]], refunds[intent["id"]]
        payments.append(
            StripePayment(
                intent_id=intent["id"],
                order_id=intent["metadata"].get("order_id"),
                amount=intent["amount"],
                currency=intent["currency"],
                status=intent["status"],
                captured=sum(charge["amount_captured"] for charge in paid),
                refunded=sum(refund["amount"] for refund in given_back),
                charges=len(paid),
                refunds=len(given_back),
                service=intent["metadata"].get("service"),
                refunds_by_hand=sum(not refund["metadata"] for refund in given_back),
                failed_by_hand=failed[intent["id"]],
                authorized=intent["amount_capturable"],
                captured_by_hand=intent["id"] in account.captured_by_hand,
            )
        )
    return payments
