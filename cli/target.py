"""Finds the shop that a command uses, and the user's token."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cli import saved_sign_in
from cli.aws import read_stage_outputs
from cli.errors import NotSignedIn, Unavailable, WrongUsage

RUN_FILE: Final = Path(__file__).parent.parent / ".local" / "run.json"
"""File that `make run` writes while it serves."""


class UserRole(StrEnum):
    """Role of the user."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


@dataclass(frozen=True)
class ShopTarget:
    """A shop and a user.

    Attributes:
        api_url: URL of the REST API.
        token: ID token of the user.
        operator_token: ID token with which executions are read; None if the user can't read them.
        stand_in_url: URL of the Stripe stand-in; None if there is none.
        sign_in_hint: What to do if the token is not accepted.
    """

    api_url: str
    token: str = field(repr=False)
    operator_token: str | None = field(default=None, repr=False)
    stand_in_url: str | None = None
    sign_in_hint: str = "Get a new token."


@dataclass(frozen=True)
class Choice:
    """The options that select the target; see `cli.connection`.

    Attributes:
        role: Role of the user.
        stage: Name of a deployed stage.
        url: URL of the API, instead of the stage's or the run file's.
        token: ID token, instead of the saved one or the run file's.
        run_file: File in which an embedded run describes itself.
    """

    role: UserRole | None
    stage: str | None
    url: str | None
    token: str | None
    run_file: Path

    def find_target(self) -> ShopTarget:
        """Find the shop.

        Raises:
            NotSignedIn: There is no token.
            Unavailable: The shop was not found.
            WrongUsage: The options conflict.
        """
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise WrongUsage(f"{self.url} is not a URL", "Use a URL such as https://api.example.com/v1")
        if self.stage is not None:
            return self._stage(self.stage)
        if self.url is not None:
            return self._elsewhere(self.url)
        return self._embedded_run()

    def _stage(self, stage: str) -> ShopTarget:
        role = self.role or UserRole.CUSTOMER
        command = f"orders login --stage {stage} --as {role}"
        found = saved_sign_in.load(stage, role)
        if self.token is not None:
            outputs = found or read_stage_outputs(stage)
            token = self.token
        elif found is not None:
            outputs, token = found, found.token
        else:
            raise NotSignedIn(f"You are not signed in to {stage} as {role}", hints=[command])
        operator_token = token if role is UserRole.OPERATOR else None
        return ShopTarget(self.url or outputs.api_url, token, operator_token, sign_in_hint=command)

    def _elsewhere(self, url: str) -> ShopTarget:
        if self.role is not None:
            raise WrongUsage("--url and --as conflict: the token identifies the user")
        if self.token is None:
            raise NotSignedIn("A token is required", hints=["Set ORDERS_TOKEN to a Cognito ID token."])
        return ShopTarget(url, self.token)

    def _embedded_run(self) -> ShopTarget:
        run = read_run_file(self.run_file)
        role = self.role or UserRole.CUSTOMER
        token = self.token or run.get(f"{role}_token")
        if token is None:
            raise NotSignedIn("The run file has no token", f"{self.run_file} has no {role}_token.")
        return ShopTarget(
            run["api_url"],
            token,
            run.get("operator_token"),
            stand_in_url=run["stripe_url"],
            sign_in_hint="The tokens of an embedded run are only valid while it runs. Was it restarted?",
        )


def read_run_file(path: Path) -> dict[str, Any]:
    """Read what an embedded run says about itself.

    Raises:
        Unavailable: None is running.
    """
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise Unavailable(
            "No shop is running on this machine",
            f"{path} does not exist.",
            hints=["Start one with: make run", "Or use a deployed stage: --stage dev"],
        ) from None
    return run
