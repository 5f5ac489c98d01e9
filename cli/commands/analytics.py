"""The command `analytics`."""

from typing import Annotated

import typer

from cli.aws import analytics_of, aws_errors
from cli.connection import JsonOption, RunFileOption, StageOption, reported
from cli.output import Output
from cli.saved_queries import SavedQuery
from cli.target import RUN_FILE, read_run_file
from cli.views import saved_query_table

app = typer.Typer()


@app.command()
def analytics(
    *,
    query: Annotated[
        SavedQuery, typer.Argument(help="Revenue of each day, or failure reasons of the last 30 days.")
    ],
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Run a saved query over all events. With --stage, this command needs your AWS credentials."""
    output = Output(as_json=as_json)
    with reported(output), aws_errors("The query could not be run"):
        found = analytics_of(stage, read_run_file(run_file) if stage is None else None)
        output.result(found.run(query), saved_query_table)
