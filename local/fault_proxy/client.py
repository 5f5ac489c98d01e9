"""Steers and questions a running fault proxy; the tests do it with this."""

from typing import Any, Self

import httpx

from local.fault_proxy.faults import FaultKind
from local.fault_proxy.recording import Call
from local.waiting import wait_for


class FaultProxyClient:
    """A client of the proxy's own endpoints. Use it as a context manager, or close it.

    Args:
        url: Where they are.
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def begin_recording(self) -> None:
        """Forget all calls and faults: what comes from now on is counted from 1."""
        self.clear()
        self._http.delete("/calls").raise_for_status()

    def calls(self) -> list[Call]:
        """The calls since the recording began, in the order in which they came."""
        return [Call(**call) for call in self._get("/calls")["calls"]]

    def set_fault(  # noqa: PLR0913 - a fault has that many sides, each of them named and optional
        self,
        kind: FaultKind,
        name: str,
        *,
        n: int = 1,
        times: int | None = 1,
        lasts: float | None = None,
        seconds: float = 6,
    ) -> None:
        """Let calls fail; `faults` says how, and what the arguments mean.

        Raises:
            ValueError: There is no such fault.
        """
        fault = {"kind": kind, "name": name, "n": n, "times": times, "lasts": lasts, "seconds": seconds}
        self._post("/faults", fault)

    def clear(self) -> None:
        """Forget all faults and release all held calls."""
        self._http.delete("/faults").raise_for_status()

    def held(self) -> int:
        """How many calls are stopped by a `hold`."""
        return int(self._get("/state")["held"])

    def under_way(self) -> int:
        """How many calls are on their way: held ones, and late effects that are to come, too."""
        return int(self._get("/state")["under_way"])

    def wait_until_held(self, count: int = 1, *, timeout_seconds: float = 30) -> None:
        """Wait until so many calls are stopped by a `hold`.

        Raises:
            TimeoutError: They are not.
        """
        wait_for(
            lambda: self.held() >= count,
            f"{count} calls held at the fault proxy",
            timeout_seconds=timeout_seconds,
            pause_seconds=0.02,
        )

    def release(self) -> int:
        """Let all held calls go, and say how many they were."""
        return int(self._post("/release")["released"])

    def kill_workers(self, function: str | None = None) -> int:
        """Kill the workers of a function, or of all: the next invocation starts cold.

        Args:
            function: As its folder in `lambdas/` is called; None for all.

        Returns:
            How many they were.
        """
        params = {} if function is None else {"function": function}
        answer = self._http.delete("/workers", params=params).raise_for_status()
        return int(answer.json()["killed"])

    def _post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.post(path, json=body)
        if answer.is_client_error:
            raise ValueError(answer.json()["error"]["message"])
        answered: dict[str, Any] = answer.raise_for_status().json()
        return answered

    def _get(self, path: str) -> dict[str, Any]:
        body: dict[str, Any] = self._http.get(path).raise_for_status().json()
        return body
