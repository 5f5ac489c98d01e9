from http import HTTPStatus
from typing import Any

import pytest

from lambdas.shared.rest.caller import Caller, caller_of, require_customer, require_operator
from lambdas.shared.rest.http_api import HttpRequest, Problem
from lambdas.shared.settings import SettingError
from tests.unit.lambdas.invocations import CONTEXT, api_event

SUB = "65970c92-3ad3-425f-b1b6-eeeccd8125d3"


def request_with(claims: dict[str, Any] | None) -> HttpRequest:
    event = api_event("GET", "/orders", customer=None)
    if claims is not None:
        event["requestContext"]["authorizer"] = {"claims": claims}
    return HttpRequest.of(event, CONTEXT)


def signed_in(groups: object) -> Caller:
    return caller_of(request_with({"sub": SUB, "token_use": "id", "cognito:groups": groups}))


@pytest.mark.parametrize(
    "groups",
    [
        *("customers", "[customers]", "vip,customers", "[vip customers]", ["customers"]),
        *("customers,operators-in-training", "[not-operators customers]"),
    ],
)
def test_a_customer_is_known_by_the_pools_id_and_group(groups: object) -> None:
    assert signed_in(groups) == Caller(SUB, is_operator=False)


@pytest.mark.parametrize(
    "groups",
    ["operators", "customers,operators", "customers, operators", "[customers operators]", ["operators"]],
)
def test_an_operator_is_one_whatever_else_they_are(groups: object) -> None:
    assert signed_in(groups) == Caller(SUB, is_operator=True)


@pytest.mark.parametrize("groups", ["", None, "[]", "interns", "not-operators", "operators-in-training", []])
def test_whoever_is_in_neither_group_may_do_nothing(groups: object) -> None:
    with pytest.raises(Problem) as refused:
        signed_in(groups)

    assert refused.value.status is HTTPStatus.FORBIDDEN


def test_an_access_token_says_not_who_somebody_is() -> None:
    with pytest.raises(Problem) as refused:
        caller_of(request_with({"sub": SUB, "token_use": "access", "cognito:groups": "operators"}))

    assert refused.value.status is HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("claims", [None, {}, {"token_use": "id", "cognito:groups": "operators"}])
def test_an_api_that_lets_strangers_in_is_a_mistake_of_ours(claims: dict[str, str] | None) -> None:
    with pytest.raises(SettingError, match="nobody signed in"):
        caller_of(request_with(claims))


def test_customers_are_kept_from_what_operators_do() -> None:
    require_operator(Caller(SUB, is_operator=True))

    with pytest.raises(Problem) as refused:
        require_operator(Caller(SUB, is_operator=False))

    assert (refused.value.status, refused.value.kind) == (HTTPStatus.FORBIDDEN, "forbidden")


def test_operators_are_kept_from_what_customers_do() -> None:
    require_customer(Caller(SUB, is_operator=False))

    with pytest.raises(Problem) as refused:
        require_customer(Caller(SUB, is_operator=True))

    assert (refused.value.status, refused.value.kind) == (HTTPStatus.FORBIDDEN, "forbidden")
