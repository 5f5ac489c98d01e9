"""The account: localstripe's objects as Stripe returns them, changed one at a time, and their events."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from local.stripe_stand_in import views
from local.stripe_stand_in.events import EVENTS_OF_STATUS, Event, new_event
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, missing
from local.stripe_stand_in.localstripe_process import Localstripe
from local.stripe_stand_in.payments import StripePayment, read_payments


class Account:
    """The state behind the API and the dashboard.

    Attributes:
        localstripe: Keeps the objects.
        notes: Facts about them that localstripe does not keep.
    """

    def __init__(self, localstripe: Localstripe, deliver: Callable[[Event], None]) -> None:
        self.localstripe = localstripe
        self.notes = views.Notes()
        self._deliver = deliver
        self._one_at_a_time = asyncio.Lock()  # what a change has checked is still true when it is made

    async def exclusively(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a change while no other is made; returns its answer, or the error that rejects it."""
        async with self._one_at_a_time:
            try:
                return await act()
            except RefusedError as refused:
                return refused.answer

    async def payments(self) -> list[StripePayment]:
        """All payments, at a moment between two changes."""
        async with self._one_at_a_time:
            return await read_payments(self.localstripe)

    async def find(self, kind: str, object_id: str, param: str) -> dict[str, Any]:
        """An object as localstripe returns it.

        Raises:
            RefusedError: There is none; the error names the parameter `param`.
        """
        found = await self.localstripe.get(f"/v1/{kind}s/{quote(object_id, safe='')}")
        if found is None:
            raise missing(404, kind, object_id, param)
        return found

    def view(self, body: Mapping[str, Any], expand: Iterable[str] = ()) -> dict[str, Any]:
        """An object as Stripe returns it."""
        match body.get("object"):
            case "payment_intent":
                return views.payment_intent(body, self.notes, expand)
            case "charge":
                return views.charge(body, self.notes)
            case "list":
                return {**body, "data": [self.view(item, expand) for item in body["data"]]}
            case _:
                return dict(body)

    def report(
        self, event_type: str, about: Mapping[str, Any], intent: Mapping[str, Any], cause: ApiRequest | None
    ) -> None:
        """Report a change; see `new_event`."""
        self._deliver(new_event(event_type, about, intent, cause))

    def report_status(self, intent: Mapping[str, Any], cause: ApiRequest | None) -> None:
        """Report that a PaymentIntent has changed to its status."""
        for event_type in EVENTS_OF_STATUS.get(intent["status"], ()):
            if event_type.startswith("payment_intent."):
                self.report(event_type, self.view(intent), intent, cause)
            elif intent["latest_charge"] is not None:  # there is none where 3-D Secure failed
                self.report_charge(event_type, intent, cause)

    def report_charge(self, event_type: str, intent: Mapping[str, Any], cause: ApiRequest | None) -> None:
        """Report a change of the charge of a PaymentIntent."""
        charge = self.view(intent, ["latest_charge"])["latest_charge"]
        self.report(event_type, charge, intent, cause)
