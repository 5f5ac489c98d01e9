"""Who is behind a connection: the process, and the function that it is a worker of."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import psutil

UNKNOWN_FUNCTION: Final = "unknown"

_FUNCTION_NAME: Final = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass(frozen=True)
class Caller:
    """A process that calls.

    Attributes:
        function: The function that it is a worker of, as its folder in `lambdas/` is called;
            `UNKNOWN_FUNCTION` if it is none.
        pid: The process; None if it is gone, or not ours to see.
        environ: Its environment.
    """

    function: str
    pid: int | None
    environ: Mapping[str, str]

    def kill(self) -> None:
        """End the process as a crash would: at once."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def caller_on(local: tuple[str, int], peer: tuple[str, int]) -> Caller:
    """Find the process at the other end of a connection on this machine.

    Args:
        local: Address and port of this end.
        peer: Address and port of the other end.
    """
    for connection in _connections():
        if connection.laddr == peer and connection.raddr == local and connection.pid is not None:
            return _caller(connection.pid)
    return Caller(UNKNOWN_FUNCTION, None, {})


def workers(function: str | None = None) -> Iterator[Caller]:
    """The workers of a function, or of all, in this process's own group: the processes of one world."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == os.getpgrp():
                caller = _caller(process.pid)
                if caller.function != UNKNOWN_FUNCTION and function in {None, caller.function}:
                    yield caller


def _caller(pid: int) -> Caller:
    try:
        environ = psutil.Process(pid).environ()
    except psutil.Error:
        return Caller(UNKNOWN_FUNCTION, None, {})
    # Deployed as `orders-local-charge_payment`.
    function = environ.get(_FUNCTION_NAME, UNKNOWN_FUNCTION).rpartition("-")[2]
    return Caller(function, pid, environ)


def _connections() -> Iterator[Any]:
    try:
        yield from psutil.net_connections("tcp4")
    except psutil.AccessDenied:  # macOS shows an ordinary user only their own processes, one by one
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                for connection in process.net_connections("tcp4"):
                    yield _WithPid(connection.laddr, connection.raddr, process.pid)


@dataclass(frozen=True)
class _WithPid:
    laddr: tuple[str, int]
    raddr: tuple[str, int] | tuple[()]
    pid: int
