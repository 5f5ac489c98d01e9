"""What earlier releases have written is read by today's code, and their executions go on with it."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache

import pytest

from proof.fault_campaign.case import Case
from proof.journeys import PATH_JOURNEYS
from proof.rolling.records import Sample, play_sample, read_definition_of, read_samples
from proof.rolling.releases import versions
from proof.simulation.play_case import play_case
from proof.simulation.release import CURRENT
from proof.simulation.simulated_world import SAGA, SimulatedWorld, installed
from proof.simulation.state_language import Machine
from proof.simulation.step_functions import MachineVersion

VERSIONS = versions()
OLD_PATHS = [
    (version, journey.key)
    for version in VERSIONS
    for journey in PATH_JOURNEYS
    if set(journey.states) <= set(read_definition_of(version)["States"])
]


@pytest.fixture(scope="module", autouse=True)
def simulation() -> Iterator[None]:
    with installed():
        yield


@cache
def samples() -> dict[str, Sample]:
    return {f"{version} {each}": each for version in VERSIONS for each in read_samples(version)}


@pytest.mark.parametrize("name", samples())
def test_an_order_of_an_earlier_release_comes_to_rest(name: str) -> None:
    assert play_sample(samples()[name]) == []


def test_a_record_that_can_not_be_read_any_more_is_noticed() -> None:
    sample = deepcopy(next(each for each in samples().values() if each.function == "reserve_inventory"))
    for order in sample.tables["orders"]:
        del order["request_hash"]

    (breach,) = play_sample(sample)

    assert breach.startswith("reserve_inventory ended with KeyError")


@pytest.mark.parametrize(("version", "journey"), OLD_PATHS)
def test_an_execution_of_an_earlier_definition_goes_on(version: str, journey: str) -> None:
    def prepare(world: SimulatedWorld) -> None:
        then = MachineVersion(Machine(read_definition_of(version), CURRENT.placeholders))
        world.step_functions.machines = {**world.step_functions.machines, SAGA: [then]}

    assert play_case(Case(journey), prepare=prepare).breaches == []
