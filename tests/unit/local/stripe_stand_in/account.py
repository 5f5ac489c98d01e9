"""An account of the model, in the test's own process."""

from collections.abc import Callable
from itertools import count
from typing import Any

from local.stripe_stand_in.events import Event
from local.stripe_stand_in.exchange import Answer, ApiRequest
from local.stripe_stand_in.model import Stripe
from tests.unit.local.stripe_stand_in.clock import Clock


class AccountUnderTest:
    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        self.planned: list[tuple[float, Callable[[], object]]] = []
        numbers = count(1)
        self.stripe = Stripe(
            self.clock,
            lambda prefix: f"{prefix}_{next(numbers):08}",
            self.events.append,
            lambda seconds, act: self.planned.append((seconds, act)),
        )

    def ask(self, method: str, path: str, key: str | None = None, **params: str) -> Answer:
        return self.stripe.handle(a_request(method, path, key, **params))

    def post(self, path: str, **params: str) -> dict[str, Any]:
        return self.ask("POST", path, **params).body

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self.ask("GET", path, **params).body

    def intend(self, payment_method: str = "pm_card_visa", **params: str) -> dict[str, Any]:
        metadata = {"metadata[order_id]": "order-1"}
        fields = {"amount": "2500", "currency": "usd", "payment_method": payment_method, **metadata}
        return self.post("payment_intents", **fields, **params)

    def pay(self) -> dict[str, Any]:
        return self.intend(confirm="true")

    def authorize(self, payment_method: str = "pm_card_visa") -> dict[str, Any]:
        return self.intend(payment_method, capture_method="manual", confirm="true")

    def authenticate(self, intent: dict[str, Any], *, success: str) -> dict[str, Any]:
        fields = {"client_secret": intent["client_secret"], "success": success}
        return self.post(f"payment_intents/{intent['id']}/_authenticate", **fields)

    def card(self, number: str = "4242424242424242") -> dict[str, Any]:
        details = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        return self.post("payment_methods", type="card", **{f"card[{k}]": v for k, v in details.items()})


def a_request(method: str, path: str, key: str | None = None, **params: str) -> ApiRequest:
    return ApiRequest(method, f"/v1/{path}", tuple(params.items()), "sk_test_a", key)
