"""The processes that the functions run in: which one is behind a connection, and how to kill it."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import psutil

_FUNCTION_NAME: Final = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass(frozen=True)
class Worker:
    """A process that makes calls.

    Attributes:
        function: Name of the folder in `lambdas/` of the function that it runs; `unknown` if it runs none.
        pid: The process; None if it has ended or belongs to another user.
        environ: Its environment.
    """

    function: str
    pid: int | None
    environ: Mapping[str, str]

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


UNKNOWN_WORKER: Final = Worker("unknown", None, MappingProxyType({}))


def worker_behind(local: tuple[str, int], peer: tuple[str, int]) -> Worker:
    """Find the process at the other end of a connection on this machine.

    Args:
        local: Address and port of this end.
        peer: Address and port of the other end.
    """
    for connection in _connections():
        if connection.laddr == peer and connection.raddr == local and connection.pid is not None:
            return _worker(connection.pid)
    return UNKNOWN_WORKER


def workers(function: str | None = None) -> Iterator[Worker]:
    """The workers of a function, or of all, in this process's own group: the processes of one world."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == os.getpgrp():
                worker = _worker(process.pid)
                if worker.function != UNKNOWN_WORKER.function and function in {None, worker.function}:
                    yield worker


def _worker(pid: int) -> Worker:
    try:
        environ = psutil.Process(pid).environ()
    except psutil.Error:
        return UNKNOWN_WORKER
    # Deployed as `orders-local-charge_payment`.
    function = environ.get(_FUNCTION_NAME, UNKNOWN_WORKER.function).rpartition("-")[2]
    return Worker(function, pid, environ)


def _connections() -> Iterator[Any]:
    try:
        yield from psutil.net_connections("tcp4")
    except psutil.AccessDenied:  # macOS shows only the connections of own processes, one by one
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                for connection in process.net_connections("tcp4"):
                    yield _WithPid(connection.laddr, connection.raddr, process.pid)


@dataclass(frozen=True)
class _WithPid:
    laddr: tuple[str, int]
    raddr: tuple[str, int] | tuple[()]
    pid: int
