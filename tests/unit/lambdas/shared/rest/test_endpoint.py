"""What all responses of the REST API have in common, whatever the endpoint."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.rest.endpoint import Endpoint, endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.problem import not_found
from tests.unit.lambdas.builders import REQUEST_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, api_event

SHOP = "https://shop.example"
ADMIN = "https://admin.example"


def found(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(HTTPStatus.OK, {})


def missing(_request: HttpRequest) -> HttpResponse:
    raise not_found("thing")


def unavailable(_request: HttpRequest) -> HttpResponse:
    raise StoreUnavailable


def broken(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a detail of ours")


def call(
    respond: Endpoint, origin: str | None = None, origin_header: str = "origin"
) -> tuple[int, dict[str, str], dict[str, Any]]:
    event = api_event("GET", "/orders", headers={origin_header: origin} if origin else {})
    response = endpoint(respond)(event, CONTEXT)
    return response["statusCode"], response["headers"], json.loads(response["body"])


STATUS_OF = {found: 200, missing: 404, unavailable: 503, broken: 500}
PROBLEMS = [missing, unavailable, broken]


@pytest.mark.parametrize(("respond", "expected"), STATUS_OF.items())
def test_every_response_has_the_security_headers(respond: Endpoint, expected: int) -> None:
    status, headers, _body = call(respond)

    assert status == expected
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.parametrize("respond", PROBLEMS)
def test_every_problem_has_the_id_that_api_gateway_gave_the_request(respond: Endpoint) -> None:
    _status, headers, problem = call(respond)

    assert headers["Content-Type"] == "application/problem+json"
    assert problem["instance"] == REQUEST_ID


def test_an_unavailable_store_gives_a_time_to_retry() -> None:
    assert call(unavailable)[1]["Retry-After"] == "1"


def test_an_internal_error_is_logged_and_reveals_nothing(log: Log) -> None:
    response = call(broken)

    assert response[2]["detail"] == "An unexpected error occurred. It has been logged."
    assert "ours" not in str(response)
    assert "ZeroDivisionError: a detail of ours" in log.text


# Browsers


def test_without_allowed_origins_no_script_can_read_a_response() -> None:
    _status, headers, _body = call(found, origin=SHOP)

    assert not [name for name in headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("respond", STATUS_OF)
@pytest.mark.parametrize("origin_header", ["origin", "Origin"])
def test_a_script_of_an_allowed_origin_can_read_every_response(
    monkeypatch: pytest.MonkeyPatch, respond: Endpoint, origin_header: str
) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{SHOP} {ADMIN}")

    _status, headers, _body = call(respond, ADMIN, origin_header)

    assert headers["Access-Control-Allow-Origin"] == ADMIN
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://shop.example.org", "https://thief.example", "null", None])
def test_a_script_of_another_origin_can_read_no_response(
    monkeypatch: pytest.MonkeyPatch, origin: str | None
) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{SHOP} {ADMIN}")

    _status, headers, _body = call(found, origin)

    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Vary"] == "Origin"
