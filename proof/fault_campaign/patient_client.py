"""A client of the shop that repeats a request until there is an answer, whatever fault strikes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from cli.shapes import SubmissionJson
from local.users import CUSTOMER, OPERATOR
from proof.port import PlayedWorld

_TIMEOUT_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True)
class PatientClient:
    """A client for customers and operators. It repeats requests that get no answer, a 5xx or a 429.

    Attributes:
        world: The world of the shop.
        customer: The demo user who submits orders.
    """

    world: PlayedWorld
    customer: str = CUSTOMER

    def submit(self, submission: SubmissionJson) -> str:
        """Submit an order, always under the same key; returns the order's id."""
        key = str(uuid.uuid4())
        shop = self.world.shop.signed_in(self.customer)
        answer = self._repeated(lambda: shop.post_order(submission, key))
        return str(answer.raise_for_status().json()["order_id"])

    def cancel(self, order_id: str) -> bool:
        """Request a cancellation as the customer; returns whether it was accepted."""
        return self._repeated(lambda: self._post(f"/orders/{order_id}/cancel", self.customer)).is_success

    def fulfil(self, order_id: str) -> bool:
        """Fulfil an order as an operator; returns whether it was accepted."""
        return self._repeated(lambda: self._post(f"/orders/{order_id}/fulfil", OPERATOR)).is_success

    def take_back(self, order_id: str) -> bool:
        """Request a cancellation as an operator; returns whether it was accepted."""
        return self._repeated(lambda: self._post(f"/orders/{order_id}/cancel", OPERATOR)).is_success

    def refund_unit(self, order_id: str, sku: str) -> bool:
        """Refund one unit as an operator, always under the same key; returns whether it was accepted."""
        body = {"items": [{"sku": sku, "quantity": 1}], "restock": True, "reason": "It was broken."}
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        shop, path = self.world.shop.signed_in(OPERATOR), f"/orders/{order_id}/refunds"
        return self._repeated(lambda: shop.request("POST", path, headers=headers, json=body)).is_success

    def retry(self, order_id: str) -> bool:
        """Retry an order as an operator; returns whether it was accepted."""
        return self._repeated(lambda: self._post(f"/orders/{order_id}/retry", OPERATOR)).is_success

    def _post(self, path: str, name: str) -> httpx.Response:
        return self.world.shop.signed_in(name).request("POST", path)

    def _repeated(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        def answer() -> httpx.Response | None:
            try:
                answered = request()
            except httpx.TransportError:
                return None
            is_throttled = answered.status_code == httpx.codes.TOO_MANY_REQUESTS
            return None if answered.is_server_error or is_throttled else answered

        return self.world.wait_for(
            answer, "an answer", timeout_seconds=_TIMEOUT_SECONDS, pause_seconds=_PAUSE_SECONDS
        )
