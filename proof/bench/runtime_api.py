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

import psutil

from stacks.constructs.python_function import code_folder

Posted = tuple[str, dict[str, Any]]
"""A path, and the body."""


@dataclass(frozen=True)
class EndedRun:
    """A run of a function's process; it ends because the API has no further invocation.

    Attributes:
        logged: What it logged.
        cpu_seconds: Its CPU time, of user and system.
        resident_bytes: The memory that it held when it asked for its first invocation.
    """

    logged: str
    cpu_seconds: float
    resident_bytes: int


@dataclass
class RuntimeApi:
    """A Runtime API with some invocations.

    Attributes:
        address: Host and port.
        invocations: The events to come, the next one last.
        posted: What the runtime client has posted.
        process: The process of the function that runs now.
        resident_bytes: The memory that it held when it asked for its first invocation.
    """

    address: str
    invocations: list[bytes]
    posted: list[Posted] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None
    resident_bytes: int = 0

    def run(
        self,
        folder: Path,
        variables: Mapping[str, str] | None = None,
        *,
        handler: str = "function.handler",
        packages: Path | None = None,
    ) -> EndedRun:
        """Run a function to its end.

        Args:
            folder: A folder that it can import from.
            variables: Its environment, beside what Lambda sets.
            handler: Module and name of its handler.
            packages: A folder with the only packages that it finds; by default, it finds all that this
                process finds.
        """
        with tempfile.TemporaryFile("w+") as output:
            self.process = process = subprocess.Popen(  # noqa: S603 - our own file
                [sys.executable, *(["-S"] if packages else []), code_folder(embedded=True) / "bootstrap"],
                env={
                    "PATH": str(Path(sys.executable).parent),
                    "PYTHONPATH": os.pathsep.join(map(str, filter(None, (folder, packages)))),
                    "AWS_LAMBDA_RUNTIME_API": self.address,
                    "_HANDLER": handler,
                    **(variables or {}),
                },
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            _, process.returncode, used = os.wait4(process.pid, 0)
            output.seek(0)
            return EndedRun(output.read(), used.ru_utime + used.ru_stime, self.resident_bytes)

    def take(self) -> bytes | None:
        """Take the next invocation; None if there is no other."""
        if self.process is not None and not self.resident_bytes:
            self.resident_bytes = psutil.Process(self.process.pid).memory_info().rss
        return self.invocations.pop() if self.invocations else None


@contextmanager
def runtime_api(*events: Mapping[str, Any]) -> Iterator[RuntimeApi]:
    """Serve a Runtime API that invokes the function with each of some events."""
    api = RuntimeApi("", [json.dumps(event).encode() for event in reversed(events)])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            event = api.take()
            self._respond(500) if event is None else self._respond(200, event)

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
