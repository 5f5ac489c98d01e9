"""`make docs`: writes the generated parts of README.md and docs/, the contracts and the drawings."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from docgen.alarms import alarm_table
from docgen.consumers import consumer_alarm_table, consumer_fault_table, consumer_queue_table
from docgen.contract.files import contract_files
from docgen.cost import cost_table, journey_table, sample_table
from docgen.diagram import diagram
from docgen.event_contract import page as event_page
from docgen.event_contract.files import event_contract_files
from docgen.metrics import metric_cost_table, metric_table
from docgen.performance import calls_table, function_table, stripe_calls
from docgen.reconciliation_load import load_table
from docgen.saga_graph import saga_graph
from docgen.scale import month_table, nightly_limit
from docgen.tables import aws_error_table, break_table, path_table, payment_table
from docgen.times import times_plots, times_tables
from local.processes import REPOSITORY
from proof.alarms.faults import GIVEN, PLAYED
from proof.journeys import JOURNEYS, PATH_JOURNEYS, PAYING_JOURNEYS
from proof.scale.sale_plot import PLOT, sale_plot
from proof.scale.tables import limit_table, rate_table, remedy_table, sale_table
from proof.simulation.breaks import BREAKS
from proof.simulation.restore_exercise import log_table, order_table, restore_exercise
from statemachines.aws_errors import AWS_ERRORS
from statemachines.document import SagaDocument

_END_MARKER: Final = "<!-- end -->"

README_JOURNEYS: Final = ("happy", "declined", "out-of-stock", "lost-race", "unknown-outcome", "abandoned")
"""Keys of the journeys whose paths README.md shows."""


def generated_parts() -> Mapping[str, Mapping[str, str]]:
    """Make the generated parts: for each page, the text by the name of its marker."""
    saga = SagaDocument.load()
    shown = [journey for journey in PATH_JOURNEYS if journey.key in README_JOURNEYS]
    return {
        "README.md": {"saga diagram": diagram(saga), "paths": path_table(saga, shown)},
        "docs/paths.md": {
            "paths": path_table(saga, PATH_JOURNEYS),
            "AWS errors": aws_error_table(AWS_ERRORS),
        },
        "docs/payments.md": {"payments": payment_table(PAYING_JOURNEYS, stripe_calls())},
        "docs/cost.md": {
            "cost": cost_table(),
            "samples": sample_table(),
            "journeys": journey_table(JOURNEYS),
            "reconciliation": load_table(),
        },
        "docs/performance.md": {"calls": calls_table(), "functions": function_table(), **times_tables()},
        "docs/scale.md": {
            "rates": rate_table(),
            "limits": limit_table(),
            "remedies": remedy_table(),
            "nightly limit": nightly_limit(),
            "sales": sale_table(),
            "months": month_table(),
        },
        "docs/events/README.md": {
            "event types": event_page.type_table(),
            "event fields": event_page.field_table(),
            "event example": event_page.example(),
            "consumer faults": consumer_fault_table(),
        },
        "docs/runbook.md": {
            "consumer alarms": consumer_alarm_table(),
            "consumer queues": consumer_queue_table(),
        },
        "docs/simulation.md": {"breaks": break_table(BREAKS)},
        "docs/disaster.md": {"restore orders": order_table(), "restore log": log_table(restore_exercise())},
        "docs/observability.md": {
            "metrics": metric_table(),
            "metric cost": metric_cost_table(),
            "alarms": alarm_table(PLAYED, GIVEN),
        },
    }


def drawings() -> Mapping[Path, str]:
    """Draw what pages show as files."""
    return {
        REPOSITORY / "console" / "saga.svg": saga_graph(SagaDocument.load()),
        PLOT: sale_plot(),
        **times_plots(),
    }


def with_parts(text: str, parts: Mapping[str, str]) -> str:
    """Replace the text between the markers of each part.

    Raises:
        ValueError: A marker is missing.
    """
    for name, part in parts.items():
        marker = f"<!-- generated: {name} -->"
        before, found, rest = text.partition(marker)
        _, ended, after = rest.partition(_END_MARKER)
        if not found or not ended:
            raise ValueError(f"marker missing: {marker} ... {_END_MARKER}")
        text = f"{before}{marker}\n{part}\n{_END_MARKER}{after}"
    return text


def main() -> int:
    """Write the generated parts, the contracts and the drawings.

    Returns:
        0, or 1 if a page lacks a marker.
    """
    try:
        for name, parts in generated_parts().items():
            page = REPOSITORY / name
            page.write_text(with_parts(page.read_text(encoding="utf-8"), parts), encoding="utf-8")
    except ValueError as error:
        sys.stderr.write(f"error: {name}: {error}\n")
        return 1
    for path, text in {**contract_files(), **event_contract_files(), **drawings()}.items():
        path.write_text(text, encoding="utf-8")
    return 0


def show(pages: Iterable[str]) -> int:
    """Print the generated parts of pages.

    Returns:
        0, or 1 if a page has none.
    """
    parts = generated_parts()
    for page in pages:
        if page not in parts:
            sys.stderr.write(f"error: {page} has no generated parts; these have: {', '.join(parts)}\n")
            return 1
        for name, text in parts[page].items():
            sys.stdout.write(f"\n{page}: {name}\n\n{text}\n")
    return 0
