"""Displays of a watched order: a live picture, lines of text, or JSON."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.executions import Execution, StateVisit
from cli.order_state import is_at_rest
from cli.output import Output
from cli.shapes import OrderJson
from cli.views import order_head, timeline, timeline_row

_DETOURS: Final = frozenset(
    {
        ("ChargePayment", "PaymentActionRequired"),
        ("AwaitPayment", "States.Timeout"),
        ("ExpirePayment", "PaymentActionRequired"),
    }
)
"""States and errors that are not failures: the saga waits for a payment, or looks it up at its deadline."""

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
    executions: list[Execution] | None = None


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
        *([_states(snapshot.executions, spinner, now)] if snapshot.executions else []),
    )
    parts: list[RenderableType] = [order_head(snapshot.order), Text(), columns]
    if advice is not None:
        parts += [Text(), Text(advice, style="yellow")]
    elif not is_at_rest(snapshot.order):
        parts += [Text(), spinner]
    return Group(*parts)


def _states(executions: list[Execution], spinner: RenderableType, now: datetime) -> RenderableType:
    """Draw the visited states with their durations."""
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column()
    first = executions[0].name
    for execution in executions:
        if execution.name != first:
            table.add_row("", Text(execution.name.removeprefix(f"{first}-"), style="dim"))
        for visit in execution.visits:
            table.add_row(
                _mark(visit, spinner),
                visit.name,
                Text(f"{((visit.left or now) - visit.entered).total_seconds():.1f} s", style="dim"),
                _remarks(visit),
            )
    return table


def _mark(visit: StateVisit, spinner: RenderableType) -> RenderableType:
    if visit.left is None:
        return spinner
    if visit.error is None:
        return Text("✓", style="green")
    return Text("↷", style="yellow") if _is_detour(visit) else Text("✗", style="red")


def _is_detour(visit: StateVisit) -> bool:
    return (visit.name, visit.error) in _DETOURS


def _remarks(visit: StateVisit) -> Text:
    tries = f"tried {visit.attempts} times" if visit.attempts > 1 else ""
    style = "yellow" if _is_detour(visit) else "red"
    return Text(", ".join(filter(None, [visit.error or "", tries])), style=style)
