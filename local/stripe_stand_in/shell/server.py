"""Serves the model of Stripe over HTTP."""

import asyncio
import time
from collections.abc import Callable
from secrets import token_hex
from typing import Final

from aiohttp import web

from local.stripe_stand_in.exchange import Answer, ApiRequest
from local.stripe_stand_in.model import Stripe
from local.stripe_stand_in.shell.bank_page import BANK_PATH, BankPage
from local.stripe_stand_in.shell.deliveries import Deliveries
from local.stripe_stand_in.shell.steering import Steering, reject_invalid_bodies

_EXECUTION_SECONDS: Final = 0.005
"""How long a POST takes. Meanwhile its idempotency key is in use, as at Stripe."""


class StandIn:
    """Stripe's HTTP API under `/v1/`, its webhooks, its test page, and the endpoints of `Steering`.

    Args:
        url: URL at which it is served.
    """

    def __init__(self, url: str) -> None:
        self._deliveries = Deliveries()
        self._stripe = Stripe(time.time, _new_id, self._deliveries.take, _later, f"{url}{BANK_PATH}")

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[reject_invalid_bodies])
        app.cleanup_ctx.append(self._deliveries.connected)
        steering = Steering(self._stripe, self._deliveries)
        api = web.route("*", "/v1/{path:.*}", self._call)
        app.add_routes([api, *BankPage(self._stripe).routes(), *steering.routes()])
        return app

    async def _call(self, http: web.Request) -> web.Response:
        url = http.rel_url
        request = ApiRequest.read(
            http.method, url.raw_path, url.raw_query_string, http.headers, await http.text()
        )
        answer = await self._answer(request)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    async def _answer(self, request: ApiRequest) -> Answer:
        begun = self._stripe.begin(request)
        if isinstance(begun, Answer):
            return begun
        try:
            if request.method == "POST":
                await asyncio.sleep(_EXECUTION_SECONDS)
        finally:
            answer = begun()  # also when the client has gone: Stripe does not notice that, either
        return answer


def _new_id(prefix: str) -> str:
    return f"{prefix}_{token_hex(12)}"


def _later(seconds: float, act: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_later(seconds, act)
