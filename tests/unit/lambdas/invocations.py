"""Events as AWS passes them to the functions."""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.unit.lambdas.builders import CUSTOMER, EMAIL, ORDER_ID, REQUEST_ID


class Context(LambdaContext):
    """The context of an invocation."""

    _function_name = "a-function"
    _memory_limit_in_mb = 512
    _invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:a-function"
    _aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 10_000


CONTEXT: Final = Context()


def step_payload(
    error: Mapping[str, str] | None = None, order_id: str = ORDER_ID, task_token: str | None = None
) -> dict[str, Any]:
    """The payload of a step; in the undo chain it has the error that was caught."""
    payload: dict[str, Any] = {"order_id": order_id, "execution": order_id, "request_id": REQUEST_ID}
    if error is not None:
        payload["error"] = error
    if task_token is not None:
        payload["task_token"] = task_token
    return payload


def call_step(name: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call a step of the saga as Step Functions does."""
    result: Mapping[str, Any] = import_module(f"lambdas.saga.{name}.handler").handler(payload, CONTEXT)
    return result


def api_event(  # noqa: PLR0913 - the parts of a request
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    customer: str | None = CUSTOMER,
    groups: str = "customers",
    email: str | None = EMAIL,
    request_id: str = REQUEST_ID,
) -> dict[str, Any]:
    """A request as API Gateway's REST API passes it on.

    Args:
        method: `GET`, `PUT`, ...
        path: Without the stage.
        body: Text, or a value that is sent as JSON.
        headers: Headers besides the usual ones.
        query: Query parameters.
        customer: The caller's `sub`; None without a sign-in.
        groups: The caller's groups in the user pool.
        email: The caller's verified address; None if there is none.
        request_id: API Gateway's id of the request.
    """
    headers = {"Host": "api.example.com", "content-type": "application/json", **(headers or {})}
    claims = {"sub": customer, "token_use": "id", "cognito:groups": groups}
    if email is not None:
        claims |= {"email": email, "email_verified": "true"}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
        "pathParameters": _path_parameters(path),
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": "chosen-by-the-client",
            "extendedRequestId": request_id,
            "identity": {"sourceIp": "192.0.2.1"},
            **({"authorizer": {"claims": claims}} if customer is not None else {}),
        },
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def _path_parameters(path: str) -> dict[str, str] | None:
    """The path parameters that API Gateway finds."""
    match = re.fullmatch(
        r"/orders/(?P<order_id>[^/]+)(/\w+)?"
        r"|/customers/(?P<customer_id>[^/]+)/erase"
        r"|/inventory/(?P<sku>[^/]+)(/\w+)?",
        path,
    )
    return {name: value for name, value in match.groupdict().items() if value} if match else None


def sqs_event(*bodies: str) -> dict[str, Any]:
    """A batch of messages with the ids `message-0`, `message-1` and so on."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"handle-{number}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1772366400000",
                    "SenderId": "AIDAEXAMPLE",
                    "ApproximateFirstReceiveTimestamp": "1772366400001",
                },
                "messageAttributes": {},
                "md5OfBody": "not-checked",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:audit",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies)
        ]
    }
