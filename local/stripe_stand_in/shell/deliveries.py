"""The delivery of events to the webhook endpoint (https://docs.stripe.com/webhooks).

Each event is delivered at least once. The first tries for the events of one PaymentIntent come one after
the other, in order; those of different PaymentIntents come in parallel. An event that the endpoint does not
accept (with 2xx, in time) is tried again later, and no other event waits for it. A test can hold events back,
repeat them and shuffle them, because Stripe guarantees neither one delivery nor an order.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from weakref import WeakValueDictionary

import aiohttp
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from local.stripe_stand_in.events import Event
from local.stripe_stand_in.webhooks import WebhookEndpoint, signature

_ANSWER_WITHIN_SECONDS: Final = 10
_PAUSES_SECONDS: Final = tuple(0.1 * 2**n for n in range(8))
"""Stripe tries again for up to three days. The embedded run lives for minutes and tries for half a minute."""

_MOST_EVENTS: Final = 10_000
"""Bounds the memory. The oldest events and deliveries are forgotten first."""


class DeliveryMode(BaseModel):
    """How events are delivered.

    Attributes:
        hold: Whether they are held back until they are released.
        duplicate: How many times each is repeated.
        shuffle: Whether a release shuffles them.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    hold: bool = False
    duplicate: int = Field(default=0, ge=0)
    shuffle: bool = False


@dataclass(slots=True)
class Delivery:
    """One try to deliver an event.

    Attributes:
        event_id: `evt_...`, the same on every try.
        type: The type of the event.
        intent_id: The PaymentIntent that it is about.
        order_id: The order in that intent's metadata.
        attempt: Counts the tries from 1, separately for each repetition of the event.
        status: The HTTP status of the answer; None until there is one.
    """

    event_id: str
    type: str
    intent_id: str
    order_id: str | None
    attempt: int
    status: int | None = None


class Deliveries:
    """Delivers events to the endpoint, if there is one."""

    def __init__(self) -> None:
        self._endpoint: WebhookEndpoint | None = None
        self._mode = DeliveryMode()
        self._held: list[Event] = []
        self._events: dict[str, Event] = {}
        self._deliveries: deque[Delivery] = deque(maxlen=_MOST_EVENTS)
        self._under_way: set[asyncio.Task[None]] = set()
        # One lock for each PaymentIntent orders the first tries. It lives as long as a delivery uses it.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._http: aiohttp.ClientSession

    async def connected(self, _: web.Application) -> AsyncIterator[None]:
        """Keep an HTTP client open as long as the application runs."""
        # Each delivery opens a connection: a kept one, closed by the endpoint, would look like a failure.
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            timeout=aiohttp.ClientTimeout(total=_ANSWER_WITHIN_SECONDS),
        ) as self._http:
            yield
            stopped = self._stop()
            await asyncio.gather(*stopped, return_exceptions=True)

    def register(self, endpoint: WebhookEndpoint) -> None:
        """Deliver to this endpoint from now on, also events that the last endpoint has not accepted yet."""
        self._endpoint = endpoint

    def unregister(self) -> None:
        """Deliver nothing from now on, and end deliveries under way."""
        self._endpoint = None
        self._stop()

    def set_mode(self, mode: DeliveryMode) -> None:
        """Change the fields that are set in `mode`; the others stay as they are."""
        self._mode = self._mode.model_copy(update=mode.model_dump(exclude_unset=True))
        if not self._mode.hold:
            self._deliver_held()

    def take(self, event: Event) -> None:
        """Deliver an event now, or after its release if events are held back."""
        self._events[event.event_id] = event
        if len(self._events) > _MOST_EVENTS:
            del self._events[next(iter(self._events))]
        self._held.append(event)
        if not self._mode.hold:
            self._deliver_held()

    def release(self) -> int:
        """Deliver held events and hold none back from now on; returns how many there were."""
        held = len(self._held)
        self.set_mode(DeliveryMode(hold=False))
        return held

    def resend(self, event_id: str) -> bool:
        """Deliver an event again; returns whether it is known."""
        event = self._events.get(event_id)
        if event is not None:
            self._start(event)
        return event is not None

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """The tries in the order in which they began, all or those of one order."""
        return [each for each in self._deliveries if order_id in {None, each.order_id}]

    def _deliver_held(self) -> None:
        events = [event for event in self._held for _ in range(1 + self._mode.duplicate)]
        self._held.clear()
        for event in _shuffled(events) if self._mode.shuffle else events:
            self._start(event)

    def _start(self, event: Event) -> None:
        turn = self._turns.setdefault(event.intent_id, asyncio.Lock())
        task = asyncio.create_task(self._deliver(event, turn))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _stop(self) -> list[asyncio.Task[None]]:
        stopped = list(self._under_way)
        for task in stopped:
            task.cancel()
        return stopped

    async def _deliver(self, event: Event, turn: asyncio.Lock) -> None:
        async with turn:
            done = await self._try(event, 1)
        for attempt, pause in enumerate(_PAUSES_SECONDS, start=2):
            if done:
                return
            await asyncio.sleep(pause)
            done = await self._try(event, attempt)

    async def _try(self, event: Event, attempt: int) -> bool:
        """Send an event; returns False if it has to be sent again."""
        endpoint = self._endpoint
        if endpoint is None or not endpoint.wants(event.type):
            return True
        delivery = Delivery(event.event_id, event.type, event.intent_id, event.order_id, attempt)
        self._deliveries.append(delivery)
        body = event.body
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, endpoint.secrets, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._http.post(
                endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                delivery.status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            return False
        return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _shuffled(events: list[Event]) -> list[Event]:
    """The events in another order, if there is one."""
    shuffled = list(events)
    while shuffled == events and any(event != events[0] for event in events):
        random.shuffle(shuffled)
    return shuffled
