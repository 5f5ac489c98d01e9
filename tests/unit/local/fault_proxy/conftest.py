"""One proxy for all tests, between test workers and a test service."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import botocore.parsers
import botocore.session
import pytest
from aiohttp import web

from local.emulator import await_answer
from local.fault_proxy.proxy_client import FaultProxyClient
from local.processes import process_group
from local.world import FaultProxy, start_fault_proxy
from tests.unit.local.fault_proxy import worker
from tests.unit.local.fault_proxy.service import Service, serving

FUNCTION: Final = "charge_payment"


@dataclass(frozen=True)
class Bench:
    """The proxy, the service behind it, and the workers of `FUNCTION` that call it."""

    proxy: FaultProxy
    service: Service
    faults: FaultProxyClient
    workers: list["subprocess.Popen[str]"] = field(default_factory=list)

    def start_worker(self, *, patience_seconds: float = 10) -> "subprocess.Popen[str]":
        """Start a worker that makes one call, and waits for the answer; see `worker`."""
        script = [str(Path(worker.__file__)), self.proxy.aws_url, str(patience_seconds)]
        command = [sys.executable, "-I", "-S", *script]
        environ = {"AWS_LAMBDA_FUNCTION_NAME": f"orders-local-{FUNCTION}", "ORDERS_TABLE": "Orders-1X2Y"}
        process = subprocess.Popen(  # noqa: S603 - our own
            command, env={**os.environ, **environ}, stdout=subprocess.PIPE, text=True
        )
        self.workers.append(process)
        return process


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FaultProxy, Service]]:
    with serving() as service, process_group(tmp_path_factory.mktemp("fault_proxy")) as processes:
        proxy = start_fault_proxy(processes, aws_url=service.url, stripe_url=service.url)
        await_answer(proxy.process, f"{proxy.control_url}/calls", timeout_seconds=30)
        yield proxy, service


@pytest.fixture
def bench(running: tuple[FaultProxy, Service]) -> Iterator[Bench]:
    proxy, service = running
    service.requests.clear()
    with FaultProxyClient(proxy.control_url) as faults:
        faults.begin_recording()
        bench = Bench(proxy, service, faults)
        yield bench
        faults.clear()
    for process in bench.workers:
        process.kill()
        process.communicate()


def as_botocore_reads(answer: web.Response, client: str) -> dict[str, Any]:
    """An error as botocore's client of a service reads it."""
    model = botocore.session.Session().get_service_model(client)
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    response: dict[str, Any] = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    shapes = (model.operation_model(name).output_shape for name in model.operation_names)
    error: dict[str, Any] = parser.parse(response, next(filter(None, shapes)))
    details = model.shape_for_error_code(error["Error"]["Code"])
    return error if details is None else {**error, **parser.parse(response, details)}
