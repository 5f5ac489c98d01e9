"""The account: localstripe's objects as Stripe shows them, one change at a time, and its events."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from local.stripe_stand_in import views
from local.stripe_stand_in.events import EVENTS_OF_STATUS, Event, new_event
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, missing
from local.stripe_stand_in.localstripe_process import Localstripe
from local.stripe_stand_in.payments import Payment, read_payments


class Account:
    """What the API and the dashboard work on.

    Attributes:
        localstripe: Keeps the objects.
        notes: What it does not keep.
    """

    def __init__(self, localstripe: Localstripe, deliver: Callable[[Event], None]) -> None:
        self.localstripe = localstripe
        self.notes = views.Notes()
        self._deliver = deliver
        self._one_at_a_time = asyncio.Lock()  # what was checked still holds when it is changed

    async def exclusively(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do something while nobody else does, and answer it also when it is refused."""
        async with self._one_at_a_time:
            try:
                return await act()
            except RefusedError as refused:
                return refused.answer

    async def payments(self) -> list[Payment]:
        """What really happened to the money, at one moment."""
        async with self._one_at_a_time:
            return await read_payments(self.localstripe)

    async def find(self, kind: str, object_id: str, param: str) -> dict[str, Any]:
        """An object as localstripe shows it.

        Raises:
            RefusedError: There is none; names the parameter that asks for it.
        """
        found = await self.localstripe.get(f"/v1/{kind}s/{quote(object_id, safe='')}")
        if found is None:
            raise missing(404, kind, object_id, param)
        return found

    def view(self, body: Mapping[str, Any], expand: Iterable[str] = ()) -> dict[str, Any]:
        """An object as Stripe shows it."""
        match body.get("object"):
            case "payment_intent":
                return views.payment_intent(body, self.notes, expand)
            case "charge":
                return views.charge(body, self.notes)
            case "list":
                return {**body, "data": [self.view(item, expand) for item in body["data"]]}
            case _:
                return dict(body)

    def tell(
        self, event_type: str, about: Mapping[str, Any], intent: Mapping[str, Any], cause: ApiRequest | None
    ) -> None:
        """Tell what has just happened; see `new_event`."""
        self._deliver(new_event(event_type, about, intent, cause))

    def tell_status(self, intent: Mapping[str, Any], cause: ApiRequest | None) -> None:
        """Tell that a PaymentIntent has just come into its status."""
        for event_type in EVENTS_OF_STATUS.get(intent["status"], ()):
            if event_type.startswith("payment_intent."):
                self.tell(event_type, self.view(intent), intent, cause)
            elif intent["latest_charge"] is not None:  # there is none where 3-D Secure failed
                self.tell_charge(event_type, intent, cause)

    def tell_charge(self, event_type: str, intent: Mapping[str, Any], cause: ApiRequest | None) -> None:
        """Tell what has just happened to the charge of a PaymentIntent."""
        charge = self.view(intent, ["latest_charge"])["latest_charge"]
        self.tell(event_type, charge, intent, cause)
