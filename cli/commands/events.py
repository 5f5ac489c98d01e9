"""The commands about the events of orders."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.aws import aws_errors, replayable_bus_of
from cli.commands.orders import OrderId
from cli.connection import Connection, JsonOption, RunFileOption, StageOption, connected, reported
from cli.errors import NotFound, WrongUsage
from cli.event_replay import Period, ReplayableBus, ReplaySource
from cli.output import Output
from cli.shapes import ReplayJson
from cli.target import RUN_FILE, read_run_file
from cli.times import utc_time
from cli.views import order_head, replay_table

_ARCHIVE_DELAY: Final = timedelta(minutes=10)
"""How late an event can reach its archive
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html, November 2026)."""

app = typer.Typer(help="Publish or replay the events of orders.", no_args_is_help=True)


@app.command()
@connected
def republish(connection: Connection, *, order_id: OrderId) -> None:
    """Publish all events of an order again (operators only).

    For events that could not be published for 22 hours. Consumers drop those that they have received.
    """
    order = connection.api.republish_events(order_id)
    connection.output.result(order, order_head)


@app.command()
def replay(
    *,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Start of the period, ISO 8601; UTC by default.")
    ],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End of the period; not in the future.")],
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only events of this type; can be repeated."),
    ] = None,
    consumer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Deliver to this consumer only, such as audit_order_events."),
    ] = None,
    source: Annotated[
        ReplaySource | None,
        typer.Option(
            help="Where the events come from.",
            show_default="archive; audit with --type or if there is no archive",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Deliver the events of a period again. With --stage, this command needs your AWS credentials.

    Each event keeps its event_id and occurred_at. Consumers drop those that they have received, and nobody
    is mailed. An archive can't select types, so with --type the events come from the audit.
    """
    output = Output(as_json=as_json)
    with _connected(output, stage, run_file) as bus:
        period = _period(start, end)
        takers = bus.consumers(consumer)
        source = _source(source, types, has_archive=bus.has_archive)
        events = bus.audited(period, types or [])
        if not events and source is ReplaySource.AUDIT:
            raise NotFound("Nothing to replay", f"The audit has no such event of {period}.")
        counts = Counter(event.type for event in events)
        if not as_json:
            output.show(replay_table(counts, takers))
        if source is ReplaySource.ARCHIVE:
            output.remark("This is what the audit has. The archive can have more.")
            if datetime.now(UTC) - period.end < _ARCHIVE_DELAY:
                output.remark("Events of the last ten minutes may not be in the archive yet.")
        if not yes:
            everyone = source is ReplaySource.ARCHIVE and consumer is None
            to = "every rule of the bus" if everyone else ", ".join(each.name for each in takers)
            what = f"{len(events)} events of {period} from the {source} to {to}"
            typer.confirm(f"Replay {what}?", abort=True, err=True)
        name = f"replay-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        progress = (
            bus.replay_archive(name, period, takers[0] if consumer else None)
            if source is ReplaySource.ARCHIVE
            else bus.replay_audited(name, events, takers)
        )
        for each in progress:
            output.remark(f"{name}: {each}")
        result: ReplayJson = {
            "replay": name,
            "source": source,
            "events": counts,
            "consumers": [each.name for each in takers],
        }
        output.result(result, lambda _: f"{name} is complete. Events that fail again: orders dlq list")


@contextmanager
def _connected(output: Output, stage: str | None, run_file: Path) -> Iterator[ReplayableBus]:
    """The bus of a stage, or of the embedded run. Failures are printed."""
    with reported(output), aws_errors("The events could not be replayed"):
        yield replayable_bus_of(stage, read_run_file(run_file) if stage is None else None)


def _source(chosen: ReplaySource | None, types: list[str] | None, *, has_archive: bool) -> ReplaySource:
    """Choose the source of the events.

    Raises:
        WrongUsage: The archive was chosen, and can't be used.
    """
    if chosen is ReplaySource.ARCHIVE and types:
        raise WrongUsage("--type needs --source audit", "EventBridge can't select types of an archive.")
    if chosen is ReplaySource.ARCHIVE and not has_archive:
        raise WrongUsage("The bus has no archive", hints=["Use the audit: --source audit"])
    if chosen is not None:
        return chosen
    return ReplaySource.ARCHIVE if has_archive and not types else ReplaySource.AUDIT


def _period(start: str, end: str) -> Period:
    """Read the period.

    Raises:
        WrongUsage: A time can't be read, the period is empty, or it ends in the future.
    """
    period = Period(utc_time("--from", start), utc_time("--to", end))
    if not period.start < period.end <= datetime.now(UTC):
        raise WrongUsage(
            "Wrong period", f"{period}: --from must be before --to, and --to must not be in the future."
        )
    return period
