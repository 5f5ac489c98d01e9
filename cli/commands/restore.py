"""The commands that help after a disaster."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from cli.aws import aws_errors, replayable_bus_of, restored_orders_of, table_restore_of
from cli.connection import JsonOption, RunFileOption, StageOption, Wiring, reported
from cli.errors import WrongUsage
from cli.event_replay import Period
from cli.output import Output
from cli.restored_orders import outdated_orders
from cli.shapes import OutdatedOrderJson
from cli.target import RUN_FILE, read_run_file
from cli.times import utc_time
from cli.views import outdated_order_table

_TABLES: Final = ("Orders", "Inventory", "Idempotency")
"""Tables that change together, so they go back to the same second."""

app = typer.Typer(
    help="Get the tables back after a disaster. With --stage, these commands need your AWS credentials.",
    no_args_is_help=True,
)


@app.command()
def tables(
    *,
    context: typer.Context,
    moment: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="Time to go back to, ISO 8601; UTC by default.",
            show_default="the latest possible",
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME",
            help="Restore this table; can be repeated.",
            show_default=", ".join(_TABLES),
        ),
    ] = None,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Restore tables into new ones, and print what to write into the stage file.

    A table that was deleted is restored from its last backup. Nothing of the stage is changed. After an
    interruption, repeat the command with the same --at.
    """
    output = Output(as_json=as_json)
    wiring = context.find_object(Wiring) or Wiring()
    with reported(output), aws_errors("The tables could not be restored"):
        run = read_run_file(run_file) if stage is None else None
        restore = table_restore_of(stage, run, wiring.sleep)
        chosen = names or list(_TABLES)
        if unknown := sorted(set(chosen) - restore.tables):
            raise WrongUsage(
                f"There is no table {unknown[0]}", hints=[f"Tables: {', '.join(sorted(restore.tables))}"]
            )
        at = utc_time("--at", moment) if moment else restore.latest(chosen)
        when = f"{at or datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        targets = {table: f"orders-{restore.stage}-{table}-{when}" for table in chosen}
        for progress in restore.restore(at, targets):
            output.remark(progress)
        listed = ", ".join(f'"{name}"' for name in targets.values())
        output.result([*targets.values()], lambda _: f"restored_tables = [{listed}]")


@app.command()
def compare(
    *,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Time to which the tables were restored, ISO 8601; UTC by default.",
        ),
    ],
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """List the orders that have lost changes, by their events in the audit, and what to do about each.

    Run it before the reconciliation, and keep the list: an order leaves it when its record has changed.
    """
    output = Output(as_json=as_json)
    with reported(output), aws_errors("The orders could not be compared"):
        run = read_run_file(run_file) if stage is None else None
        events = replayable_bus_of(stage, run).audited(
            Period(utc_time("--since", since), datetime.now(UTC)), []
        )
        records = restored_orders_of(stage, run).records(str(each.detail["order_id"]) for each in events)
        listed: list[OutdatedOrderJson] = [
            {"order_id": each.order_id, "status": each.status, "lost": list(each.lost), "advice": each.advice}
            for each in outdated_orders(events, records)
        ]
        output.result(listed, outdated_order_table)
