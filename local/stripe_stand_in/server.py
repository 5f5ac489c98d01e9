"""The way of a request through the stand-in: ledger, faults, idempotency key, API, and back."""

from dataclasses import replace

from aiohttp import web

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.api import StripeApi
from local.stripe_stand_in.dashboard import Dashboard
from local.stripe_stand_in.deliveries import Deliveries
from local.stripe_stand_in.exchange import Answer, ApiRequest, error
from local.stripe_stand_in.faults import Fault, Faults
from local.stripe_stand_in.idempotency import IdempotencyKeys
from local.stripe_stand_in.ledger import Call, Ledger
from local.stripe_stand_in.localstripe_process import Localstripe
from local.stripe_stand_in.outcomes import Outcomes
from local.stripe_stand_in.steering import Steering, refuse_nonsense


class StandIn:
    """Stripe's HTTP API under `/v1/`, its webhooks, and beside them the endpoints of `Steering`."""

    def __init__(self, localstripe: Localstripe) -> None:
        self._localstripe = localstripe
        self._deliveries = Deliveries()
        self._account = Account(localstripe, self._deliveries.take)
        self._outcomes = Outcomes()
        self._api = StripeApi(self._account, self._outcomes)
        self._faults = Faults()
        self._keys = IdempotencyKeys()
        self._ledger = Ledger()

    def application(self) -> web.Application:
        """The routes."""
        steering = Steering(
            account=self._account,
            dashboard=Dashboard(self._api, self._account),
            deliveries=self._deliveries,
            faults=self._faults,
            ledger=self._ledger,
            outcomes=self._outcomes,
        )
        app = web.Application(middlewares=[refuse_nonsense])
        app.cleanup_ctx.append(self._deliveries.connected)
        app.add_routes(
            [
                web.route("*", "/v1/{path:.*}", self._call),
                web.post("/_config/webhooks/{id}", self._register_webhook),
                *steering.routes(),
            ]
        )
        return app

    def let_go(self) -> None:
        """End all waiting, so that the server can end."""
        self._faults.clear()

    async def _call(self, http: web.Request) -> web.Response:
        request = await ApiRequest.read(http)
        call = self._ledger.arrived(request)
        answer = await self._answer(replace(request, request_id=call.request_id), call)
        if http.transport is None:  # the client did not wait
            return web.Response()
        if answer is None:
            http.transport.abort()
            return web.Response()
        call.status, call.replayed = answer.status, answer.replayed
        headers = {"Request-Id": call.request_id}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return web.json_response(answer.body, status=answer.status, headers=headers)

    async def _answer(self, request: ApiRequest, call: Call) -> Answer | None:
        """The answer, or None when the client is to get none."""
        if request.api_key is None:
            return error(401, "Invalid API Key provided.", executed=False)
        fault = self._faults.strike(call, "refuse", "hang", "rate_limit", "unavailable")
        if fault is not None:
            return await self._turned_away(fault)
        answer = await self._keys.once(request, lambda: self._execute(request, call))
        self._ledger.learn(call, answer.body)
        return None if self._faults.strike(call, "lose_reply") else answer

    async def _turned_away(self, fault: Fault) -> Answer | None:
        match fault.kind:
            case "rate_limit":
                return error(429, "Request rate limit exceeded.", executed=False, code="rate_limit")
            case "unavailable":
                return error(503, "Service temporarily unavailable.", executed=False, type="api_error")
            case "hang":
                await self._faults.hang(fault.seconds)
        return None

    async def _execute(self, request: ApiRequest, call: Call) -> Answer:
        broken = error(500, "An unknown error occurred.", type="api_error")
        if self._faults.strike(call, "hold"):
            await self._faults.park()
        if self._faults.strike(call, "error_before"):
            return broken
        answer = await self._api.execute(request)
        self._ledger.learn(call, answer.body)
        return broken if self._faults.strike(call, "error_after") else answer

    async def _register_webhook(self, http: web.Request) -> web.Response:
        status, body = await self._localstripe.pass_on(http.path, await http.read(), http.content_type)
        return web.Response(status=status, body=body)
