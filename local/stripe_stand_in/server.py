"""The way of a request through the stand-in: ledger, faults, idempotency key, API, and back."""

from dataclasses import asdict

from aiohttp import web
from pydantic import ValidationError

from local.stripe_stand_in.api import StripeApi
from local.stripe_stand_in.exchange import Answer, ApiRequest, error
from local.stripe_stand_in.faults import Fault, Faults
from local.stripe_stand_in.idempotency import IdempotencyKeys
from local.stripe_stand_in.ledger import Call, Ledger
from local.stripe_stand_in.localstripe_process import Localstripe


class StandIn:
    """Stripe's HTTP API under `/v1/`, and beside it the endpoints that steer and question the stand-in."""

    def __init__(self, localstripe: Localstripe) -> None:
        self._localstripe = localstripe
        self._api = StripeApi(localstripe)
        self._faults = Faults()
        self._keys = IdempotencyKeys()
        self._ledger = Ledger()

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.add_routes(
            [
                web.route("*", "/v1/{path:.*}", self._call),
                web.post("/_config/webhooks/{id}", self._register_webhook),
                web.get("/calls", self._calls),
                web.get("/payments", self._payments),
                web.post("/_stand_in/faults", self._add_fault),
                web.delete("/_stand_in/faults", self._clear_faults),
                web.get("/_stand_in/held", self._held),
                web.post("/_stand_in/release", self._release),
            ]
        )
        return app

    def let_go(self) -> None:
        """End all waiting, so that the server can end."""
        self._faults.clear()

    async def _call(self, http: web.Request) -> web.Response:
        request = await ApiRequest.read(http)
        call = self._ledger.arrived(request)
        answer = await self._answer(request, call)
        if http.transport is None:  # the client did not wait
            return web.Response()
        if answer is None:
            http.transport.abort()
            return web.Response()
        call.status, call.replayed = answer.status, answer.replayed
        headers = {"Request-Id": f"req_{call.n}"}
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

    async def _calls(self, http: web.Request) -> web.Response:
        calls = self._ledger.calls(http.query.get("order_id"))
        return web.json_response({"calls": [asdict(call) for call in calls]})

    async def _payments(self, _: web.Request) -> web.Response:
        payments = await self._api.payments()
        return web.json_response({"payments": [asdict(payment) for payment in payments]})

    async def _add_fault(self, http: web.Request) -> web.Response:
        try:
            self._faults.add(Fault.model_validate_json(await http.read()))
        except ValidationError as invalid:
            wrong = (f"{'.'.join(map(str, e['loc'])) or 'fault'}: {e['msg']}" for e in invalid.errors())
            return web.json_response({"error": {"message": "; ".join(wrong)}}, status=400)
        return web.json_response({}, status=201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({})

    async def _held(self, _: web.Request) -> web.Response:
        return web.json_response({"held": self._faults.parked})

    async def _release(self, _: web.Request) -> web.Response:
        return web.json_response({"released": self._faults.release()})
