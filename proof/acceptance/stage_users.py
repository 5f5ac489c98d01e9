"""The users of a run: created for it, or given by the caller."""

import os
from collections.abc import Mapping
from typing import Final

from cli.aws import StageOutputs
from cli.errors import NotSignedIn, WrongUsage
from cli.sign_in import Question, sign_in
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER

_VARIABLES: Final = {
    CUSTOMER: "ACCEPT_CUSTOMER",
    OTHER_CUSTOMER: "ACCEPT_OTHER_CUSTOMER",
    OPERATOR: "ACCEPT_OPERATOR",
}
"""Environment variables with `ADDRESS:PASSWORD` of a user who exists."""


def address_for(prefix: str, name: str) -> str:
    """The address of a user who is created for the run with a prefix, such as `ACCEPT-0A1B2C3D-`.

    It is the mailbox simulator of Amazon SES, which takes mail also from an account in the SES sandbox, and
    ignores what follows the plus sign (https://docs.aws.amazon.com/ses/latest/DeveloperGuide/mailbox-simulator.html).
    """
    return f"success+{prefix.lower()}{name}@simulator.amazonses.com"


def given_users(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Read `ADDRESS:PASSWORD` of each user from the environment; empty if no user is given.

    Raises:
        WrongUsage: Some users are given, and others are not.
    """
    given = {name: environ[variable] for name, variable in _VARIABLES.items() if environ.get(variable)}
    if given and given.keys() != _VARIABLES.keys():
        raise WrongUsage(f"Set all of {', '.join(_VARIABLES.values())}, or none")
    return given


class GivenUsers:
    """Users who exist.

    Args:
        outputs: Outputs of the stage.
        credentials: `ADDRESS:PASSWORD` of each user by name.
    """

    def __init__(self, outputs: StageOutputs, credentials: Mapping[str, str]) -> None:
        self._outputs = outputs
        self._credentials = credentials
        self._tokens: dict[str, str] = {}

    def token(self, name: str) -> str:
        """The ID token of a user; the first call for a user signs them in."""
        if name not in self._tokens:
            address, _, password = self._credentials[name].partition(":")
            self._tokens[name] = sign_in(self._outputs, address, password, _no_answer).token
        return self._tokens[name]


def _no_answer(question: Question) -> str:
    raise NotSignedIn("A given user must sign in with a password only", f"Cognito asks for {question}.")
