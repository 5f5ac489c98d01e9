"""One proxy for all tests, between test workers and a test service."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local.fault_proxy.proxy_client import FaultProxyClient
from local.processes import REPOSITORY, free_port
from local.waiting import wait_for
from tests.unit.local.fault_proxy import worker
from tests.unit.local.fault_proxy.service import Service, serving

FUNCTION = "charge_payment"


@dataclass(frozen=True)
class RunningProxy:
    aws_port: int
    stripe_url: str
    control_url: str
    service: Service


@pytest.fixture(scope="session")
def proxy() -> Iterator[RunningProxy]:
    ports = {"aws": free_port(), "stripe": free_port(), "control": free_port()}
    control_url = f"http://127.0.0.1:{ports['control']}"
    with serving() as service:
        command = [
            sys.executable,
            "-m",
            "local.fault_proxy",
            f"--aws={service.url}",
            f"--stripe={service.url}",
        ]
        options = [f"--{name}-port={port}" for name, port in ports.items()]
        with subprocess.Popen([*command, *options], cwd=REPOSITORY) as process:  # noqa: S603 - our own
            wait_for(lambda: _answers(control_url), "the fault proxy answers", timeout_seconds=30)
            yield RunningProxy(ports["aws"], f"http://127.0.0.1:{ports['stripe']}", control_url, service)
            process.terminate()


@pytest.fixture
def faults(proxy: RunningProxy) -> Iterator[FaultProxyClient]:
    proxy.service.requests.clear()
    with FaultProxyClient(proxy.control_url) as client:
        client.begin_recording()
        yield client
        client.clear()


@pytest.fixture
def start_worker(proxy: RunningProxy) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts a worker of `FUNCTION` that makes one call; see `worker`."""
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-I", "-S", str(Path(worker.__file__)), str(proxy.aws_port)]
        environ = {"AWS_LAMBDA_FUNCTION_NAME": f"orders-local-{FUNCTION}", "ORDERS_TABLE": "Orders-1X2Y"}
        started.append(
            subprocess.Popen(  # noqa: S603 - our own
                command,
                env={**os.environ, **environ},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/calls", trust_env=False).is_success
    except httpx.TransportError:
        return False
