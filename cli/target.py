"""Which shop a command talks to, and as whom."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cli import saved_sign_in
from cli.aws import SagaLocation, read_stage_outputs
from cli.errors import NotSignedIn, Unavailable, WrongUsage

RUN_FILE: Final = Path(__file__).parent.parent / ".local" / "run.json"
"""What `make run` says of itself while it serves."""


class Role(StrEnum):
    """As whom a command asks."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Target:
    """A shop, and who asks.

    Attributes:
        api_url: Where the REST API is.
        token: The ID token of whoever asks.
        saga: Where the saga can be looked at, if they may.
        stand_in_url: Where a stand-in for Stripe is, which plays the bank.
        sign_in_hint: What to do when the token is not taken.
    """

    api_url: str
    token: str = field(repr=False)
    saga: SagaLocation | None = None
    stand_in_url: str | None = None
    sign_in_hint: str = "Get a new token."


@dataclass(frozen=True)
class Choice:
    """What the command line says about the target; see `cli.connection` for the options.

    Attributes:
        role: As whom.
        stage: A deployed stage.
        url: Where the API is, if neither the stage nor the run file shall say it.
        token: An ID token, if neither of them shall say it.
        run_file: Where an embedded run tells of itself.
    """

    role: Role | None
    stage: str | None
    url: str | None
    token: str | None
    run_file: Path

    def find_target(self) -> Target:
        """Find the shop.

        Raises:
            NotSignedIn: There is no token.
            Unavailable: The shop can't be found.
            WrongUsage: The options don't go together.
        """
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise WrongUsage(f"{self.url} is no URL", "One is like https://api.example.com/v1")
        if self.stage is not None:
            return self._stage(self.stage)
        if self.url is not None:
            return self._elsewhere(self.url)
        return self._embedded_run()

    def _stage(self, stage: str) -> Target:
        role = self.role or Role.CUSTOMER
        command = f"orders login --stage {stage} --as {role}"
        found = saved_sign_in.load(stage, role)
        if self.token is not None:
            outputs = found or read_stage_outputs(stage)
            token = self.token
        elif found is not None:
            outputs, token = found, found.token
        else:
            raise NotSignedIn(f"You are not signed in at {stage} as {role}", hints=[command])
        # A customer has no business in AWS, and mostly no credentials for it.
        saga = SagaLocation(outputs.state_machine_arn) if role is Role.OPERATOR else None
        return Target(self.url or outputs.api_url, token, saga, sign_in_hint=command)

    def _elsewhere(self, url: str) -> Target:
        if self.role is not None:
            raise WrongUsage("With --url it is the token that says who you are: leave --as out")
        if self.token is None:
            raise NotSignedIn("Nothing says who you are", hints=["Set ORDERS_TOKEN to a Cognito ID token."])
        return Target(url, self.token)

    def _embedded_run(self) -> Target:
        try:
            run: dict[str, Any] = json.loads(self.run_file.read_text(encoding="utf-8"))
        except OSError:
            raise Unavailable(
                "No shop is open on this machine",
                f"There is no {self.run_file}.",
                hints=["Open it with: make run", "Or name a deployed one: --stage dev"],
            ) from None
        role = self.role or Role.CUSTOMER
        token = self.token or run.get(f"{role}_token")
        if token is None:
            raise NotSignedIn("The run file has no token", f"{self.run_file} has no {role}_token.")
        return Target(
            run["api_url"],
            token,
            SagaLocation(run["state_machine_arn"], run["aws_endpoint_url"]),
            stand_in_url=run["stripe_url"],
            sign_in_hint="The tokens of an embedded run end with it: look whether it was started anew.",
        )
