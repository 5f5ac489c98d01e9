"""Kills a process group and removes a folder when the process that started this one has ended.

Run as a script that needs only the standard library: `python process_guard.py FOLDER`. It prints the id of a
process group, which the other processes join. When its standard input ends, it kills the group.

It consists of two processes: one is a member of the group and keeps its id in use; the other is not a member,
and cleans up. If one of them is killed, the other one still kills the group.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

_DEADLINE_SECONDS = 5.0


def main() -> None:
    """Wait until the parent has ended, then kill the group; see the module."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    group = _start_group()
    with contextlib.suppress(BrokenPipeError):  # the parent has ended already
        os.write(1, f"{group}\n".encode())
    _await_end_of_input()
    _kill(group)
    os.waitpid(group, 0)
    _remove(sys.argv[1])


def _start_group() -> int:
    """Fork a process into a new process group; returns the id of both."""
    process_id = os.fork()
    if process_id == 0:
        os.setpgid(0, 0)
        os.close(1)
        _await_end_of_input()
        _kill(0)
    with contextlib.suppress(PermissionError):
        os.setpgid(process_id, process_id)  # in both processes, because either may come first
    return process_id


def _await_end_of_input() -> None:
    while os.read(0, 1):
        pass


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _remove(folder: str) -> None:
    """Remove a folder while ending processes may still write to it."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while os.path.exists(folder) and time.monotonic() < deadline:  # noqa: PTH110 - pathlib is slow to start
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main()
