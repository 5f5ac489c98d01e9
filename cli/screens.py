"""Displays of a watched order: a live picture, lines of text, or JSON."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.order_state import is_at_rest
from cli.output import Output
from cli.shapes import ExecutionJson, OrderJson, StateJson
from cli.views import order_head, read_time, short_name, timeline, timeline_row

_DETOURS: Final = frozenset(
    {
        ("ChargePayment", "ChargeScheduled"),
        ("ChargePayment", "PaymentActionRequired"),
        ("AwaitPayment", "States.Timeout"),
        ("ExpirePayment", "PaymentActionRequired"),
    }
)
"""States and errors that are not failures: the saga waits for its turn or for a payment, or looks the payment
up at its deadline."""

Advise = Callable[[OrderJson], str | None]
"""Describes what the user must do for the order to continue; None if nothing."""


@dataclass(frozen=True)
class Snapshot:
    """An order at one moment.

    Attributes:
        order: The order.
        executions: Its executions; None if they are not accessible.
    """

    order: OrderJson
    executions: list[ExecutionJson] | None = None


Show = Callable[[Snapshot], None]


def screen_for(output: Output, advise: Advise) -> AbstractContextManager[Show]:
    """Choose the display for an output. Within its context, call it with each snapshot."""
    if output.as_json:
        return _json_lines(output)
    if output.console.is_terminal:
        return live_picture(output.console, advise)
    return _lines(output, advise)


@contextmanager
def live_picture(console: Console, advise: Advise) -> Iterator[Show]:
    """Display a live picture in a terminal; the last picture remains there."""
    spinner = Spinner("dots", style="cyan")
    latest: Snapshot | None = None

    def show(snapshot: Snapshot) -> None:
        nonlocal latest
        latest = snapshot
        live.refresh()

    def current_picture() -> RenderableType:
        return picture(latest, spinner, advise(latest.order), datetime.now(UTC)) if latest else spinner

    with Live(console=console, refresh_per_second=10, get_renderable=current_picture) as live:
        yield show


@contextmanager
def _lines(output: Output, advise: Advise) -> Iterator[Show]:
    """Print a line for each event, and the order at the end."""
    order: OrderJson | None = None
    printed = 0
    advised: str | None = None

    def show(snapshot: Snapshot) -> None:
        nonlocal order, printed, advised
        order = snapshot.order
        for entry in order["timeline"][printed:]:
            output.show(Text("  ".join(timeline_row(order, entry))))
        printed = len(order["timeline"])
        before, advised = advised, advise(order)
        if advised is not None and advised != before:
            output.show(Text(advised))

    yield show
    if order is not None:
        output.show(order_head(order))


@contextmanager
def _json_lines(output: Output) -> Iterator[Show]:
    """Print the order as one line of JSON after each change."""
    printed: OrderJson | None = None

    def show(snapshot: Snapshot) -> None:
        nonlocal printed
        if snapshot.order != printed:
            output.show_json(snapshot.order, in_one_line=True)
        printed = snapshot.order

    yield show


def picture(snapshot: Snapshot, spinner: RenderableType, advice: str | None, now: datetime) -> RenderableType:
    """Draw an order: head, timeline, states of its executions, and advice."""
    columns = Table.grid(padding=(0, 4))
    columns.add_row(
        timeline(snapshot.order),
        *([states(snapshot.executions, spinner, now)] if snapshot.executions else []),
    )
    parts: list[RenderableType] = [order_head(snapshot.order), Text(), columns]
    if advice is not None:
        parts += [Text(), Text(advice, style="yellow")]
    elif not is_at_rest(snapshot.order):
        parts += [Text(), spinner]
    return Group(*parts)


def states(executions: Sequence[ExecutionJson], running: RenderableType, now: datetime) -> RenderableType:
    """Draw the visited states of executions, with their durations."""
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column()
    first = executions[0]["name"]
    for execution in executions:
        is_complete = execution["history"] == "complete"
        if len(executions) > 1 or not is_complete:
            remark = f"{execution['reason']}, {execution['status']}"
            remark += "" if is_complete else f", history {execution['history']}"
            table.add_row(
                "", Text(short_name(execution["name"], first), style="dim"), "", Text(remark, style="dim")
            )
        for visit in execution["states"]:
            left = read_time(visit["left_at"]) if visit["left_at"] else now
            seconds = (left - read_time(visit["entered_at"])).total_seconds()
            table.add_row(
                _mark(visit, running), visit["name"], Text(f"{seconds:.1f} s", style="dim"), _remarks(visit)
            )
    return table


def _error(visit: StateJson) -> str | None:
    """The error of the last try, or how the execution ended in this state; None if it succeeded."""
    last = visit["attempts"][-1]["error"] if visit["attempts"] else None
    if last is not None:
        return last["code"]
    return visit["outcome"] if visit["outcome"] in {"failed", "stopped"} else None


def _mark(visit: StateJson, running: RenderableType) -> RenderableType:
    if visit["left_at"] is None:
        return running
    if _error(visit) is None:
        return Text("✓", style="green")
    return Text("↷", style="yellow") if _is_detour(visit) else Text("✗", style="red")


def _is_detour(visit: StateJson) -> bool:
    return (visit["name"], _error(visit)) in _DETOURS


def _remarks(visit: StateJson) -> Text:
    tries = len(visit["attempts"])
    remarks = [_error(visit) or "", f"tried {tries} times" if tries > 1 else ""]
    return Text(", ".join(filter(None, remarks)), style="yellow" if _is_detour(visit) else "red")
