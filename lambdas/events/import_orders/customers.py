"""Looks up the customers in the user pool, for whom no token speaks."""

from typing import TYPE_CHECKING, Final, Self

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.aws import cognito, transient_as
from lambdas.shared.rest.caller import Caller, caller_with, require_customer
from lambdas.shared.rest.problem import FieldError, invalid_request
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_MOST_REMEMBERED: Final = 1_000


class Customers:
    """The customers of the shop.

    Args:
        client: A client of Cognito.
        pool_id: The user pool.
    """

    def __init__(self, client: "CognitoIdentityProviderClient", pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id
        self._known: dict[str, Caller] = {}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The pool that the environment names."""
        return cls(cognito(), settings.user_pool_id)

    def find(self, customer_id: str) -> Caller:
        """The customer as the caller of the API that they would be; remembered for later lines.

        Raises:
            Problem: There is no such user, the account is disabled (400), or the user is no customer (403).
            StoreUnavailable: Cognito does not answer.
        """
        if customer_id not in self._known:
            if len(self._known) == _MOST_REMEMBERED:
                self._known.clear()
            self._known[customer_id] = self._look_up(customer_id)
        return self._known[customer_id]

    def _look_up(self, customer_id: str) -> Caller:
        """Read the user; in this pool, the name of a user is its `sub`."""
        with transient_as(StoreUnavailable):
            try:
                user = self._client.admin_get_user(UserPoolId=self._pool_id, Username=customer_id)
            except self._client.exceptions.UserNotFoundException as error:
                raise invalid_request(FieldError("customer_id", "there is no such customer")) from error
            groups = self._client.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=customer_id)
        if not user["Enabled"]:
            raise invalid_request(FieldError("customer_id", "the account of this customer is disabled"))
        caller = caller_with(
            customer_id,
            frozenset(group["GroupName"] for group in groups["Groups"]),
            {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]},
        )
        require_customer(caller)
        return caller
