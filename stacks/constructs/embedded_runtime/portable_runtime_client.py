"""The module `runtime_client` of awslambdaric in pure Python, for systems without the native one.

It calls the Lambda Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The embedded
AWS has no X-Ray, so `post_error` does not send the cause that it gets for X-Ray.
"""

import http.client
import os
from contextlib import closing

_headers: dict[str, str] = {}


def initialize_client(user_agent: str) -> None:
    """Set the user agent of all requests."""
    _headers["User-Agent"] = user_agent


def next() -> tuple[bytes, dict[str, str]]:  # noqa: A001 - awslambdaric calls it by this name
    """Wait for the next invocation; returns its event, and the headers that describe it."""
    return _call("GET", "next")


def post_invocation_result(request_id: str, result: bytes, content_type: str, _invocation_id: object) -> None:
    """Send the result of an invocation."""
    _call("POST", f"{request_id}/response", result, content_type)


def post_error(request_id: str, error: str, _xray_cause: str, _invocation_id: object) -> None:
    """Send the error of an invocation: JSON with `errorMessage` and `errorType`."""
    _call("POST", f"{request_id}/error", error.encode())


def _call(
    method: str, path: str, body: bytes | None = None, content_type: str = "application/json"
) -> tuple[bytes, dict[str, str]]:
    with closing(http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])) as connection:
        headers = {**_headers, "Content-Type": content_type}
        connection.request(method, f"/2018-06-01/runtime/invocation/{path}", body, headers)
        response = connection.getresponse()
        if response.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"the runtime API returned {response.status} for {method} {path}")
        return response.read(), dict(response.getheaders())
