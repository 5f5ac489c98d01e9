"""Kills a process group and removes a folder when the process that started this one is gone.

Run as a script, with nothing but the standard library: `python process_guard.py FOLDER`. It prints the
process group that the others shall join. The end of its standard input is the sign to end them all.

There are two processes of it: one keeps the group in being and is killed with it, the other one stays
to clear up. Each of them ends the group, should the other one be killed first.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

_DEADLINE_SECONDS = 5.0


def main() -> None:
    """Wait for the end of the parent; see the module."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    group = _start_group()
    with contextlib.suppress(BrokenPipeError):  # gone already
        os.write(1, f"{group}\n".encode())
    _await_end_of_input()
    _kill(group)
    os.waitpid(group, 0)
    _remove(sys.argv[1])


def _start_group() -> int:
    """Fork the process that keeps a new process group in being; returns the id of both."""
    process_id = os.fork()
    if process_id == 0:
        os.setpgid(0, 0)
        os.close(1)
        _await_end_of_input()
        _kill(0)
    with contextlib.suppress(PermissionError):
        os.setpgid(process_id, process_id)  # here too: whichever of the two comes first
    return process_id


def _await_end_of_input() -> None:
    while os.read(0, 1):
        pass


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _remove(folder: str) -> None:
    """Remove a folder that dying processes may still write to."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while os.path.exists(folder) and time.monotonic() < deadline:  # noqa: PTH110 - pathlib is slow to start
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main()
