"""The arithmetic of latencies."""

from datetime import UTC, datetime, timedelta

import pytest

from local.saga_control import StateVisit
from proof.bench.latency import by_state, duration

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def visit(name: str, entered: int, left: int | None) -> StateVisit:
    """A visit; times in milliseconds after noon."""
    end = None if left is None else NOON + timedelta(milliseconds=left)
    return StateVisit(name, NOON + timedelta(milliseconds=entered), end)


def test_an_execution_lasts_from_its_first_state_to_its_last() -> None:
    assert duration([visit("A", 100, 200), visit("B", 250, 400)]) == 0.3


def test_times_are_grouped_by_state() -> None:
    executions = [[visit("A", 0, 10), visit("B", 10, 40)], [visit("A", 0, 20), visit("B", 20, 30)]]

    assert {name: (spread.p50, spread.p99) for name, spread in by_state(executions).items()} == {
        "A": (10.0, 20.0),
        "B": (10.0, 30.0),
    }


def test_an_execution_that_still_runs_has_no_duration() -> None:
    with pytest.raises(ValueError, match="still in B"):
        duration([visit("A", 0, 10), visit("B", 10, None)])
