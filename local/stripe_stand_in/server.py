"""The path of a request through the stand-in: rate limits, idempotency key, stored errors, API, and back."""

from dataclasses import replace
from secrets import token_hex

from aiohttp import web

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.api import StripeApi
from local.stripe_stand_in.bank_outcomes import BankOutcomes
from local.stripe_stand_in.dashboard import Dashboard
from local.stripe_stand_in.deliveries import Deliveries
from local.stripe_stand_in.disputes import Disputes
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error
from local.stripe_stand_in.idempotency import IdempotencyKeys
from local.stripe_stand_in.limits import AccountLimits
from local.stripe_stand_in.localstripe_process import Localstripe
from local.stripe_stand_in.refunds import Refunds
from local.stripe_stand_in.steering import Steering, reject_invalid_bodies


class StandIn:
    """Stripe's HTTP API under `/v1/`, its webhooks, and beside them the endpoints of `Steering`."""

    def __init__(self, localstripe: Localstripe) -> None:
        self._deliveries = Deliveries()
        self._account = Account(localstripe, self._deliveries.take)
        self._outcomes = BankOutcomes()
        self._refunds = Refunds(self._account, self._outcomes)
        self._disputes = Disputes(self._account)
        self._limits = AccountLimits()
        self._api = StripeApi(self._account, self._outcomes, self._limits, self._refunds, self._disputes)
        self._keys = IdempotencyKeys()

    def application(self) -> web.Application:
        """The routes."""
        dashboard = Dashboard(self._account, self._refunds, self._disputes)
        steering = Steering(self._account, dashboard, self._deliveries, self._outcomes, self._limits)
        app = web.Application(middlewares=[reject_invalid_bodies])
        app.cleanup_ctx.append(self._deliveries.connected)
        app.cleanup_ctx.append(self._account.open)
        app.add_routes([web.route("*", "/v1/{path:.*}", self._call), *steering.routes()])
        return app

    async def _call(self, http: web.Request) -> web.Response:
        request_id = f"req_{token_hex(8)}"
        answer = await self._answer(replace(await ApiRequest.read(http), request_id=request_id))
        headers = {"Request-Id": request_id, **answer.headers}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return web.json_response(answer.body, status=answer.status, headers=headers)

    async def _answer(self, request: ApiRequest) -> Answer:
        if request.api_key is None:
            return error(401, "Invalid API Key provided.", executed=False)
        try:
            self._limits.ensure_rate(request)
        except RefusedError as refused:
            return refused.answer
        return await self._keys.once(request, lambda: self._execute(request))

    async def _execute(self, request: ApiRequest) -> Answer:
        """Execute a request, or fail before or after that; Stripe stores such an error, too."""
        broken = error(500, "An unknown error occurred.", type="api_error")
        if request.fail == "before":
            return broken
        answer = await self._account.exclusively(lambda: self._api.execute(request))
        return broken if request.fail == "after" else answer
