"""The command that imports files with orders."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.aws import aws_errors, order_files_of
from cli.connection import JsonOption, RunFileOption, StageOption, Wiring, reported
from cli.exit_codes import ExitCode
from cli.output import Output
from cli.target import RUN_FILE, read_run_file
from cli.views import import_view

MOST_SHOWN: Final = 20
"""Rejected lines that are shown; the results have all of them."""

_PAUSE_SECONDS: Final = 1.0

app = typer.Typer()


@app.command("import")
def import_file(
    *,
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines file, an order in each line.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the result, and show it.")] = False,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Place the orders of a file. With --stage, this command needs your AWS credentials.

    Importing the same file again places no order twice. With --wait, the command fails if a line was
    rejected, or the rest of the file was not imported.
    """
    output = Output(as_json=as_json)
    with reported(output), aws_errors("The file could not be imported"):
        files = order_files_of(stage, read_run_file(run_file) if stage is None else None)
        name = files.put(file)
        output.remark(f"The results will be at {files.results_url(name)}")
        if not wait:
            output.result({"file": name, "results": files.results_url(name)}, lambda put: put["file"])
            return
        wiring = context.find_object(Wiring) or Wiring()
        while (summary := files.summary(name)) is None:
            wiring.sleep(_PAUSE_SECONDS)
        rejected = list(islice(files.rejected(name), MOST_SHOWN))
        output.result(summary, lambda summary: import_view(summary, rejected))
    if summary["rejected"] or summary["stopped"]:
        raise typer.Exit(ExitCode.REFUSED)
