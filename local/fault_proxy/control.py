"""The proxy's own endpoints, over which it is controlled; `proxy_client.FaultProxyClient` calls them."""

from dataclasses import asdict

from aiohttp import web

from local.fault_proxy.faults import FAULT, Faults
from local.fault_proxy.recording import Recording
from local.fault_proxy.workers import workers


class Control:
    """The endpoints of one proxy."""

    def __init__(self, recording: Recording, faults: Faults) -> None:
        self._recording = recording
        self._faults = faults

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/calls", self._calls),
                web.delete("/calls", self._begin),
                web.get("/faults", self._list),
                web.post("/faults", self._inject),
                web.post("/faults/lift", self._lift),
                web.delete("/faults", self._clear),
                web.get("/under-way", self._under_way),
                web.delete("/workers", self._kill_workers),
            ]
        )
        return app

    async def _calls(self, _: web.Request) -> web.Response:
        return web.json_response({"calls": [asdict(call) for call in self._recording.calls]})

    async def _begin(self, _: web.Request) -> web.Response:
        self._recording.begin()
        return web.json_response({})

    async def _inject(self, http: web.Request) -> web.Response:
        self._faults.inject(FAULT.validate_json(await http.read()))
        return web.json_response({}, status=201)

    async def _lift(self, http: web.Request) -> web.Response:
        self._faults.lift(FAULT.validate_json(await http.read()))
        return web.json_response({})

    async def _list(self, _: web.Request) -> web.Response:
        faults = [
            {"fault": FAULT.dump_python(fault), "held": held} for fault, held in self._faults.held().items()
        ]
        return web.json_response({"faults": faults})

    async def _clear(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({})

    async def _under_way(self, _: web.Request) -> web.Response:
        return web.json_response({"under_way": self._recording.under_way})

    async def _kill_workers(self, http: web.Request) -> web.Response:
        killed = list(workers(http.query.get("function")))
        for worker in killed:
            worker.kill()
        return web.json_response({"killed": len(killed)})
