"""A function starts in the embedded AWS with awslambdaric's native client, and without it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from stacks.constructs.python_function import code_folder

Posted = tuple[str, dict[str, Any]]
"""The last part of a path, and the body."""

pytestmark = pytest.mark.enable_socket

FUNCTION = """
class OutOfStock(Exception): pass

def handler(event, context):
    if "fail" in event:
        raise OutOfStock(event["fail"])
    return event
"""


class RuntimeApi(BaseHTTPRequestHandler):
    """The Lambda Runtime API: has one invocation, and keeps what is posted."""

    invocations: ClassVar[list[bytes]] = []
    posted: ClassVar[list[Posted]] = []

    def do_GET(self) -> None:
        self._respond(200, self.invocations.pop()) if self.invocations else self._respond(500)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, json.loads(body)))
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


@pytest.fixture
def runtime_api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("native", [True, False], ids=["native client", "portable client"])
@pytest.mark.parametrize(
    ("event", "posted"),
    [
        ({"word": "h\u00e9"}, ("response", {"word": "h\u00e9"})),
        ({"fail": "n\u00f8"}, ("error", {"errorType": "OutOfStock", "errorMessage": "n\u00f8"})),
    ],
    ids=["result", "error"],
)
def test_a_function_is_started_and_its_result_or_error_is_posted(
    tmp_path: Path,
    runtime_api: str,
    event: dict[str, str],
    posted: tuple[str, dict[str, str]],
    *,
    native: bool,
) -> None:
    # Given
    (tmp_path / "function.py").write_text(FUNCTION)
    if not native:
        (tmp_path / "runtime_client.py").write_text("raise ImportError")
    RuntimeApi.posted.clear()
    RuntimeApi.invocations[:] = [json.dumps(event).encode()]

    # When
    subprocess.run(  # noqa: S603 - our own file
        [code_folder(embedded=True) / "bootstrap"],
        env={
            "PATH": str(Path(sys.executable).parent),
            "PYTHONPATH": str(tmp_path),
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "_HANDLER": "function.handler",
        },
        capture_output=True,
        check=False,  # it ends because the API has no second invocation
    )

    # Then
    [(path, body)] = RuntimeApi.posted
    kind, content = posted
    assert path == f"/2018-06-01/runtime/invocation/request-1/{kind}"
    assert {name: body[name] for name in content} == content
