"""The commands that sign in at a deployed stage, and out again."""

import os
from typing import Annotated

import typer

from cli import saved_sign_in
from cli.aws import read_stage_outputs
from cli.connection import RoleOption, StageOption, reported
from cli.errors import WrongUsage
from cli.output import Output
from cli.sign_in import Question, sign_in
from cli.target import Role


def login(
    *,
    stage: StageOption = None,
    act_as: RoleOption = None,
    username: Annotated[
        str,
        typer.Option(envvar="ORDERS_USERNAME", prompt="E-mail address", help="The user's e-mail address."),
    ],
) -> None:
    """Sign in at a deployed stage.

    The next commands with --stage are this user's, until the token expires. Where nobody can be asked for the
    password, it is taken from the variable ORDERS_PASSWORD.
    """
    output, role = Output(as_json=False), act_as or Role.CUSTOMER
    with reported(output):
        stage = _needed(stage)
        outputs = read_stage_outputs(stage)
        password = os.environ.get("ORDERS_PASSWORD") or typer.prompt("Password", hide_input=True)
        signed_in = sign_in(outputs, username, password, _ask)
        saved_sign_in.save(signed_in, stage, role)
    output.remark(f"Signed in at {stage} as {role}: {signed_in.api_url}")


def logout(*, stage: StageOption = None, act_as: RoleOption = None) -> None:
    """Forget a sign-in."""
    with reported(Output(as_json=False)):
        saved_sign_in.forget(_needed(stage), act_as or Role.CUSTOMER)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(login)
    app.command()(logout)


def _needed(stage: str | None) -> str:
    if stage is None:
        raise WrongUsage("Which stage?", "The shop of `make run` needs no sign-in; others do: --stage dev")
    return stage


def _ask(question: Question) -> str:
    if question == "NEW_PASSWORD":
        return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True))
    return str(typer.prompt("Code of your authenticator app"))
