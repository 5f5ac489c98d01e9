"""The proxy's own endpoints, which steer and question it."""

from dataclasses import asdict

from aiohttp import web

from local.fault_proxy.callers import workers
from local.fault_proxy.faults import Fault, Faults
from local.fault_proxy.recording import Recording
from local.stripe_stand_in.steering import refuse_nonsense


class Control:
    """What `client.FaultProxyClient` calls."""

    def __init__(self, recording: Recording, faults: Faults) -> None:
        self._recording = recording
        self._faults = faults

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[refuse_nonsense])
        app.add_routes(
            [
                web.get("/calls", self._calls),
                web.delete("/calls", self._begin),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.get("/state", self._state),
                web.post("/release", self._release),
                web.delete("/workers", self._kill_workers),
            ]
        )
        return app

    async def _calls(self, _: web.Request) -> web.Response:
        return web.json_response({"calls": [asdict(call) for call in self._recording.calls]})

    async def _begin(self, _: web.Request) -> web.Response:
        self._recording.begin()
        return web.json_response({})

    async def _add_fault(self, http: web.Request) -> web.Response:
        self._faults.add(Fault.model_validate_json(await http.read()))
        return web.json_response({}, status=201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({})

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response({"held": self._faults.held, "under_way": self._recording.under_way})

    async def _release(self, _: web.Request) -> web.Response:
        return web.json_response({"released": self._faults.release()})

    async def _kill_workers(self, http: web.Request) -> web.Response:
        killed = list(workers(http.query.get("function")))
        for worker in killed:
            worker.kill()
        return web.json_response({"killed": len(killed)})
