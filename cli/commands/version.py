"""The command that shows the versions of the command line and of a shop."""

import tomllib
from pathlib import Path
from typing import Final

import typer

from cli.aws import aws_errors, versions_of
from cli.connection import JsonOption, RunFileOption, StageOption, reported
from cli.output import Output
from cli.shapes import VersionsJson
from cli.target import RUN_FILE, read_run_file

_PROJECT: Final = Path(__file__).parent.parent.parent / "pyproject.toml"

app = typer.Typer()


@app.command()
def version(
    *, stage: StageOption = None, run_file: RunFileOption = RUN_FILE, as_json: JsonOption = False
) -> None:
    """Show the version of this command line and of a shop. With --stage, it needs your AWS credentials."""
    output = Output(as_json=as_json)
    project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    with reported(output), aws_errors("The version of the shop could not be read"):
        run = read_run_file(run_file) if stage is None and run_file.exists() else None
        stacks = versions_of(stage, run) if stage is not None or run is not None else {}
        versions: VersionsJson = {"command_line": project["version"], "stacks": stacks}
        output.result(versions, _view)


def _view(versions: VersionsJson) -> str:
    """Show one version for a shop whose stacks agree, and else that of each stack."""
    lines = [f"command line {versions['command_line']}"]
    stacks = versions["stacks"]
    if len(set(stacks.values())) == 1:
        lines += [f"shop {next(iter(stacks.values()))}"]
    elif stacks:
        lines += ["The stacks of the shop have different versions: deploy all of them."]
        lines += [f"  {stack} {each}" for stack, each in sorted(stacks.items())]
    return "\n".join(lines)
