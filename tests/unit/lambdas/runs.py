"""Runs of a reconciliation: at one in the afternoon, an hour after everything else in these tests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdas.shared.reconciliation import Cursor, Report, Run

STARTED_AT: Final = datetime(2026, 3, 1, 13, tzinfo=UTC)
STALE_AFTER: Final = timedelta(minutes=30)

_MOST_ROUNDS: Final = 1_000


def run_through(
    part: Callable[[Run], Cursor | None], *, started_at: datetime = STARTED_AT, hurried: bool = False
) -> Report:
    """Call a part until it is done, as the state machine does, and return the report.

    Args:
        part: What is called.
        started_at: When the run began.
        hurried: Each call has time for one piece of work only.
    """
    cursor: Any = None
    report = Report()
    findings = []
    for _ in range(_MOST_ROUNDS):
        run = Run(started_at, cursor, Report.parse(_handed_on(report.as_json())), lambda: not hurried)
        cursor = _handed_on(part(run))
        report = run.report
        findings += report.new
        if cursor is None:
            report.new = findings
            return report
    raise AssertionError("the reconciliation does not come to an end")


def _handed_on(value: object) -> Any:  # noqa: ANN401 - JSON
    """What arrives of a value that goes through the state machine."""
    return json.loads(json.dumps(value))
