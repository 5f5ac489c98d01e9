"""The shop's calls to Stripe about one order, made with the real SDK."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

import stripe

from local.stripe_stand_in.exchange import FAIL_HEADER
from local.stripe_stand_in.payments import StripePayment
from local.stripe_stand_in.shell.deliveries import Delivery
from local.stripe_stand_in.stand_in_client import StandInClient


@dataclass
class Shop:
    client: stripe.StripeClient
    stand_in: StandInClient
    order_id: str = field(default_factory=lambda: f"order-{uuid4()}")

    def intend(
        self,
        payment_method: str = "pm_card_visa",
        *,
        amount: int = 2500,
        confirm: bool = False,
        key: str | None = None,
        capture_method: Literal["automatic", "manual"] = "automatic",
    ) -> stripe.PaymentIntent:
        return self.client.v1.payment_intents.create(
            {
                "amount": amount,
                "currency": "usd",
                "payment_method": payment_method,
                "allowed_payment_method_types": ["card"],
                "capture_method": capture_method,
                "description": "a CRUNCHY-ARMCHAIR",
                "metadata": {"order_id": self.order_id},
                "confirm": confirm,
            },
            _keyed(key),
        )

    def confirm(
        self,
        intent: stripe.PaymentIntent,
        key: str | None = None,
        fail: str | None = None,
        params: stripe.params.PaymentIntentConfirmParams | None = None,
    ) -> stripe.PaymentIntent:
        options = _keyed(key)
        if fail is not None:
            options["headers"] = {FAIL_HEADER: fail}
        return self.client.v1.payment_intents.confirm(intent.id, params or {}, options)

    def card(self, number: str = "4242424242424242") -> str:
        """A payment method as a customer's browser makes it."""
        details: stripe.params.PaymentMethodCreateParamsCard = {
            "number": number,
            "exp_month": 12,
            "exp_year": 2040,
            "cvc": "123",
        }
        return self.client.v1.payment_methods.create({"type": "card", "card": details}).id

    def pay(self) -> stripe.PaymentIntent:
        return self.confirm(self.intend())

    def authorize(self, payment_method: str = "pm_card_visa") -> stripe.PaymentIntent:
        return self.confirm(self.intend(payment_method, capture_method="manual"))

    def capture(
        self, intent: stripe.PaymentIntent, amount: int | None = None, key: str | None = None
    ) -> stripe.PaymentIntent:
        params: stripe.params.PaymentIntentCaptureParams = {}
        if amount is not None:
            params["amount_to_capture"] = amount
        return self.client.v1.payment_intents.capture(intent.id, params, _keyed(key))

    def retrieve(self, intent: stripe.PaymentIntent, expand: list[str] | None = None) -> stripe.PaymentIntent:
        return self.client.v1.payment_intents.retrieve(intent.id, {"expand": expand or []})

    def listed(
        self,
        since: int,
        to: int | None = None,
        *,
        limit: int = 100,
        starting_after: str | None = None,
        expand: list[str] | None = None,
    ) -> stripe.ListObject[stripe.PaymentIntent]:
        params: stripe.params.PaymentIntentListParams = {
            "created": {"gte": since} if to is None else {"gte": since, "lt": to},
            "limit": limit,
            "expand": expand or [],
        }
        if starting_after is not None:
            params["starting_after"] = starting_after
        return self.client.v1.payment_intents.list(params)

    def cancel(self, intent: stripe.PaymentIntent) -> stripe.PaymentIntent:
        return self.client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    def refund(
        self, intent: stripe.PaymentIntent, amount: int | None = None, key: str | None = None
    ) -> stripe.Refund:
        params: stripe.params.RefundCreateParams = {
            "payment_intent": intent.id,
            "reason": "requested_by_customer",
            "metadata": {"order_id": self.order_id},
        }
        if amount is not None:
            params["amount"] = amount
        return self.client.v1.refunds.create(params, _keyed(key))

    def charge(self, intent: stripe.PaymentIntent) -> stripe.Charge:
        charge = self.retrieve(intent, expand=["latest_charge"]).latest_charge
        assert isinstance(charge, stripe.Charge)
        return charge

    def payment(self) -> StripePayment:
        """The one payment of this order."""
        [payment] = self.payments()
        return payment

    def payments(self) -> list[StripePayment]:
        """The payments of this order, the oldest first."""
        return [each for each in self.stand_in.payments() if each.order_id == self.order_id]

    def deliveries(self) -> list[Delivery]:
        """The deliveries of this order's events."""
        return self.stand_in.deliveries(self.order_id)

    def another_order(self) -> "Shop":
        return Shop(self.client, self.stand_in)


def intent_in(error: stripe.StripeError) -> stripe.PaymentIntent:
    assert error.error is not None
    assert error.error.payment_intent is not None
    return error.error.payment_intent


def _keyed(key: str | None) -> stripe.RequestOptions:
    return {} if key is None else {"idempotency_key": key}
