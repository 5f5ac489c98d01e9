"""The way of a call through the proxy: who calls, what for, which faults strike, and on to the service."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import web
from yarl import URL

from local.fault_proxy.callers import Caller, caller_on
from local.fault_proxy.contention import Transactions
from local.fault_proxy.faults import Fault, Faults
from local.fault_proxy.naming import Operation
from local.fault_proxy.recording import Call, Recording
from local.fault_proxy.throttling import throttled

Naming = Callable[[web.Request, bytes, Caller], Operation]
"""Says what a request asks for; gets its body and its caller, too."""

_OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding"})
"""Headers that are between two neighbours and are not passed on. All others are: AWS's are signed."""


class Unanswered(Exception):
    """The caller gets no answer."""


class Proxy:
    """Passes the calls on to one service.

    Args:
        upstream: Where the service is.
        naming: Names its operations.
        session: Speaks to it.
        recording: Where all calls are written down.
        faults: What goes wrong.
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
        self._callers: WeakKeyDictionary[asyncio.Transport, Caller] = WeakKeyDictionary()

    def application(self) -> web.Application:
        """The one route."""
        app = web.Application(client_max_size=0)
        app.add_routes([web.route("*", "/{path:.*}", self._take)])
        return app

    async def _take(self, request: web.Request) -> web.Response:
        self._recording.under_way += 1
        try:
            return await self._taken(request)
        finally:
            self._recording.under_way -= 1

    async def _taken(self, request: web.Request) -> web.Response:
        body = await request.read()
        caller = await self._caller(request)
        operation = self._naming(request, body, caller)
        call = self._recording.add(f"{caller.function}: {operation}", caller.pid)
        try:
            answer = await self._answer(request, body, caller, call, operation)
        except Unanswered:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        call.status = answer.status
        return answer

    async def _answer(
        self, request: web.Request, body: bytes, caller: Caller, call: Call, operation: Operation
    ) -> web.Response:
        struck_by = self._faults.strike(call.name)
        contended = next((fault for fault in struck_by if fault.kind == "contend"), None)
        breaking = next((fault for fault in struck_by if fault.kind not in {"hold", "contend"}), None)
        for fault in struck_by:
            await self._delay(fault, call, request)
        refusal = await self._contend(contended, operation, body)
        if refusal is not None:
            call.fault = "contend"
            return refusal
        if breaking is None:
            return await self._pass_on(request, body)
        match breaking.kind:
            case "throttle":
                return throttled(operation.service)
            case "kill_before":
                caller.kill()
            case "kill_after":
                await self._pass_on(request, body)
                caller.kill()
            case "lose_reply" | "late":
                await self._pass_on(request, body)
        raise Unanswered

    async def _delay(self, fault: Fault, call: Call, request: web.Request) -> None:
        if fault.kind != "contend":  # it may meet nobody
            call.fault = fault.kind
        if fault.kind == "hold":
            await self._faults.hold()
            if request.transport is None:
                raise Unanswered  # its caller is gone: it never left
        elif fault.kind in {"hang", "late"}:
            await self._faults.wait(fault.seconds)

    async def _contend(self, fault: Fault | None, operation: Operation, body: bytes) -> web.Response | None:
        """What a call is refused with because of others that are under way, if it contends."""
        if fault is None:
            return None
        with self._transactions.entered_by(operation.operation, body) as refusal:
            if refusal is None:
                await self._faults.wait(fault.seconds)
            return refusal

    async def _pass_on(self, request: web.Request, body: bytes) -> web.Response:
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = [(name, text) for name, text in request.headers.items() if _passes(name)]
        try:
            async with self._session.request(
                request.method, url, data=body or None, headers=headers, allow_redirects=False
            ) as reply:
                return web.Response(
                    status=reply.status,
                    body=await reply.read(),
                    headers=[(name, text) for name, text in reply.headers.items() if _passes(name)],
                )
        except aiohttp.ClientError as error:  # the service itself is down
            raise Unanswered from error

    async def _caller(self, request: web.Request) -> Caller:
        transport = request.transport
        if transport is None:  # it is gone already
            return Caller("unknown", None, {})
        caller = self._callers.get(transport)
        if caller is None:
            ends = (transport.get_extra_info(end)[:2] for end in ("sockname", "peername"))
            caller = await asyncio.to_thread(caller_on, *ends)
            self._callers[transport] = caller
        return caller


def _passes(header: str) -> bool:
    return header.lower() not in _OF_ONE_CONNECTION
