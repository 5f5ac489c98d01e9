"""The ledger of calls: what was asked of Stripe, in which order, and what was answered."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from local.stripe_stand_in.exchange import ApiRequest

_MOST_CALLS: Final = 50_000
"""The oldest calls are forgotten first; `Call.n` shows that some are."""


@dataclass(slots=True)
class Call:
    """One call of the Stripe API.

    Attributes:
        n: Counts the calls in the order of their arrival, from 1.
        at: When it arrived: UTC, ISO 8601.
        method: The HTTP method.
        path: The path, without the query.
        order_id: The order in the metadata of the request, or of the PaymentIntent that it is about.
        intent_id: The PaymentIntent that it is about, or that it made.
        idempotency_key: As it was sent.
        status: The HTTP status of the answer; None while there is none, and for ever if it got none.
        replayed: Whether the answer was kept from an earlier call.
        fault: The kind of the fault that struck it, the last one if there were several.
    """

    n: int
    at: str
    method: str
    path: str
    order_id: str | None
    intent_id: str | None
    idempotency_key: str | None
    status: int | None = None
    replayed: bool = False
    fault: str | None = None

    @property
    def request_id(self) -> str:
        """`req_...`, by which the answer and the events name it."""
        return f"req_{self.n}"


class Ledger:
    """All calls, the latest last."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_MOST_CALLS)
        self._arrived = 0
        self._orders: dict[str, str] = {}

    def arrived(self, request: ApiRequest) -> Call:
        """Write down that a request came."""
        self._arrived += 1
        call = Call(
            n=self._arrived,
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            method=request.method,
            path=request.path,
            order_id=request.order_id or self._orders.get(request.intent_id or ""),
            intent_id=request.intent_id,
            idempotency_key=request.idempotency_key,
        )
        self._calls.append(call)
        return call

    def learn(self, call: Call, body: dict[str, Any]) -> None:
        """Complete a call by the PaymentIntent that its answer shows, and remember that intent's order."""
        intent = (
            body if body.get("object") == "payment_intent" else body.get("error", {}).get("payment_intent")
        )
        if intent is None:
            return
        call.intent_id = intent["id"]
        order_id = intent["metadata"].get("order_id")
        if order_id is not None:
            call.order_id = order_id
            self._orders[intent["id"]] = order_id
            if len(self._orders) > _MOST_CALLS:
                del self._orders[next(iter(self._orders))]

    def calls(self, order_id: str | None = None) -> list[Call]:
        """All calls in the order of their arrival, or those of one order."""
        return [call for call in self._calls if order_id in {None, call.order_id}]
