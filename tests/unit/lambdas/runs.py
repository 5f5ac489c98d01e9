"""Runs of the reconciliation, an hour after the orders of these tests were placed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdas.domain.vocabulary import ReconciliationScope
from lambdas.shared.reconciliation import Cursor, Report, Run

STARTED_AT: Final = datetime(2026, 3, 1, 13, tzinfo=UTC)
STALE_AFTER: Final = timedelta(minutes=30)

_MOST_CALLS: Final = 1_000


def run_through(
    part: Callable[[Run], Cursor | None],
    *,
    started_at: datetime = STARTED_AT,
    scope: ReconciliationScope = ReconciliationScope.FULL,
    hurried: bool = False,
) -> Report:
    """Call a part until its end, as the state machine does, and return the report on all of its calls.

    Args:
        part: The part.
        started_at: When the run began.
        scope: How much the run compares.
        hurried: Whether each call has time for one piece of work only.
    """
    cursor: Any = None
    report = Report()
    findings = []
    oldest_open = timedelta()
    for _ in range(_MOST_CALLS):
        so_far = Report.parse(_as_json(report.as_json()))
        run = Run(started_at, scope, cursor, so_far, lambda: not hurried)
        cursor = _as_json(part(run))
        report = run.report
        findings += report.new
        oldest_open = max(oldest_open, report.oldest_open)
        if cursor is None:
            report.new, report.oldest_open = findings, oldest_open
            return report
    raise AssertionError("the reconciliation does not end")


def _as_json(value: object) -> Any:  # noqa: ANN401 - JSON
    """The value as the state machine passes it on."""
    return json.loads(json.dumps(value))
