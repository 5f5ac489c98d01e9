"""MiniStack, the embedded AWS: its process, and the sessions and environments that use it."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
import httpx
from botocore.config import Config

from local.processes import ChildProcess, ProcessGroup, StartFailed, inherited_environment, tool_path
from local.waiting import wait_for

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"

CONCURRENT_INVOCATIONS: Final = 24
"""Further invocations are throttled, as on AWS. Each one needs a worker process of about 40 MB; if many start
at once on a small machine, none is ready within its function's timeout."""

MINISTACK: Final = Path(__file__).with_name("ministack_with_firehose.py")
"""The program."""

_READY_TIMEOUT_SECONDS: Final = 60.0

_ACCESS_KEY: Final = "test"
"""Both parts of the emulator's administrator key: the emulator's default, not a secret."""

_START_FAILURE: Final = re.compile(
    r"execution error for (\S+): (.+?)(?=^\d{4}-\d\d-\d\d \d\d:|\Z)", re.DOTALL | re.MULTILINE
)
"""Name of a function whose worker process could not start, and what the process printed."""

_AWS_SETTINGS: Final = {
    "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": _ACCESS_KEY,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


class EmulatorSession(boto3.Session):
    """A boto3 session whose clients use the emulator, whatever AWS settings this machine has.

    Args:
        endpoint_url: URL of the emulator.
    """

    def __init__(self, endpoint_url: str) -> None:
        no_profile = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
        super().__init__(
            aws_access_key_id=_ACCESS_KEY,
            aws_secret_access_key=_ACCESS_KEY,
            region_name=REGION,
            botocore_session=botocore.session.Session(session_vars=no_profile),
        )
        self.endpoint_url = endpoint_url
        self._one_at_a_time = Lock()

    if not TYPE_CHECKING:  # the overloads of boto3's stubs are more precise

        def client(self, service_name: str, **options: Any) -> Any:  # noqa: ANN401, D102 - as in boto3
            options.setdefault("config", Config(proxies={}))
            with self._one_at_a_time:  # clients are safe in threads, sessions are not
                return super().client(service_name, endpoint_url=self.endpoint_url, **options)


class Emulator:
    """MiniStack with IAM enforced. It starts at once, and is ready when `await_ready` returns.

    Its state outlives a restart, with two exceptions: running executions end without an event, and the
    tables' streams lose their records, including unread ones, which AWS would keep.

    Args:
        processes: The process group that it joins.
        port: The port that it listens on.
        seen_by_functions: The URL at which its functions call it, such as that of a proxy.
        wait_scale: Factor for every wait and retry delay of a state machine.
        concurrent_invocations: Invocations of functions at once.
    """

    def __init__(
        self,
        processes: ProcessGroup,
        port: int,
        *,
        seen_by_functions: str,
        wait_scale: float,
        concurrent_invocations: int = CONCURRENT_INVOCATIONS,
    ) -> None:
        self._processes = processes
        self._port = port
        self._state = processes.folder / "state"
        # Its functions inherit these variables, so the developer's own are not among them.
        self._environ = _AWS_SETTINGS | {
            "AUTH": "true",
            "AWS_ENDPOINT_URL": seen_by_functions,  # their clients hang without it
            "BIND_HOST": "127.0.0.1",
            "DOCKER_HOST": "unix:///nonexistent",  # leaves the containers of another MiniStack alone
            "GATEWAY_PORT": str(port),
            "HOME": str(processes.folder),
            "IOT_MTLS_ENABLED": "0",  # would listen on a fixed port
            "LAMBDA_ACCOUNT_CONCURRENCY": str(concurrent_invocations),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "PATH": tool_path(),
            "PERSIST_STATE": "1",
            "SFN_WAIT_SCALE": str(wait_scale),
            "SFTP_ENABLED": "0",  # would listen on a fixed port
            "STATE_DIR": str(self._state),
        }
        self._process = self._start("emulator")

    def ensure_alive(self) -> None:
        """Check that it has not ended.

        Raises:
            StartFailed: It has ended; the message contains the last lines of its log.
        """
        self._process.ensure_alive()

    def await_ready(self) -> None:
        """Wait until it answers.

        Raises:
            StartFailed: It has ended, or does not answer in time.
        """
        url = f"{endpoint_url(self._port)}/_ministack/ready"
        await_answer(self._process, url, timeout_seconds=_READY_TIMEOUT_SECONDS)

    def restart(self, *, meanwhile: Callable[[], object]) -> None:
        """Stop it, whatever it is doing, and start it again.

        Args:
            meanwhile: Called between the end and the start.

        Raises:
            StartFailed: It does not start again.
        """
        self._process.popen.terminate()
        self._process.popen.wait()
        meanwhile()
        self._forget_stream_positions()
        self._process = self._start("emulator-again")
        self.await_ready()

    def _forget_stream_positions(self) -> None:
        """Reset its positions in streams, which point beyond the end of the emptied streams."""
        path = self._state / "lambda.json"
        state = json.loads(path.read_text())
        state["payload"]["dynamodb_stream_positions"] = {}
        path.write_text(json.dumps(state))

    def start_failure(self) -> str | None:
        """Why a function's worker process could not start; None if all workers did."""
        return start_failure(self._process.log.read_text(errors="replace"))

    def _start(self, log: str) -> ChildProcess:
        command = [sys.executable, "-P", str(MINISTACK)]
        return self._processes.start(
            "MiniStack", command, log=log, environ=self._environ, cwd=self._processes.folder
        )


def start_failure(log: str) -> str | None:
    """Find the last worker process in the emulator's log that could not start.

    Returns:
        The function, and the reason in the first line; below it, what the worker printed.
    """
    failures = list(_START_FAILURE.finditer(log))
    if not failures:
        return None
    function, text = failures[-1].groups()
    lines = text.strip().splitlines()
    return "\n    ".join([f"the function {function} can't start: {lines[-1].strip()}", *lines])


def await_answer(child: ChildProcess, url: str, *, timeout_seconds: float) -> None:
    """Wait until a child process answers HTTP requests.

    Args:
        child: The process.
        url: A URL that it answers with 200 when it is ready.
        timeout_seconds: Longest wait.

    Raises:
        StartFailed: It has ended, or does not answer in time.
    """

    def answers() -> bool:
        child.ensure_alive()
        try:
            return client.get(url).is_success
        except httpx.TransportError:
            return False

    with httpx.Client(trust_env=False, timeout=timeout_seconds) as client:
        try:
            wait_for(answers, f"{child.name} answers", timeout_seconds=timeout_seconds)
        except TimeoutError as error:
            raise StartFailed(f"{error}\n{child.tail()}") from None


def endpoint_url(port: int) -> str:
    """The URL of an emulator that listens on this port."""
    return f"http://127.0.0.1:{port}"


def cdk_environment(port: int) -> dict[str, str]:
    """The environment in which an AWS tool uses the emulator."""
    return (
        inherited_environment()
        | _AWS_SETTINGS
        | {
            "AWS_ENDPOINT_URL": endpoint_url(port),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
    )
