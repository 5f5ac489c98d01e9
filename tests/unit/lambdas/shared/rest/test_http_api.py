"""What every answer of the API has, whatever the endpoint."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.rest.http_api import Endpoint, HttpRequest, HttpResponse, endpoint, not_found
from tests.unit.lambdas.invocations import CONTEXT, api_event

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
SHOP = "https://shop.example"
ADMIN = "https://admin.example"


def found(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(HTTPStatus.OK, {})


def missing(_request: HttpRequest) -> HttpResponse:
    raise not_found("such thing")


def unavailable(_request: HttpRequest) -> HttpResponse:
    raise StoreUnavailable


def broken(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a detail of ours")


def answer_of(
    what: Endpoint, origin: str | None = None, origin_header: str = "origin"
) -> tuple[int, dict[str, str], dict[str, Any]]:
    event = api_event("GET", "/orders", headers={origin_header: origin} if origin else {})
    answer = endpoint(what)(event, CONTEXT)
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


STATUS_OF = {found: 200, missing: 404, unavailable: 503, broken: 500}
PROBLEMS = [missing, unavailable, broken]


@pytest.mark.parametrize(("what", "expected"), STATUS_OF.items())
def test_every_answer_protects_itself(what: Endpoint, expected: int) -> None:
    status, headers, _body = answer_of(what)

    assert status == expected
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.parametrize("what", PROBLEMS)
def test_every_problem_names_the_request(what: Endpoint) -> None:
    _status, headers, problem = answer_of(what)

    assert headers["Content-Type"] == "application/problem+json"
    assert problem["instance"] == REQUEST_ID


def test_whoever_comes_while_the_store_is_down_is_told_when_to_come_back() -> None:
    assert answer_of(unavailable)[1]["Retry-After"] == "1"


def test_nobody_learns_what_broke() -> None:
    assert "ours" not in str(answer_of(broken))


# Browsers


def test_without_allowed_origins_no_script_may_read_an_answer() -> None:
    _status, headers, _body = answer_of(found, origin=SHOP)

    assert not [name for name in headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("what", STATUS_OF)
@pytest.mark.parametrize("origin_header", ["origin", "Origin"])
def test_a_script_of_an_allowed_origin_may_read_every_answer(
    monkeypatch: pytest.MonkeyPatch, what: Endpoint, origin_header: str
) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{SHOP} {ADMIN}")

    _status, headers, _body = answer_of(what, ADMIN, origin_header)

    assert headers["Access-Control-Allow-Origin"] == ADMIN
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://shop.example.org", "https://thief.example", "null", None])
def test_a_script_of_another_origin_may_not(monkeypatch: pytest.MonkeyPatch, origin: str | None) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{SHOP} {ADMIN}")

    _status, headers, _body = answer_of(found, origin)

    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Vary"] == "Origin"
