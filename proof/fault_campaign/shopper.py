"""The people of a case: a patient customer and a patient operator, who ask again when they get no answer."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from cli.shapes import Submission
from local.users import CUSTOMER, OPERATOR
from local.waiting import wait_for
from local.world import World

_PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Shopper:
    """Whoever sends requests to the shop.

    Attributes:
        world: Where the shop is.
    """

    world: World

    def submit(self, submission: Submission, key: str | None = None) -> str:
        """Submit an order until it is accepted, always under the same key; returns the order's id."""
        key = key or str(uuid.uuid4())
        answer = self._insist(lambda: self.world.shop.post_order(submission, key))
        return str(answer.raise_for_status().json()["order_id"])

    def cancel(self, order_id: str, *, by: str = CUSTOMER) -> bool:
        """Ask to cancel until there is an answer; returns whether there was something to cancel."""
        return self._insist(lambda: self._post(f"/orders/{order_id}/cancel", by)).is_success

    def retry(self, order_id: str) -> bool:
        """Be the operator who asks for one more execution; returns whether there was something to retry."""
        return self._insist(lambda: self._post(f"/orders/{order_id}/retry", OPERATOR)).is_success

    def restock(self, sku: str, units: int) -> None:
        """Be the operator who adds a delivery to what is on the shelf."""
        path, headers = f"/inventory/{sku}/restock", {"Idempotency-Key": str(uuid.uuid4())}
        answer = self._insist(
            lambda: self.world.shop.signed_in(OPERATOR).request(
                "POST", path, headers=headers, json={"quantity": units}
            )
        )
        answer.raise_for_status()

    def _post(self, path: str, name: str) -> httpx.Response:
        return self.world.shop.signed_in(name).request("POST", path)

    def _insist(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        def answer() -> httpx.Response | None:
            try:
                answered = ask()
            except httpx.TransportError:
                return None
            is_turned_away = answered.status_code == httpx.codes.TOO_MANY_REQUESTS
            return None if answered.is_server_error or is_turned_away else answered

        return wait_for(answer, "an answer", timeout_seconds=_PATIENCE_SECONDS, pause_seconds=_PAUSE_SECONDS)
