"""The stand-in's own endpoints, over which it is controlled; `stand_in_client.StandInClient` calls them."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ConfigDict, TypeAdapter, ValidationError, validate_call

from local.stripe_stand_in.bank_outcomes import BankOutcome
from local.stripe_stand_in.exchange import RefusedError
from local.stripe_stand_in.limits import Limits
from local.stripe_stand_in.model import Stripe
from local.stripe_stand_in.shell.deliveries import Deliveries, DeliveryMode
from local.stripe_stand_in.webhooks import WebhookEndpoint

_ARGUMENTS: Final = TypeAdapter(dict[str, Any])
_STRICT: Final = ConfigDict(strict=True)


class Steering:
    """The endpoints of one stand-in."""

    def __init__(self, stripe: Stripe, deliveries: Deliveries) -> None:
        self._stripe = stripe
        self._deliveries = deliveries

    def routes(self) -> list[web.RouteDef]:
        """The endpoints."""
        dashboard = self._stripe.dashboard
        return [
            web.get("/payments", self._payments),
            web.post("/_stand_in/webhooks", self._register),
            web.delete("/_stand_in/webhooks", self._unregister),
            web.post("/_stand_in/delivery", self._set_delivery_mode),
            web.post("/_stand_in/delivery/release", self._release_webhooks),
            web.get("/_stand_in/deliveries", self._list_deliveries),
            web.post("/_stand_in/events/{event_id}/resend", self._resend),
            web.post("/_stand_in/outcomes", self._add_outcome),
            web.post("/_stand_in/limits", self._change_limits),
            *(
                web.post(f"/_stand_in/dashboard/{change.__name__}", _change(change))
                for change in (
                    dashboard.refund,
                    dashboard.capture,
                    dashboard.cancel,
                    dashboard.expire,
                    dashboard.finish_refund,
                    dashboard.fail_refund,
                    dashboard.dispute,
                    dashboard.close_dispute,
                    dashboard.finish_processing,
                )
            ),
        ]

    async def _payments(self, _: web.Request) -> web.Response:
        return web.json_response({"payments": [asdict(payment) for payment in self._stripe.payments()]})

    async def _register(self, http: web.Request) -> web.Response:
        self._deliveries.register(WebhookEndpoint.model_validate_json(await http.read()))
        return web.json_response({}, status=201)

    async def _unregister(self, _: web.Request) -> web.Response:
        self._deliveries.unregister()
        return web.json_response({})

    async def _set_delivery_mode(self, http: web.Request) -> web.Response:
        self._deliveries.set_mode(DeliveryMode.model_validate_json(await http.read()))
        return web.json_response({})

    async def _release_webhooks(self, _: web.Request) -> web.Response:
        return web.json_response({"released": self._deliveries.release()})

    async def _list_deliveries(self, http: web.Request) -> web.Response:
        deliveries = self._deliveries.deliveries(http.query.get("order_id"))
        return web.json_response({"deliveries": [asdict(delivery) for delivery in deliveries]})

    async def _resend(self, http: web.Request) -> web.Response:
        event_id = http.match_info["event_id"]
        if not self._deliveries.resend(event_id):
            return web.json_response({"error": {"message": f"No such event: '{event_id}'"}}, status=404)
        return web.json_response({})

    async def _add_outcome(self, http: web.Request) -> web.Response:
        self._stripe.outcomes.add(BankOutcome.model_validate_json(await http.read()))
        return web.json_response({}, status=201)

    async def _change_limits(self, http: web.Request) -> web.Response:
        self._stripe.limits.change(Limits.model_validate_json(await http.read()))
        return web.json_response({})


def _change(act: Callable[..., dict[str, Any]]) -> Handler:
    """An endpoint that calls a method of the dashboard with the arguments in the body."""
    checked = validate_call(config=_STRICT)(act)

    async def handle(http: web.Request) -> web.StreamResponse:
        arguments = _ARGUMENTS.validate_json(await http.read())
        try:
            return web.json_response(checked(**arguments))
        except RefusedError as refused:
            return web.json_response(refused.answer.body, status=refused.answer.status)

    return handle


@web.middleware
async def reject_invalid_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return `400` with the reason for a body that an endpoint does not accept."""
    try:
        return await handler(request)
    except ValidationError as invalid:
        wrong = (f"{'.'.join(map(str, e['loc'])) or invalid.title}: {e['msg']}" for e in invalid.errors())
        return web.json_response({"error": {"message": "; ".join(wrong)}}, status=400)
