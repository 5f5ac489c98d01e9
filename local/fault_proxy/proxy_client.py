"""Controls a running fault proxy from another process; plays and tests use it."""

from local.control_client import ControlClient
from local.fault_proxy.faults import FAULT, Fault
from local.fault_proxy.recording import Call
from local.waiting import wait_for


class FaultProxyClient(ControlClient):
    """A client of the proxy's own endpoints."""

    def begin_recording(self) -> None:
        """Forget all calls and count from 1 again. Faults stay."""
        self._call("DELETE", "/calls")

    def calls(self) -> list[Call]:
        """The calls since the recording began, in the order of their arrival."""
        return [Call(**call) for call in self._get("/calls")["calls"]]

    def inject(self, fault: Fault) -> None:
        """Activate a fault."""
        self._post("/faults", FAULT.dump_python(fault))

    def lift(self, fault: Fault) -> None:
        """End a fault and release the calls that it holds; nothing happens if it is not active."""
        self._post("/faults/lift", FAULT.dump_python(fault))

    def clear(self) -> None:
        """End all faults and release all held calls."""
        self._call("DELETE", "/faults")

    def held(self, fault: Fault | None = None) -> int:
        """How many calls are held, by one fault or by all."""
        return sum(
            each["held"]
            for each in self._get("/faults")["faults"]
            if fault is None or each["fault"] == FAULT.dump_python(fault)
        )

    def under_way(self) -> int:
        """How many calls have no answer yet, including held calls and late effects."""
        return int(self._get("/under-way")["under_way"])

    def wait_until_held(self, count: int = 1, *, timeout_seconds: float = 30) -> None:
        """Wait until this many calls are held.

        Raises:
            TimeoutError: Fewer calls are held after this time.
        """
        wait_for(
            lambda: self.held() >= count,
            f"{count} calls held at the fault proxy",
            timeout_seconds=timeout_seconds,
            pause_seconds=0.02,
        )

    def kill_workers(self, function: str | None = None) -> int:
        """Kill the workers of a function, so that its next invocation starts cold.

        Args:
            function: The name of its folder in `lambdas/`; None for all functions.

        Returns:
            How many workers there were.
        """
        params = {} if function is None else {"function": function}
        return int(self._call("DELETE", "/workers", params=params)["killed"])
