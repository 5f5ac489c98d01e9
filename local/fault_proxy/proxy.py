"""The path of a call through the proxy: name it, let faults strike it, and pass it on to its service."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import web
from yarl import URL

from local.fault_proxy.contention import Transactions
from local.fault_proxy.faults import Faults, InjectedFault
from local.fault_proxy.naming import CallName, Naming
from local.fault_proxy.recording import Call, Recording
from local.fault_proxy.refusals import REJECTED_DOMAIN, rejected_mail, throttled, unavailable
from local.fault_proxy.workers import UNKNOWN_WORKER, Worker, worker_behind
from local.stripe_stand_in.exchange import FAIL_HEADER

_OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding"})
"""Headers that belong to one connection and are not passed on. All others are, because AWS signs them."""


class Unanswered(Exception):
    """The function gets no answer."""


@dataclass(frozen=True)
class _Exchange:
    """A call under way: the request, and what the proxy knows about it."""

    request: web.Request
    body: bytes
    worker: Worker
    name: CallName
    call: Call
    extra_headers: tuple[tuple[str, str], ...] = ()


class Proxy:
    """Passes calls on to one service.

    Args:
        upstream: The URL of the service.
        naming: Names the calls to it.
        session: Makes the calls.
        recording: Keeps all calls.
        faults: The active faults.
    """

    def __init__(
        self,
        upstream: str,
        naming: Naming,
        session: aiohttp.ClientSession,
        recording: Recording,
        faults: Faults,
    ) -> None:
        self._upstream = upstream
        self._naming = naming
        self._session = session
        self._recording = recording
        self._faults = faults
        self._transactions = Transactions()
        self._workers: WeakKeyDictionary[asyncio.Transport, Worker] = WeakKeyDictionary()

    def application(self) -> web.Application:
        """The one route."""
        app = web.Application(client_max_size=0)
        app.add_routes([web.route("*", "/{path:.*}", self._handle)])
        return app

    async def _handle(self, request: web.Request) -> web.Response:
        self._recording.under_way += 1
        try:
            return await self._respond(request)
        finally:
            self._recording.under_way -= 1

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.read()
        worker = await self._worker(request)
        name = self._naming.name(request, body, worker.environ)
        call = self._recording.add(f"{worker.function}: {name}", worker.pid, name.order_id)
        struck_by = self._faults.strike(call.name, name.order_id)
        try:
            answer = await self._answer(_Exchange(request, body, worker, name, call), struck_by)
        except Unanswered:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        call.status = answer.status
        return answer

    async def _answer(self, exchange: _Exchange, faults: Sequence[InjectedFault]) -> web.Response:
        """Answer a call. The first fault strikes it; the others strike it if that fault lets it through.

        Raises:
            Unanswered: The function gets no answer.
        """
        if not faults:
            return await self._pass_on(exchange)
        injected, others = faults[0], faults[1:]
        kind = injected.fault.kind
        if kind == "contend":
            return await self._contend(exchange, injected, others)
        exchange.call.fault = kind
        match kind:
            case "throttle":
                return throttled(exchange.name.service)
            case "unavailable":
                return unavailable(exchange.name.service)
            case "error_before" | "error_after":
                fail = (FAIL_HEADER, kind.removeprefix("error_"))
                return await self._answer(replace(exchange, extra_headers=(fail,)), others)
            case "hold" | "slow":
                await (injected.hold() if kind == "hold" else injected.delay())
                if exchange.request.transport is not None:  # the function still waits
                    return await self._answer(exchange, others)
            case _:
                await self._silence(exchange, injected, others)
        raise Unanswered

    async def _silence(
        self, exchange: _Exchange, injected: InjectedFault, others: Sequence[InjectedFault]
    ) -> None:
        """The part of `_answer` for faults that leave the function without an answer."""
        kind = injected.fault.kind
        if kind in {"hang", "late"}:
            await injected.delay()
        if kind in {"late", "lose_reply", "kill_after"}:
            await self._answer(exchange, others)
        if kind in {"kill_before", "kill_after"}:
            exchange.worker.kill()

    async def _contend(
        self, exchange: _Exchange, injected: InjectedFault, others: Sequence[InjectedFault]
    ) -> web.Response:
        with self._transactions.opened_by(exchange.name.operation, exchange.body) as conflict:
            if conflict is not None:
                exchange.call.fault = "contend"
                return conflict
            await injected.delay()
        return await self._answer(exchange, others)

    async def _pass_on(self, exchange: _Exchange) -> web.Response:
        if exchange.name.service == "ses" and REJECTED_DOMAIN.encode() in exchange.body:
            return rejected_mail()
        request = exchange.request
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = [*_passed_on(request.headers), *exchange.extra_headers]
        try:
            async with self._session.request(
                request.method, url, data=exchange.body or None, headers=headers, allow_redirects=False
            ) as reply:
                body = await reply.read()
        except aiohttp.ClientError as error:  # the service itself is down
            raise Unanswered from error
        self._naming.learn(exchange.name, body)
        return web.Response(status=reply.status, body=body, headers=_passed_on(reply.headers))

    async def _worker(self, request: web.Request) -> Worker:
        transport = request.transport
        if transport is None:  # the connection is closed already
            return UNKNOWN_WORKER
        worker = self._workers.get(transport)
        if worker is None:
            ends = (transport.get_extra_info(end)[:2] for end in ("sockname", "peername"))
            worker = await asyncio.to_thread(worker_behind, *ends)
            self._workers[transport] = worker
        return worker


def _passed_on(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in headers.items() if name.lower() not in _OF_ONE_CONNECTION]
