"""The signed-in caller, from the claims that API Gateway's authorizer read from the token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.domain.vocabulary import ProblemKind, UserGroup
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.problem import Problem
from lambdas.shared.settings import SettingError

_GROUP: Final = re.compile(r"[^\s,\[\]]+")


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who is signed in.

    Attributes:
        customer_id: The user's id in the user pool (`sub`): never changed, never given to another user.
        is_operator: Whether the user is an operator; else a customer.
        email: The user's address; None if Cognito has not verified it.
    """

    customer_id: str
    is_operator: bool
    email: str | None = None


def caller_of(request: HttpRequest) -> Caller:
    """Read the caller from the claims.

    Raises:
        Problem: The token is not an ID token (401), or the user is in neither group (403).
        SettingError: The request has no claims, so the API lacks its authorizer.
    """
    claims = request.claims
    if not claims.get("sub"):
        raise SettingError("The API has no authorizer: a request arrived without claims.")
    if claims.get("token_use") != "id":
        # An access token has the same `sub` and groups, but it is not issued to identify the user.
        raise Problem(ProblemKind.UNAUTHORIZED, "Send the ID token, not another token.")
    return caller_with(claims["sub"], _groups(claims.get("cognito:groups")), claims)


def caller_with(customer_id: str, groups: frozenset[str], attributes: Mapping[str, Any]) -> Caller:
    """A user of the pool as a caller.

    Args:
        customer_id: The user's id (`sub`).
        groups: The user's groups.
        attributes: The user's attributes, such as `email`.

    Raises:
        Problem: The user is in neither group (403).
    """
    if groups.isdisjoint(UserGroup):
        raise Problem(ProblemKind.FORBIDDEN, "Your account is neither a customer's nor an operator's yet.")
    # API Gateway turns the boolean into text.
    is_verified = str(attributes.get("email_verified")).lower() == "true"
    email = attributes.get("email") if is_verified else None
    return Caller(customer_id, is_operator=UserGroup.OPERATORS in groups, email=email or None)


def require_operator(caller: Caller) -> None:
    """Reject customers.

    Raises:
        Problem: The caller is a customer (403).
    """
    if not caller.is_operator:
        raise Problem(ProblemKind.FORBIDDEN, "Only operators may do this.")


def require_customer(caller: Caller) -> None:
    """Reject operators.

    Raises:
        Problem: The caller is an operator (403).
    """
    if caller.is_operator:
        raise Problem(ProblemKind.FORBIDDEN, "Only customers may do this.")


def _groups(claim: object) -> frozenset[str]:
    """Read `cognito:groups`; API Gateway turns the list into text, `a,b` or `[a b]`."""
    parts = claim if isinstance(claim, list) else [claim or ""]
    return frozenset(name for part in parts for name in _GROUP.findall(str(part)))
