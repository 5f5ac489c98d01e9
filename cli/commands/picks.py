"""The command `picks`."""

from typing import Annotated

import typer

from cli.aws import aws_errors, pick_list_of
from cli.connection import JsonOption, RunFileOption, StageOption, reported
from cli.output import Output
from cli.target import RUN_FILE, read_run_file
from cli.views import pick_table

app = typer.Typer()


@app.command()
def picks(
    *,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of orders.")] = 50,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """List the goods that must be picked for confirmed orders, the oldest order first.

    With --stage, this command needs your AWS credentials.
    """
    output = Output(as_json=as_json)
    with reported(output), aws_errors("The pick list could not be read"):
        pick_list = pick_list_of(stage, read_run_file(run_file) if stage is None else None)
        oldest, has_more = pick_list.oldest(limit)
        output.result(oldest, pick_table)
        if has_more:
            output.remark("There are more: raise --limit.")
