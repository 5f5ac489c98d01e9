"""MiniStack, the embedded AWS: how it is started, and sessions and environments that talk to it."""

import json
import os
import re
import sys
from collections.abc import Callable
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

_CONCURRENT_INVOCATIONS: Final = 24
"""Beyond that calls are throttled, as on AWS. Each needs a worker process of some 40 MB, and when many
start at once on a small machine, none of them is ready within its function's timeout."""

_READY_TIMEOUT_SECONDS: Final = 60.0

_ACCESS_KEY: Final = "test"
"""Both halves of the emulator's administrator key: its own default, no secret."""

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
    """A boto3 session whose clients all talk to the emulator, whatever this machine's AWS settings are.

    Args:
        endpoint_url: Where the emulator listens.
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

    if not TYPE_CHECKING:  # the overloads of boto3's stubs say more than this signature

        def client(self, service_name: str, **options: Any) -> Any:  # noqa: ANN401, D102 - as in boto3
            options.setdefault("config", Config(proxies={}))
            with self._one_at_a_time:  # a session is not made for threads, its clients are
                return super().client(service_name, endpoint_url=self.endpoint_url, **options)


class Emulator:
    """MiniStack with IAM enforced. It is started at once, and ready when `await_ready` returns.

    What it keeps outlives a restart, with two exceptions: executions that run are over then, and nobody is
    told; and the tables' streams are empty, also of what nobody has read yet, which AWS would not lose.

    Args:
        processes: The group that it joins.
        port: Where it shall listen.
        seen_by_functions: Where its functions find it: they can be made to come through a proxy.
        wait_scale: What every wait and retry delay of a state machine is multiplied by.
    """

    def __init__(
        self, processes: ProcessGroup, port: int, *, seen_by_functions: str, wait_scale: float
    ) -> None:
        self._processes = processes
        self._port = port
        self._state = processes.folder / "state"
        # Its functions inherit this: nothing of the developer's own environment is in it.
        self._environ = _AWS_SETTINGS | {
            "AUTH": "true",
            "AWS_ENDPOINT_URL": seen_by_functions,  # their clients hang without it
            "BIND_HOST": "127.0.0.1",
            "DOCKER_HOST": "unix:///nonexistent",  # never touch another MiniStack's containers
            "GATEWAY_PORT": str(port),
            "HOME": str(processes.folder),
            "IOT_MTLS_ENABLED": "0",  # would listen on a fixed port
            "LAMBDA_ACCOUNT_CONCURRENCY": str(_CONCURRENT_INVOCATIONS),
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
        """Refuse to go on without it.

        Raises:
            StartFailed: It ended; with the last lines of its log.
        """
        self._process.ensure_alive()

    def await_ready(self) -> None:
        """Wait until it answers.

        Raises:
            StartFailed: It ended, or does not answer in time.
        """
        url = f"{endpoint_url(self._port)}/_ministack/ready"
        await_answer(self._process, url, timeout_seconds=_READY_TIMEOUT_SECONDS)

    def restart(self, *, meanwhile: Callable[[], object]) -> None:
        """Stop it, in the middle of whatever it does, and start it again.

        Args:
            meanwhile: Called when it has ended and not begun again.

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
        """Have streams read from their beginning: it remembers positions in them, and begins them anew."""
        path = self._state / "lambda.json"
        state = json.loads(path.read_text())
        state["payload"]["dynamodb_stream_positions"] = {}
        path.write_text(json.dumps(state))

    def start_failure(self) -> str | None:
        """Why a function's worker process could not start; None if all workers did."""
        return start_failure(self._process.log.read_text(errors="replace"))

    def _start(self, log: str) -> ChildProcess:
        command = [sys.executable, "-m", "ministack"]
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
        url: What it answers with 200 when it is ready.
        timeout_seconds: How long it may take.

    Raises:
        StartFailed: It ended, or does not answer in time.
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
    """Where an emulator that listens on a port is found."""
    return f"http://127.0.0.1:{port}"


def cdk_environment(port: int) -> dict[str, str]:
    """The environment in which an AWS tool of the developer's works on the emulator."""
    return (
        inherited_environment()
        | _AWS_SETTINGS
        | {
            "AWS_ENDPOINT_URL": endpoint_url(port),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
    )
