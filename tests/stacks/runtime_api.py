"""The Lambda Runtime API, and a function that AWS's own runtime client runs against it."""

import json
import subprocess
import sys
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


@dataclass
class RuntimeApi:
    """A Runtime API with one invocation.

    Attributes:
        address: Host and port.
        posted: What the runtime client has posted.
    """

    address: str
    invocations: list[bytes]
    posted: list[Posted] = field(default_factory=list)

    def run(self, folder: Path, variables: Mapping[str, str] | None = None) -> str:
        """Run `function.handler` in a folder, and return what it logs."""
        process = subprocess.run(  # noqa: S603 - our own file
            [code_folder(embedded=True) / "bootstrap"],
            env={
                "PATH": str(Path(sys.executable).parent),
                "PYTHONPATH": str(folder),
                "AWS_LAMBDA_RUNTIME_API": self.address,
                "_HANDLER": "function.handler",
                **(variables or {}),
            },
            capture_output=True,
            text=True,
            check=False,  # it ends because the API has no second invocation
        )
        return process.stdout


@contextmanager
def runtime_api(event: Mapping[str, Any]) -> Iterator[RuntimeApi]:
    """Serve a Runtime API that invokes the function once."""
    api = RuntimeApi("", [json.dumps(event).encode()])

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
