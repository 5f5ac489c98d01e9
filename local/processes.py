"""Child processes that end with their parent, even if it is killed."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from local import process_guard

REPOSITORY: Final = Path(__file__).parent.parent

_GUARD: Final = Path(process_guard.__file__)
_TAIL_LINES: Final = 15


class StartFailed(Exception):
    """The embedded run can't start or continue; the message is written for its user."""


@dataclass(frozen=True)
class ChildProcess:
    """A running program.

    Attributes:
        name: Its name in messages.
        popen: The process.
        log: The file with its output and errors.
    """

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    def ensure_alive(self) -> None:
        """Check that it has not ended.

        Raises:
            StartFailed: It has ended; the message contains the last lines of its log.
        """
        if self.popen.poll() is not None:
            raise StartFailed(
                f"{self.name} ended unexpectedly (exit code {self.popen.returncode})\n{self.tail()}"
            )

    def finish(self, *, timeout_seconds: float) -> None:
        """Wait until it has ended successfully.

        Args:
            timeout_seconds: Longest wait.

        Raises:
            StartFailed: It failed or took too long; the message contains the last lines of its log.
        """
        try:
            exit_code = self.popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise StartFailed(
                f"{self.name} did not finish within {timeout_seconds:g} seconds\n{self.tail()}"
            ) from None
        if exit_code != 0:
            raise StartFailed(f"{self.name} failed (exit code {exit_code})\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of its log, indented, and the path of the log."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return "\n".join([f"    {line}" for line in lines[-_TAIL_LINES:]] + [f"  The whole log: {self.log}"])


class ProcessGroup:
    """Programs that end together, and their temporary folder.

    Args:
        group_id: The process group of all programs.
        folder: Their temporary folder.
        logs: The folder for their logs.
    """

    def __init__(self, group_id: int, folder: Path, logs: Path) -> None:
        self.folder = folder
        self.logs = logs
        self._group_id = group_id
        self._children: list[ChildProcess] = []

    def start(
        self, name: str, command: Sequence[str], *, log: str, environ: Mapping[str, str], cwd: Path
    ) -> ChildProcess:
        """Start a program.

        Args:
            name: Its name in messages.
            command: The program, which is looked up on the PATH in `environ`, and its arguments.
            log: Name of the log file, without its suffix.
            environ: Its whole environment; TMPDIR is added, and is the group's folder.
            cwd: Its working directory.

        Raises:
            StartFailed: The program is not installed.
        """
        program = shutil.which(command[0], path=environ.get("PATH"))
        if program is None:
            raise StartFailed(
                f"{name} can't start: `{command[0]}` is not installed; every make target installs it"
            )
        log_path = self.logs / f"{log}.log"
        with log_path.open("wb") as output:
            popen = subprocess.Popen(  # noqa: S603 - every command is our own
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environ, "TMPDIR": str(self.folder)},
                cwd=cwd,
                process_group=self._group_id,
            )
        child = ChildProcess(name, popen, log_path)
        self._children.append(child)
        return child

    def reap(self) -> None:
        """Wait for the killed children: each stays in the process group until then."""
        for child in self._children:
            child.popen.wait()


@contextmanager
def process_group(logs: Path) -> Iterator[ProcessGroup]:
    """A group of programs that ends with the block, or with this process.

    A guard process reads from a pipe. The pipe closes when the block is left and when this process is killed;
    then the guard kills the group and removes the temporary folder.

    Args:
        logs: The folder for the programs' logs; created if it is missing.
    """
    logs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="orders-"))
    guard = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-I", "-S", str(_GUARD), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,  # so that Ctrl-C in the terminal does not reach it
    )
    with cast("IO[bytes]", guard.stdin) as lifeline, cast("IO[bytes]", guard.stdout) as answer:
        group = ProcessGroup(int(answer.readline()), folder, logs)
        try:
            yield group
        finally:
            lifeline.close()
            group.reap()
            guard.wait()


LAST_PORT: Final = 65_535


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def inherited_environment() -> dict[str, str]:
    """This process's environment, with the project's tools first on the PATH and without AWS's variables.

    Python may write bytecode: without it, the CDK's libraries take twice as long to load.
    """
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return others | {"PATH": tool_path()}


def tool_path() -> str:
    """The PATH, with the project's own tools first."""
    own = (Path(sys.executable).parent, REPOSITORY / "node_modules" / ".bin")
    return os.pathsep.join([*map(str, own), os.environ.get("PATH", os.defpath)])
