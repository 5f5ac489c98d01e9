"""The commands `login` and `logout`."""

import os
from typing import Annotated

import typer

from cli import saved_sign_in
from cli.aws import read_stage_outputs
from cli.connection import RoleOption, StageOption, reported
from cli.errors import WrongUsage
from cli.output import Output
from cli.sign_in import Question, sign_in
from cli.target import UserRole

app = typer.Typer()


@app.command()
def login(
    *,
    stage: StageOption = None,
    act_as: RoleOption = None,
    username: Annotated[
        str,
        typer.Option(envvar="ORDERS_USERNAME", prompt="E-mail address", help="E-mail address of the user."),
    ],
) -> None:
    """Sign in to a deployed stage.

    Later commands with the same --stage and --as use this sign-in until its token expires. In scripts, set
    the password in the environment variable ORDERS_PASSWORD.
    """
    output, role = Output(as_json=False), act_as or UserRole.CUSTOMER
    with reported(output):
        stage = _required(stage)
        outputs = read_stage_outputs(stage)
        password = os.environ.get("ORDERS_PASSWORD") or typer.prompt("Password", hide_input=True)
        signed_in = sign_in(outputs, username, password, _ask)
        saved_sign_in.save(signed_in, stage, role)
    output.remark(f"Signed in to {stage} as {role}: {signed_in.api_url}")


@app.command()
def logout(*, stage: StageOption = None, act_as: RoleOption = None) -> None:
    """Delete a saved sign-in."""
    with reported(Output(as_json=False)):
        saved_sign_in.forget(_required(stage), act_as or UserRole.CUSTOMER)


def _required(stage: str | None) -> str:
    if stage is None:
        raise WrongUsage("--stage is required", "The shop of `make run` needs no sign-in.")
    return stage


def _ask(question: Question) -> str:
    if question == "NEW_PASSWORD":
        return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True))
    return str(typer.prompt("Code from your authenticator app"))
