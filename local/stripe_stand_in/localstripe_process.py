"""localstripe, which keeps the objects: a child process and the calls to it.

localstripe is licensed under the GPL. It runs as the separate program that it is, spoken to over HTTP
only; nothing here imports it.
"""

import asyncio
import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from local.processes import free_port

_START_DEADLINE_SECONDS: Final = 30
_PR_SET_PDEATHSIG: Final = 1


class LocalstripeError(Exception):
    """localstripe does not run."""


class Localstripe:
    """The calls to a running localstripe. Each returns the HTTP status and the JSON object."""

    def __init__(self, session: aiohttp.ClientSession, process: asyncio.subprocess.Process) -> None:
        self._session = session
        self._process = process

    async def ended(self) -> None:
        """Wait until the process ends."""
        await self._process.wait()

    async def request(
        self, method: str, path: str, params: Iterable[tuple[str, str]] = ()
    ) -> tuple[int, dict[str, Any]]:
        """Send a request as a Stripe client would: fields in the query, or as a form when it is a POST."""
        fields = list(params)
        if method == "POST":
            return await _reply(self._session.post(path, data=fields))
        return await _reply(self._session.request(method, path, params=fields))

    async def get(self, path: str) -> dict[str, Any] | None:
        """An object, or None when there is no such thing."""
        status, body = await self.request("GET", path)
        return body if status == HTTPStatus.OK else None

    async def list_all(self, path: str) -> list[dict[str, Any]]:
        """All objects of a collection, on one page."""
        _, body = await self.request("GET", path, [("limit", "1000000")])
        items: list[dict[str, Any]] = body["data"]
        return items

    async def overwrite(self, path: str, fields: Mapping[str, object]) -> None:
        """Set fields of an object that Stripe's API would not let anybody set, null among them."""
        await _reply(self._session.post(path, json=fields))

    async def pass_on(self, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        """Hand a request to localstripe's own configuration through as it is."""
        async with self._session.post(path, data=body, headers={"Content-Type": content_type}) as reply:
            return reply.status, await reply.read()


@asynccontextmanager
async def running_localstripe() -> AsyncIterator[Localstripe]:
    """Start localstripe on a free port, and end it with the block, or with this process however it ends.

    Raises:
        LocalstripeError: It did not start.
    """
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_end_with_parent(),
    )
    try:
        await _wait_until_listening(process, port)
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer sk_localstripe"}
        ) as session:
            yield Localstripe(session, process)
    finally:
        if process.returncode is None:
            process.kill()  # it has nothing to save
        await process.wait()


def _end_with_parent() -> Callable[[], object] | None:
    """What the child calls to be killed with its parent: Linux can do that, and only Linux."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def _wait_until_listening(process: asyncio.subprocess.Process, port: int) -> None:
    deadline = asyncio.get_running_loop().time() + _START_DEADLINE_SECONDS
    while process.returncode is None and asyncio.get_running_loop().time() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise LocalstripeError(
        "localstripe does not start; `python -m localstripe --port 8420 --from-scratch` says why"
    )


async def _reply(call: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - aiohttp keeps the type private
    async with call as reply:
        text = await reply.text()
        try:
            return reply.status, json.loads(text)
        except json.JSONDecodeError:
            message = f"localstripe answered HTTP {reply.status}"
            return max(reply.status, 400), {"error": {"type": "api_error", "message": message}}
