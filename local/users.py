"""The demo users."""

import secrets
from collections.abc import Callable
from threading import Lock
from typing import Final

import boto3

from lambdas.domain.vocabulary import UserGroup
from local.fault_proxy.refusals import REJECTED_DOMAIN

CUSTOMER: Final = "alice"
OTHER_CUSTOMER: Final = "bob"
OPERATOR: Final = "operator"
"""The user who runs the shop; all other users are customers."""


UNREACHABLE_CUSTOMER: Final = "unreachable"
"""A customer whose mail SES rejects."""

DELIVERABLE_DOMAIN: Final = "example.com"
"""The domain of the shop and of its reachable customers."""


def email_of(name: str) -> str:
    """The address that a demo user signs in with, and at which a customer gets mail."""
    return f"{name}@{REJECTED_DOMAIN if name == UNREACHABLE_CUSTOMER else DELIVERABLE_DOMAIN}"


class DemoUsers:
    """Users of a pool; each is created on first use.

    Args:
        aws: A session for the account of the pool.
        pool_id: The user pool.
        client_id: Its app client.
        address: Returns the address of a user; see `email_of`.

    Attributes:
        password: The password of all users; a new one for each run.
    """

    def __init__(
        self, aws: boto3.Session, *, pool_id: str, client_id: str, address: Callable[[str], str] = email_of
    ) -> None:
        self.password = f"Aa1!{secrets.token_urlsafe(16)}"
        self._cognito = aws.client("cognito-idp")
        self._pool_id = pool_id
        self._client_id = client_id
        self._address = address
        self._added: list[str] = []
        self._tokens: dict[str, str] = {}
        self._lock = Lock()

    def token(self, name: str) -> str:
        """The ID token of a demo user; the first call for a user adds the user to the pool."""
        with self._lock:
            if name not in self._tokens:
                self._add(name)
                self._tokens[name] = self._sign_in(name)
            return self._tokens[name]

    def delete(self) -> None:
        """Delete the users who were created."""
        while self._added:
            self._cognito.admin_delete_user(UserPoolId=self._pool_id, Username=self._added.pop())

    def _add(self, name: str) -> None:
        pool, email = self._pool_id, self._address(name)
        self._cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            MessageAction="SUPPRESS",
        )
        self._added.append(email)
        self._cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=self.password, Permanent=True
        )
        self._cognito.admin_add_user_to_group(
            UserPoolId=pool,
            Username=email,
            GroupName=UserGroup.OPERATORS if name == OPERATOR else UserGroup.CUSTOMERS,
        )

    def _sign_in(self, name: str) -> str:
        answer = self._cognito.initiate_auth(
            ClientId=self._client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self._address(name), "PASSWORD": self.password},
        )
        return answer["AuthenticationResult"]["IdToken"]
