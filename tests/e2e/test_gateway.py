"""Responses that API Gateway makes without a function, and the headers of all responses."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import httpx
import pytest

from local.users import OPERATOR
from local.world import World

PROTECTING_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
}


def assert_problem(answer: httpx.Response, status: int, kind: str) -> None:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:problem-type:order-saga:{kind}"
    assert problem["status"] == status
    assert problem["instance"]


@pytest.mark.parametrize(
    ("call", "customer"),
    [
        ("GET /inventory", "alice"),
        ("GET /inventory/NO-SUCH-CHAIR", "alice"),
        ("PUT /inventory/RED-CHAIR", "alice"),
        ("GET /inventory", None),
        ("GET /nowhere", None),
        ("GET /health", None),
        ("DELETE /health", None),
    ],
    ids=["200", "404", "403", "401", "no such path", "health", "no such method"],
)
def test_every_response_has_the_security_headers(world: World, call: str, customer: str | None) -> None:
    method, path = call.split()

    answer = world.shop.request(method, path, anonymous=customer is None)

    assert {name: answer.headers.get(name) for name in PROTECTING_HEADERS} == PROTECTING_HEADERS


def test_an_unknown_path_is_not_found(world: World) -> None:
    answer = world.shop.request("GET", "/nowhere")

    assert_problem(answer, 404, "not-found")
    assert answer.json()["instance"] == answer.headers["x-amzn-requestid"]


def test_an_unsupported_method_returns_the_supported_ones(world: World) -> None:
    answer = world.shop.signed_in(OPERATOR).request("DELETE", "/inventory/RED-CHAIR")

    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert answer.headers["Allow"] == "GET, PATCH, PUT"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:problem-type:order-saga:method-not-allowed"


def test_a_request_without_a_token_is_challenged(world: World) -> None:
    answer = world.shop.request("GET", "/inventory", anonymous=True)

    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


LIMITS: Final = ("rateLimit", "burstLimit")


@contextmanager
def closed(world: World, method: str, path: str) -> Iterator[None]:
    """Set the rate limit of one method to zero, as long as the context lasts."""
    api_id = world.api_url.split("/restapis/")[1].split("/")[0]
    gateway = world.aws.client("apigateway")
    setting = f"/{path.replace('/', '~1')}/{method}/throttling"

    def let_through(rate: str) -> None:
        operations = [{"op": "replace", "path": f"{setting}/{limit}", "value": rate} for limit in LIMITS]
        gateway.update_stage(restApiId=api_id, stageName="v1", patchOperations=operations)

    let_through("0")
    try:
        yield
    finally:
        let_through("1000")


def test_a_throttled_request_gets_a_time_to_retry(world: World) -> None:
    with closed(world, "GET", "/inventory"):
        answer = world.shop.request("GET", "/inventory")

    assert_problem(answer, 429, "too-many-requests")
    assert answer.headers["Retry-After"] == "1"
