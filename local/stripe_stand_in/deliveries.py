"""The delivery of events to the webhook endpoint: at least once, and as disorderly as a test wants it.

An event is sent at once. Those of one PaymentIntent wait for each other's first try, so that they come in
order; those of different ones go side by side. What the endpoint does not take (it answers other than
2xx, or not in time) is tried again later, and then nothing waits for it.
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
"""Stripe tries again for up to three days; the embedded run, which lives for minutes, for half of one."""

_MOST_EVENTS: Final = 10_000
"""The oldest events and deliveries are forgotten first."""


class DeliveryMode(BaseModel):
    """How events are delivered.

    Attributes:
        hold: Whether they are kept back until their release.
        duplicate: How many more times than once each is delivered.
        shuffle: Whether a release mixes up their order.
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
        type: The event's type.
        intent_id: The PaymentIntent that it is about.
        order_id: The order in that intent's metadata.
        attempt: Counts the tries, from 1. A duplicate has its own tries.
        status: The HTTP status of the answer; None while there is none, and for ever if it got none.
    """

    event_id: str
    type: str
    intent_id: str
    order_id: str | None
    attempt: int
    status: int | None = None


class Deliveries:
    """Takes events and delivers them to the endpoint, if there is one."""

    def __init__(self) -> None:
        self._endpoint: WebhookEndpoint | None = None
        self._mode = DeliveryMode()
        self._held: list[Event] = []
        self._events: dict[str, Event] = {}
        self._deliveries: deque[Delivery] = deque(maxlen=_MOST_EVENTS)
        self._under_way: set[asyncio.Task[None]] = set()
        # A lock lets its waiters in one after the other; it is there as long as a delivery needs it.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._http: aiohttp.ClientSession

    async def connected(self, _: web.Application) -> AsyncIterator[None]:
        """Have connections as long as the application runs."""
        # Each delivery has its own connection: an endpoint that closes an idle one has refused nothing.
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            timeout=aiohttp.ClientTimeout(total=_ANSWER_WITHIN_SECONDS),
        ) as self._http:
            yield
            stopped = self._stop()
            await asyncio.gather(*stopped, return_exceptions=True)

    def register(self, endpoint: WebhookEndpoint) -> None:
        """Deliver to this endpoint from now on, also what another one has not taken yet."""
        self._endpoint = endpoint

    def unregister(self) -> None:
        """Deliver nothing any more, not even what is under way."""
        self._endpoint = None
        self._stop()

    def set_mode(self, mode: DeliveryMode) -> None:
        """Change what `mode` sets of how events are delivered, and leave the rest as it is."""
        self._mode = self._mode.model_copy(update=mode.model_dump(exclude_unset=True))
        if not self._mode.hold:
            self._deliver_held()

    def take(self, event: Event) -> None:
        """Deliver an event when the time is come."""
        self._events[event.event_id] = event
        if len(self._events) > _MOST_EVENTS:
            del self._events[next(iter(self._events))]
        self._held.append(event)
        if not self._mode.hold:
            self._deliver_held()

    def release(self) -> int:
        """Deliver what is held and hold no more, and say how many events it was."""
        held = len(self._held)
        self.set_mode(DeliveryMode(hold=False))
        return held

    def resend(self, event_id: str) -> bool:
        """Deliver an event once more, and say whether it is known."""
        event = self._events.get(event_id)
        if event is not None:
            self._start(event)
        return event is not None

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """All tries in the order in which they began, or those of one order."""
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
        """Send an event, and say whether that is all, because the endpoint took it or does not want it."""
        endpoint = self._endpoint
        if endpoint is None or not endpoint.wants(event.type):
            return True
        delivery = Delivery(event.event_id, event.type, event.intent_id, event.order_id, attempt)
        self._deliveries.append(delivery)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(event.body, endpoint.secrets, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._http.post(
                endpoint.url, data=event.body, headers=headers, allow_redirects=False
            ) as answer:
                delivery.status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            return False
        return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _shuffled(events: list[Event]) -> list[Event]:
    """The events in any order but the given one, if there is another."""
    shuffled = list(events)
    while shuffled == events and any(event != events[0] for event in events):
        random.shuffle(shuffled)
    return shuffled
