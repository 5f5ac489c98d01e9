"""The command that reports what the reconciliation has found."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.aws import aws_errors, reconciliations_of
from cli.connection import JsonOption, RunFileOption, StageOption, Wiring, reported
from cli.errors import NotFound, WrongUsage
from cli.exit_codes import ExitCode
from cli.output import Output
from cli.target import RUN_FILE, read_run_file
from cli.views import reconciliation_view


class RunScope(StrEnum):
    """How much a run compares that somebody starts."""

    FULL = "full"
    RESTORED = "restored"


app = typer.Typer(help="Report whether orders, payments and stock agree.", no_args_is_help=True)


@app.command()
def report(
    *,
    context: typer.Context,
    run: Annotated[
        bool, typer.Option("--run", help="Start a full reconciliation, and wait for its end.")
    ] = False,
    scope: Annotated[
        RunScope | None,
        typer.Option(
            help=(
                "What --run compares: `full`, the default, or `restored`, for a disaster: also the payments"
                " of 36 days."
            )
        ),
    ] = None,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Show the last reconciliation. With --stage, this command needs your AWS credentials.

    Shows the last full one, and the one that followed it, if there is one. The command fails if one of them
    failed or found a difference between the orders, Stripe's payments and the stock.
    """
    output = Output(as_json=as_json)
    with reported(output), aws_errors("The reconciliation could not be read"):
        if scope and not run:
            raise WrongUsage("--scope needs --run", "The last runs are shown whatever they compared.")
        found = reconciliations_of(stage, read_run_file(run_file) if stage is None else None)
        if run:
            execution = found.start(scope or RunScope.FULL)
            output.remark(f"Waiting for {execution}")
            wiring = context.find_object(Wiring) or Wiring()
            runs = [found.wait(execution, wiring.sleep)]
        else:
            runs = found.last()
        if not runs:
            raise NotFound(
                "No reconciliation has ended yet", hints=["Run one: orders reconcile report --run"]
            )
        output.result(runs, reconciliation_view)
    if any(each["status"] != "SUCCEEDED" or each["found"] for each in runs):
        raise typer.Exit(ExitCode.REFUSED)
