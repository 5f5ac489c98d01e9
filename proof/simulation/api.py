"""API Gateway: passes the requests of callers on to the functions, as a transport of `httpx`.

Callers here are patient: a request that gets no answer, a 5xx or a 429 is sent again.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

import httpx
from typing_extensions import override

from lambdas.domain.vocabulary import UserGroup
from local.users import OPERATOR, email_of
from proof.simulation.functions import ACCOUNT, Functions
from proof.simulation.scheduler import Scheduler, current_strand

API_URL: Final = "https://shop.test"

_ROUTES: Final = tuple(
    (method, re.compile(path.replace("{", "(?P<").replace("}", ">[^/]+)")), path, function)
    for method, path, function in (
        ("POST", "/orders", "submit_order"),
        ("GET", "/orders", "list_orders"),
        ("GET", "/orders/{order_id}", "get_order"),
        ("POST", "/orders/{order_id}/cancel", "cancel_order"),
        ("POST", "/orders/{order_id}/retry", "retry_order"),
        ("POST", "/orders/{order_id}/republish", "republish_events"),
        ("POST", "/orders/{order_id}/fulfil", "fulfil_order"),
        ("POST", "/orders/{order_id}/settle", "settle_order"),
        ("POST", "/orders/{order_id}/refunds", "request_refund"),
        ("POST", "/customers/{customer_id}/erase", "erase_customer"),
        ("GET", "/inventory", "list_inventory"),
        ("GET", "/inventory/{sku}", "get_inventory"),
        ("PUT", "/inventory/{sku}", "put_inventory"),
        ("PATCH", "/inventory/{sku}", "patch_inventory"),
        ("POST", "/inventory/{sku}/restock", "restock_inventory"),
        ("POST", "/webhooks/stripe", "receive_stripe_webhook"),
    )
)
_ANSWERED_WITHIN_MS: Final = 29_000
_PAUSE_SECONDS: Final = 2
_MOST_TRIES: Final = 50


class Api(httpx.BaseTransport):
    """The REST API.

    Args:
        scheduler: Simulated time.
        functions: The functions that answer.
    """

    def __init__(self, scheduler: Scheduler, functions: Functions) -> None:
        self._scheduler = scheduler
        self._functions = functions
        self._requests = 0

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        user = request.headers.get("Authorization", "").removeprefix("Bearer ")
        query = parse_qs(request.url.query.decode())
        for _ in range(_MOST_TRIES):
            status, headers, body = self.request(
                request.method, request.url.path, dict(request.headers), query, request.read().decode(), user
            )
            if status < httpx.codes.INTERNAL_SERVER_ERROR and status != httpx.codes.TOO_MANY_REQUESTS:
                break
            current_strand().sleep(self._scheduler.random.randint(100, _PAUSE_SECONDS * 1000))
        return httpx.Response(status, headers=headers, content=body)

    def request(  # noqa: PLR0913, PLR0917 - the parts of a request
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, list[str]],
        body: str,
        user: str | None,
    ) -> tuple[int, Mapping[str, str], str]:
        """Answer a request once: status, headers and body."""
        route = _route(method, path)
        if route is None:
            return httpx.codes.NOT_FOUND, {}, "{}"
        function, resource, path_parameters = route
        self._requests += 1
        event = {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": path_parameters or None,
            "stageVariables": None,
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": "simulated",
                "httpMethod": method,
                "path": f"/v1{path}",
                "stage": "v1",
                "extendedRequestId": f"request-{self._requests}",
                "identity": {"sourceIp": "192.0.2.1"},
                **({"authorizer": {"claims": claims_of(user)}} if user else {}),
            },
            "body": body or None,
            "isBase64Encoded": False,
        }
        answer = self._functions.call("api", function, event, who=user or "stripe")
        if not current_strand().wait(answer, _ANSWERED_WITHIN_MS) or answer.value is None:
            return 504, {}, "{}"
        if answer.value.error is not None:
            return 502, {}, "{}"
        answered = answer.value.payload
        return answered["statusCode"], answered.get("headers") or {}, answered.get("body") or ""


def _route(method: str, path: str) -> tuple[str, str, dict[str, str]] | None:
    """The function that answers a request, its route and the path parameters; None if there is none."""
    for route_method, pattern, resource, function in _ROUTES:
        match = pattern.fullmatch(path)
        if match and route_method == method:
            return function, resource, match.groupdict()
    return None


def claims_of(user: str) -> dict[str, str]:
    """The claims that the authorizer reads from the token of a demo user, which here is the user's name."""
    return {
        "sub": user,
        "token_use": "id",
        "cognito:groups": UserGroup.OPERATORS if user == OPERATOR else UserGroup.CUSTOMERS,
        "email": email_of(user),
        "email_verified": "true",
    }


class SimulatedUsers:
    """Signs the demo users in: the token is the name."""

    def token(self, name: str) -> str:
        """The token of a demo user."""
        return name
