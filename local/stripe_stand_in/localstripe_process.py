"""localstripe, the program that keeps the objects of the Stripe API: its process, and the calls to it.

localstripe is licensed under the GPL. It runs as a separate program and is called over HTTP only; nothing
here imports it.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from local.processes import free_port

_START_DEADLINE_SECONDS: Final = 30


class LocalstripeError(Exception):
    """localstripe did not start, or has ended."""


class Localstripe:
    """The calls to a running localstripe."""

    def __init__(self, session: aiohttp.ClientSession, process: asyncio.subprocess.Process) -> None:
        self._session = session
        self._process = process

    async def ended(self) -> None:
        """Wait until the process ends."""
        await self._process.wait()

    async def request(
        self, method: str, path: str, params: Iterable[tuple[str, str]] = ()
    ) -> tuple[int, dict[str, Any]]:
        """Send a request as a Stripe client does; returns the HTTP status and the JSON object.

        The fields of a POST are its form, those of other requests their query.
        """
        fields = list(params)
        if method == "POST":
            return await _reply(self._session.post(path, data=fields))
        return await _reply(self._session.request(method, path, params=fields))

    async def get(self, path: str) -> dict[str, Any] | None:
        """An object, or None if there is none at this path."""
        status, body = await self.request("GET", path)
        return body if status == HTTPStatus.OK else None

    async def list_all(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """All objects of a collection that match the filters, on one page."""
        _, body = await self.request("GET", path, [("limit", "1000000"), *filters.items()])
        items: list[dict[str, Any]] = body["data"]
        return items

    async def overwrite(self, path: str, fields: Mapping[str, object]) -> None:
        """Set fields of an object that the Stripe API does not let clients set, also to null."""
        await _reply(self._session.post(path, json=fields))


@asynccontextmanager
async def running_localstripe() -> AsyncIterator[Localstripe]:
    """Run localstripe on a free port as long as the context lasts.

    Raises:
        LocalstripeError: It does not start.
    """
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await _wait_until_listening(process, port)
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer sk_localstripe"}
        ) as session:
            yield Localstripe(session, process)
    finally:
        if process.returncode is None:
            process.kill()  # it keeps everything in memory
        await process.wait()


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
        "localstripe does not start; `python -m localstripe --port 8420 --from-scratch` shows the reason"
    )


async def _reply(call: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - aiohttp keeps the type private
    async with call as reply:
        text = await reply.text()
        try:
            return reply.status, json.loads(text)
        except json.JSONDecodeError:
            message = f"localstripe answered HTTP {reply.status}"
            return max(reply.status, 400), {"error": {"type": "api_error", "message": message}}
