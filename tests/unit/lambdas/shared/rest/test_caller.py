from collections.abc import Callable
from typing import Any

import pytest

from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.caller import Caller, caller_of, require_customer, require_operator
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.problem import Problem
from lambdas.shared.settings import SettingError
from tests.unit.lambdas.invocations import api_event

SUB = "65970c92-3ad3-425f-b1b6-eeeccd8125d3"


def request_with(claims: dict[str, Any] | None) -> HttpRequest:
    event = api_event("GET", "/orders", customer=None)
    if claims is not None:
        event["requestContext"]["authorizer"] = {"claims": claims}
    return HttpRequest.of(event)


def signed_in(groups: object) -> Caller:
    return caller_of(request_with({"sub": SUB, "token_use": "id", "cognito:groups": groups}))


@pytest.mark.parametrize(
    "groups",
    [
        *("customers", "[customers]", "vip,customers", "[vip customers]", ["customers"]),
        *("customers,operators-in-training", "[not-operators customers]"),
    ],
)
def test_a_customer_is_a_user_in_the_group_of_customers(groups: object) -> None:
    assert signed_in(groups) == Caller(SUB, is_operator=False)


@pytest.mark.parametrize(
    "groups",
    ["operators", "customers,operators", "customers, operators", "[customers operators]", ["operators"]],
)
def test_an_operator_is_a_user_in_the_group_of_operators(groups: object) -> None:
    assert signed_in(groups) == Caller(SUB, is_operator=True)


@pytest.mark.parametrize("groups", ["", None, "[]", "interns", "not-operators", "operators-in-training", []])
def test_a_user_in_neither_group_is_rejected(groups: object) -> None:
    with pytest.raises(Problem) as rejected:
        signed_in(groups)

    assert rejected.value.kind is ProblemKind.FORBIDDEN


@pytest.mark.parametrize("verified", ["true", "True", True])
def test_the_caller_has_the_address_that_cognito_verified(verified: object) -> None:
    claims = {"sub": SUB, "token_use": "id", "cognito:groups": "customers", "email": "sally@example.com"}

    assert caller_of(request_with({**claims, "email_verified": verified})).email == "sally@example.com"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "sally@example.com"},
        {"email": "sally@example.com", "email_verified": "false"},
        {"email": "sally@example.com", "email_verified": False},
        {"email": "", "email_verified": "true"},
        {"email_verified": "true"},
    ],
)
def test_an_address_that_is_not_verified_does_not_count(claims: dict[str, object]) -> None:
    claims = {"sub": SUB, "token_use": "id", "cognito:groups": "customers", **claims}

    assert caller_of(request_with(claims)).email is None


def test_an_access_token_is_rejected() -> None:
    with pytest.raises(Problem) as rejected:
        caller_of(request_with({"sub": SUB, "token_use": "access", "cognito:groups": "operators"}))

    assert rejected.value.kind is ProblemKind.UNAUTHORIZED


@pytest.mark.parametrize("claims", [None, {}, {"token_use": "id", "cognito:groups": "operators"}])
def test_a_request_without_claims_is_our_own_error(claims: dict[str, str] | None) -> None:
    with pytest.raises(SettingError, match="no authorizer"):
        caller_of(request_with(claims))


@pytest.mark.parametrize(("require", "operator"), [(require_operator, True), (require_customer, False)])
def test_a_call_of_one_group_rejects_the_other_group(
    require: Callable[[Caller], None], *, operator: bool
) -> None:
    require(Caller(SUB, is_operator=operator))

    with pytest.raises(Problem) as rejected:
        require(Caller(SUB, is_operator=not operator))

    assert rejected.value.kind is ProblemKind.FORBIDDEN
