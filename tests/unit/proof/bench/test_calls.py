"""The counts of the calls, of which docs/performance.md and docs/cost.md are made."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from proof.bench.calls import Calls, JourneyUse, count, counting
from proof.bench.results import read
from proof.journeys import JOURNEYS

BY_KEY = {journey.key: journey for journey in JOURNEYS}
MEASURED = read("calls", Calls).journeys


@pytest.fixture(scope="module", autouse=True)
def prepared() -> Iterator[None]:
    with counting():
        yield


def without_logs(use: JourneyUse) -> JourneyUse:
    """The exact part of a count: log lines contain durations, which take more or fewer digits."""
    functions = {name: replace(each, log_bytes=0) for name, each in use.functions.items()}
    return replace(use, functions=functions)


@pytest.mark.parametrize("key", ["happy", "declined", "out-of-stock", "approved", "cancelled"])
def test_the_stored_counts_are_those_of_the_code(key: str) -> None:
    """If this fails, a change made more or fewer calls: run `make bench`, and look at the difference.

    In other journeys, the number of tries depends on chance, which every change of the simulation draws anew.
    """
    assert without_logs(count(BY_KEY[key])) == without_logs(MEASURED[key])


def test_a_happy_order_uses_no_more_than_its_targets() -> None:
    happy = count(BY_KEY["happy"])

    assert happy.transitions == 4
    assert happy.stripe == {"create": 1, "confirm": 1}
    assert happy.invocations <= 10
    assert happy.calls_of("dynamodb") <= 18
