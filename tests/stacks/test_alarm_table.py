"""The table fault -> alarms, where metrics are given; `tests/saga/test_alarm_table.py` plays the others."""

import pytest

from proof.alarms.datapoints import DEAD_LETTER_QUEUES
from proof.alarms.faults import GIVEN, PLAYED, GivenFault, healthy_schedule
from tests.stacks.alarm_definitions import alarms_of
from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

NOW = 1_800_000_000.0


def raised(stage: Synthesis, fault: GivenFault) -> set[str]:
    data = fault.schedule(NOW) + fault.given(NOW)
    return alarms_of(stage).raised(data, since=NOW, until=NOW)


@pytest.mark.parametrize("fault", GIVEN, ids=lambda fault: fault.what)
def test_a_fault_raises_exactly_its_alarms(dev: Synthesis, fault: GivenFault) -> None:
    assert raised(dev, fault) == fault.alarms


@pytest.mark.parametrize("wrong", [frozenset[str](), frozenset({"SloBurnsSlowly", "SloBurnsFast"})])
def test_a_wrong_row_is_found(dev: Synthesis, wrong: frozenset[str]) -> None:
    """A row with too few alarms, and one with too many."""
    (slow,) = (fault for fault in GIVEN if fault.what == "Ten of a hundred orders are slow")

    assert raised(dev, slow) != wrong


def test_a_healthy_stage_raises_no_alarm(dev: Synthesis) -> None:
    assert alarms_of(dev).raised(healthy_schedule(NOW), since=NOW, until=NOW) == set()


def test_every_alarm_is_raised_by_a_fault_of_the_table(dev: Synthesis) -> None:
    in_table = {name for faults in (PLAYED, GIVEN) for fault in faults for name in fault.alarms}
    notifying = alarms_of(dev).notifying

    assert in_table <= notifying
    # Each of these watches some of the functions.
    assert {name.rstrip("0123456789") for name in notifying - in_table} <= {"FunctionsThrottled"}


def test_the_played_faults_see_every_queue_that_should_be_empty(dev: Synthesis) -> None:
    assert dev.dead_letter_queues() == set(DEAD_LETTER_QUEUES)
