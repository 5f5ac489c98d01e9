"""Who is calling: what API Gateway's authorizer found out from the token."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from lambdas.domain.vocabulary import UserGroup
from lambdas.shared.rest.http_api import HttpRequest, Problem
from lambdas.shared.settings import SettingError

_GROUP: Final = re.compile(r"[^\s,\[\]]+")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who signed in.

    Attributes:
        customer_id: The user's id in the pool (`sub`); it never changes and is never given to anybody else.
        is_operator: Whether they run the shop; if not, they are a customer.
    """

    customer_id: str
    is_operator: bool


def caller_of(request: HttpRequest) -> Caller:
    """Say who signed in.

    Raises:
        Problem: It is no ID token (401), or its bearer is neither a customer nor an operator (403).
        SettingError: Nobody signed in, so the API lacks its authorizer.
    """
    claims = request.claims
    if not claims.get("sub"):
        raise SettingError("the API lets requests in that nobody signed in for")
    if claims.get("token_use") != "id":
        # An access token has the same `sub` and groups, but was not made to say who somebody is.
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "unauthorized", "Sign-in needed", "Send the ID token, not another one."
        )
    groups = _groups(claims.get("cognito:groups"))
    if groups.isdisjoint(UserGroup):
        raise _forbidden("Nobody has made you a customer or an operator yet.")
    return Caller(claims["sub"], is_operator=UserGroup.OPERATORS in groups)


def require_operator(caller: Caller) -> None:
    """Let operators through.

    Raises:
        Problem: A customer calls (403).
    """
    if not caller.is_operator:
        raise _forbidden("Only operators may do this.")


def require_customer(caller: Caller) -> None:
    """Let customers through.

    Raises:
        Problem: An operator calls (403).
    """
    if caller.is_operator:
        raise _forbidden("Only customers may do this.")


def _groups(claim: object) -> frozenset[str]:
    """Read `cognito:groups`: API Gateway makes one text of the list, `a,b` or `[a b]`."""
    parts = claim if isinstance(claim, list) else [claim or ""]
    return frozenset(name for part in parts for name in _GROUP.findall(str(part)))


def _forbidden(detail: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", "Not allowed", detail)
