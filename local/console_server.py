"""Serves the console and, at the same origin, the REST API; on this machine only.

In the cloud, CloudFront does the same (`stacks/console_stack.py`), but users sign in with Cognito. Here the
page gets the tokens of the demo users, and may act as the bank of the Stripe stand-in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import unquote

import aiohttp
import httpx
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from local.processes import REPOSITORY
from local.stripe_stand_in.stand_in_client import StandInClient
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER
from local.world import World
from stacks.constructs.console_policy import (
    OTHER_SECURITY_HEADERS,
    REQUEST_HEADERS,
    content_security_policy,
)

CONSOLE: Final = REPOSITORY / "console"
"""Folder of the page's files."""

_CONFIGURATION: Final = {"stage": "local", "api": "/v1", "bank": "/bank", "sign_in": {"kind": "local"}}

_RESPONSE_HEADERS: Final = ("Content-Type", "ETag", "Idempotent-Replayed", "Location", "Retry-After")
"""Headers of the REST API that reach the page."""

_HEADERS: Final = OTHER_SECURITY_HEADERS | {
    "Content-Security-Policy": content_security_policy(),
    "Cache-Control": "no-store",  # a reload shows edited files
}


@dataclass(frozen=True)
class DemoUser:
    """A user that the page can act as.

    Attributes:
        name: Name of the user.
        role: `customer` or `operator`.
        token: ID token of the user.
    """

    name: str
    role: str
    token: str


class ConsoleServer:
    """What the console's origin serves.

    Args:
        folder: The page's files.
        api_url: URL of the REST API.
        bank: Controls the Stripe stand-in.
        users: Returns the users; may block.
    """

    def __init__(
        self, folder: Path, *, api_url: str, bank: StandInClient, users: Callable[[], Sequence[DemoUser]]
    ) -> None:
        self._folder = folder
        self._api_url = api_url
        self._bank = bank
        self._users = users
        self._session: aiohttp.ClientSession

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[_only_for_its_own_pages])
        app.on_response_prepare.append(_add_headers)
        app.cleanup_ctx.append(self._connected)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/config.json", self._configuration),
                web.get("/users", self._list_users),
                web.post(r"/bank/{intent_id:\w+}/{answer:approve|refuse}", self._answer_bank),
                web.route("*", "/v1/{path:.*}", self._call_api),
                web.static("/", self._folder),
            ]
        )
        return app

    async def _connected(self, _: web.Application) -> AsyncIterator[None]:
        """Keep a session for the calls to the REST API."""
        async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as self._session:
            yield

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(self._folder / "index.html")

    async def _configuration(self, _: web.Request) -> web.Response:
        return web.json_response(_CONFIGURATION)

    async def _list_users(self, _: web.Request) -> web.Response:
        users = await asyncio.to_thread(self._users)
        return web.json_response([asdict(user) for user in users])

    async def _answer_bank(self, request: web.Request) -> web.Response:
        """Approve or refuse a payment (3-D Secure). The PaymentIntent stays here: it has a client secret."""
        intent_id, success = request.match_info["intent_id"], request.match_info["answer"] == "approve"
        try:
            await asyncio.to_thread(self._bank.authenticate, intent_id, success=success)
        except (ValueError, httpx.HTTPStatusError):
            return _problem(HTTPStatus.CONFLICT, "The payment does not wait for an approval")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _call_api(self, request: web.Request) -> web.Response:
        """Pass a call on to the REST API."""
        path = request.rel_url.raw_path.removeprefix("/v1")
        if ".." in unquote(path).split("/"):  # would leave the API
            raise web.HTTPNotFound
        url = URL(f"{self._api_url}{path}?{request.rel_url.raw_query_string}", encoded=True)
        headers = {name: request.headers[name] for name in REQUEST_HEADERS if name in request.headers}
        body = await request.read()
        try:
            async with self._session.request(
                request.method, url, data=body or None, headers=headers
            ) as answer:
                passed_on = {
                    name: answer.headers[name] for name in _RESPONSE_HEADERS if name in answer.headers
                }
                return web.Response(status=answer.status, body=await answer.read(), headers=passed_on)
        except aiohttp.ClientError:
            return _problem(HTTPStatus.BAD_GATEWAY, "The REST API is unreachable")


def _problem(status: HTTPStatus, title: str) -> web.Response:
    return web.json_response(
        {"title": title, "status": status}, status=status, content_type="application/problem+json"
    )


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


@web.middleware
async def _only_for_its_own_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for another host, or from a page of another origin.

    Otherwise, any website could read the users' tokens through a name of its own that resolves to this
    machine (DNS rebinding), or approve payments.
    """
    port = request.get_extra_info("sockname")[1]
    if request.headers.get("Host") not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
        return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST, text="This machine is not that host.\n")
    if request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}":
        return web.Response(status=HTTPStatus.FORBIDDEN, text="Pages of other origins may not call this.\n")
    return await handler(request)


@contextmanager
def served(application: web.Application, *, port: int = 0) -> Iterator[str]:
    """Serve an application in a thread until the block ends; returns its URL.

    Args:
        application: The application.
        port: Port of this machine to listen on; any free one if it is 0.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="console", daemon=True)
    thread.start()

    def do(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    try:
        do(runner.setup())
        do(web.TCPSite(runner, "127.0.0.1", port).start())
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        do(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def console_of(world: World) -> web.Application:
    """The console of a world."""
    roles = {OPERATOR: "operator", CUSTOMER: "customer", OTHER_CUSTOMER: "customer"}

    def users() -> list[DemoUser]:
        return [DemoUser(name, role, world.users.token(name)) for name, role in roles.items()]

    return ConsoleServer(CONSOLE, api_url=world.api_url, bank=world.stripe, users=users).application()
