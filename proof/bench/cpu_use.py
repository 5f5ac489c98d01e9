"""The CPU time of a world's processes: of each function's workers, of the emulated AWS, and of the others."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from local.emulator import MINISTACK
from local.processes import ChildProcess
from local.world import World

EMULATOR: Final = "emulated AWS"
PROXY: Final = "fault proxy"
STRIPE: Final = "Stripe stand-in"
BENCH: Final = "this bench"
EMPTY: Final = "empty functions"
OTHER: Final = "other"

FLOOR_PREFIX: Final = "bench-floor"
"""Start of the names of the floor's functions."""

_PROGRAMS: Final = {MINISTACK.name: EMULATOR, "local.fault_proxy": PROXY, "local.stripe_stand_in": STRIPE}
"""Roles of the processes that are no workers, by the file or module that they run."""


@dataclass(frozen=True)
class CpuUse:
    """CPU time that the processes of a world have used in a period.

    A worker that ended in the period is left out: its time is lost with it.

    Attributes:
        seconds: CPU seconds of user and system by role; a worker's role is the name of its function.
        workers_started: Workers that began in the period.
    """

    seconds: Mapping[str, float]
    workers_started: int

    @property
    def of_functions(self) -> float:
        """CPU seconds of all workers."""
        return sum(used for role, used in self.seconds.items() if role not in NO_FUNCTIONS)

    def milliseconds_each(self, count: int) -> dict[str, float]:
        """Milliseconds by role for each of `count` orders, the largest first; none below 0.05 ms."""
        each = {role: 1_000 * used / count for role, used in self.seconds.items()}
        return {
            role: round(used, 1)
            for role, used in sorted(each.items(), key=_largest_first)
            if used >= _SMALLEST
        }


NO_FUNCTIONS: Final = frozenset({EMULATOR, PROXY, STRIPE, BENCH, EMPTY, OTHER})
_SMALLEST: Final = 0.05


def _largest_first(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]


class CpuMeter:
    """Reads the CPU time of a world's processes from the operating system, in steps of 10 ms a process.

    Args:
        world: The world.
    """

    def __init__(self, world: World) -> None:
        child = next(each for each in world.services if isinstance(each, ChildProcess))
        self._group = os.getpgid(child.popen.pid)
        self._roles: dict[tuple[int, float], str] = {}
        self._before = self._read()

    def restart(self) -> None:
        """Begin a new period."""
        self._before = self._read()

    def read(self) -> CpuUse:
        """The CPU time since the period began."""
        now = self._read()
        used: defaultdict[str, float] = defaultdict(float)
        for process, seconds in now.items():
            used[self._roles[process]] += seconds - self._before.get(process, 0.0)
        started = [each for each in now.keys() - self._before.keys() if self._roles[each] not in NO_FUNCTIONS]
        return CpuUse(used, len(started))

    def _read(self) -> dict[tuple[int, float], float]:
        return {
            (process.pid, process.create_time()): times.user + times.system
            for process, times in self._times()
        }

    def _times(self) -> Iterator[tuple[psutil.Process, "psutil._ntuples.pcputimes"]]:
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and os.getpgid(process.pid) != self._group:
                    continue
                key = process.pid, process.create_time()
                if key not in self._roles:
                    self._roles[key] = BENCH if process.pid == os.getpid() else role_of(process)
                yield process, process.cpu_times()
            except (psutil.Error, ProcessLookupError):
                continue  # it has just ended


def role_of(process: psutil.Process) -> str:
    """The name of a worker's function, or what other process of a world it is."""
    function = process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
    if function:  # deployed as `orders-local-charge_payment`
        return EMPTY if function.startswith(FLOOR_PREFIX) else function.rpartition("-")[2]
    words = (Path(word).name for word in process.cmdline())
    return next((_PROGRAMS[word] for word in words if word in _PROGRAMS), OTHER)
