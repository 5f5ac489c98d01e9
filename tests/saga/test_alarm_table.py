"""The table fault -> alarms, played on the deployed saga: exactly these alarms are raised, and no others."""

import time
from pathlib import Path

import pytest

from local.waiting import wait_for
from local.world import World
from proof.alarms.datapoints import Recorder
from proof.alarms.evaluation import Alarms
from proof.alarms.faults import PLAYED, PlayedFault, healthy_schedule
from tests.stacks.alarm_definitions import alarms_of
from tests.stacks.synthesis import synthesize

TIMEOUT_SECONDS = 30.0


@pytest.fixture(scope="module")
def alarms(tmp_path_factory: pytest.TempPathFactory) -> Alarms:
    """The alarms of a cloud stage: the emulator refuses some of them."""
    folder: Path = tmp_path_factory.mktemp("dev")
    return alarms_of(synthesize("dev", folder))


@pytest.mark.parametrize("fault", PLAYED, ids=lambda fault: fault.key)
def test_a_fault_raises_exactly_its_alarms(world: World, alarms: Alarms, fault: PlayedFault) -> None:
    # Given
    recorder = Recorder(world)

    # When
    seen_by_caller = list(fault.play(world))

    # Then
    def raised_once_recorded() -> set[str] | None:
        data = recorder.datapoints() + seen_by_caller
        raised = alarms.raised(
            data + healthy_schedule(recorder.since), since=recorder.since, until=time.time()
        )
        is_complete = any(each.metric == fault.evidence for each in data) and fault.alarms <= raised
        return {*raised, "recorded"} if is_complete else None

    raised = wait_for(
        raised_once_recorded,
        f"{fault.evidence.name} is recorded, and {sorted(fault.alarms)} are raised",
        timeout_seconds=TIMEOUT_SECONDS,
        pause_seconds=0.5,
    )
    assert raised - {"recorded"} == fault.alarms
