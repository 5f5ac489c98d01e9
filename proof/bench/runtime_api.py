"""The Lambda Runtime API, and a function's process, which AWS's own runtime client runs against it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from stacks.constructs.python_function import code_folder

Posted = tuple[str, dict[str, Any]]
"""A path, and the body."""


@dataclass(frozen=True)
class EndedRun:
    """A run of a function's process; it ends because the API has no further invocation.

    Attributes:
        logged: What it logged.
        cpu_seconds: Its CPU time, of user and system.
        peak_bytes: The most memory that it held.
    """

    logged: str
    cpu_seconds: float
    peak_bytes: int


@dataclass
class RuntimeApi:
    """A Runtime API with some invocations.

    Attributes:
        address: Host and port.
        invocations: The events to come, the next one last.
        posted: What the runtime client has posted.
    """

    address: str
    invocations: list[bytes]
    posted: list[Posted] = field(default_factory=list)

    def run(
        self, folder: Path, variables: Mapping[str, str] | None = None, *, handler: str = "function.handler"
    ) -> EndedRun:
        """Run a function to its end.

        Args:
            folder: A folder that it can import from.
            variables: Its environment, beside what Lambda sets.
            handler: Module and name of its handler.
        """
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(  # noqa: S603 - our own file
                [code_folder(embedded=True) / "bootstrap"],
                env={
                    "PATH": str(Path(sys.executable).parent),
                    "PYTHONPATH": str(folder),
                    "AWS_LAMBDA_RUNTIME_API": self.address,
                    "_HANDLER": handler,
                    **(variables or {}),
                },
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            _, process.returncode, used = os.wait4(process.pid, 0)
            output.seek(0)
            # Linux counts the peak in KiB, macOS in bytes.
            unit = 1 if sys.platform == "darwin" else 1024
            return EndedRun(output.read(), used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


@contextmanager
def runtime_api(*events: Mapping[str, Any]) -> Iterator[RuntimeApi]:
    """Serve a Runtime API that invokes the function with each of some events."""
    api = RuntimeApi("", [json.dumps(event).encode() for event in reversed(events)])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond(200, api.invocations.pop()) if api.invocations else self._respond(500)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.posted.append((self.path, json.loads(body)))
            self._respond(202)

        def _respond(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            headers = {"Aws-Request-Id": "request-1", "Deadline-Ms": "1", "Invoked-Function-Arn": "arn"}
            for name, value in headers.items():
                self.send_header(f"Lambda-Runtime-{name}", value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    with serving(Handler) as address:
        api.address = address
        yield api


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve HTTP on a free port; yields host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
