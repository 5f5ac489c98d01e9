"""The account: localstripe's objects as Stripe returns them, changed one at a time, and their events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from local.stripe_stand_in import views
from local.stripe_stand_in.events import EVENTS_OF_STATUS, Event, new_event
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, invalid, missing
from local.stripe_stand_in.localstripe_process import Localstripe
from local.stripe_stand_in.payments import StripePayment, read_payments

_SOME_TIME_SECONDS: Final = 1
"""How long banks take to decide about the refunds of Stripe's test cards."""

_ACCEPTED_AND_IGNORED: Final = frozenset(
    {
        "allowed_payment_method_types",
        "automatic_payment_methods",
        "cancellation_reason",
        "confirmation_method",
        "description",
        "error_on_requires_action",
        "off_session",
        "reason",
        "receipt_email",
        "return_url",
        "setup_future_usage",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "use_stripe_sdk",
    }
)
"""Parameters that Stripe accepts and localstripe rejects. They don't change the outcome of a payment."""


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
        self._planned: set[asyncio.Task[None]] = set()

    async def open(self, _: web.Application) -> AsyncIterator[None]:
        """Carry out planned changes as long as the application runs."""
        yield
        for change in self._planned:
            change.cancel()
        await asyncio.gather(*self._planned, return_exceptions=True)

    async def exclusively(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a change while no other is made; returns its answer, or the error that rejects it."""
        async with self._one_at_a_time:
            try:
                return await act()
            except RefusedError as refused:
                return refused.answer

    def plan(self, act: Callable[[], Awaitable[Answer]]) -> None:
        """Make a change some time later, if it is still possible then."""

        async def wait_and_act() -> None:
            await asyncio.sleep(_SOME_TIME_SECONDS)
            await self.exclusively(act)

        change = asyncio.create_task(wait_and_act())
        self._planned.add(change)
        change.add_done_callback(self._planned.discard)

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

    async def pass_on(self, request: ApiRequest) -> Answer:
        """The answer of localstripe as Stripe returns it."""
        answer = await self.ask(request)
        if answer.status != HTTPStatus.OK:
            return answer
        return replace(answer, body=self.view(answer.body, request.expand))

    async def ask(self, request: ApiRequest) -> Answer:
        """The answer of localstripe: an object as it returns it, or an error with Stripe's message."""
        given = [(name.partition("[")[0], name, value) for name, value in request.params]
        if any(root == "payment_method_types" for root, *_ in given):
            message = "Use allowed_payment_method_types instead (since API version 2026-09-30.endive)."
            raise invalid(message, "payment_method_types_no_longer_supported", "payment_method_types")
        params = [(name, value) for root, name, value in given if root not in _ACCEPTED_AND_IGNORED]
        status, body = await self.localstripe.request(request.method, request.path, params)
        if status == HTTPStatus.OK:
            return Answer(status, body)
        message = body["error"].get("message", "")
        if message.startswith("Unexpected "):
            name = message.removeprefix("Unexpected ").partition(",")[0]
            raise invalid(f"Received unknown parameter: {name}", "parameter_unknown", name)
        if status == HTTPStatus.NOT_FOUND:
            kind, _, object_id = request.path.removeprefix("/v1/").partition("/")
            raise missing(
                404, kind.removesuffix("s"), object_id, "intent" if kind == "payment_intents" else "id"
            )
        return Answer(status, body, executed=status != HTTPStatus.BAD_REQUEST)

    def view(self, body: Mapping[str, Any], expand: Iterable[str] = ()) -> dict[str, Any]:
        """An object as Stripe returns it."""
        match body.get("object"):
            case "payment_intent":
                return views.payment_intent(body, self.notes, expand)
            case "charge":
                return views.charge(body, self.notes)
            case "refund":
                return views.refund(body, self.notes)
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
