"""A sample of `make faults`: one fault on each journey, each kind of fault once; no law is broken."""

import random
from typing import Final

import pytest

from local.world import World
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.campaign_report import describe
from proof.fault_campaign.case import KINDS, Case, InjectionKind
from proof.fault_campaign.run_case import run_case
from proof.simulation.simulated_world import installed
from proof.simulation.twins import twins_of

SEED: Final = 1

_KINDS: Final[tuple[InjectionKind, ...]] = (*KINDS, "stop")

KIND_OF: Final = {journey: _KINDS[n % len(_KINDS)] for n, journey in enumerate(CAMPAIGN_JOURNEYS)}
"""The kind of fault on each journey; together they are all kinds of short faults."""


def sample(journey: str) -> Case:
    """A case with a fault at a call that the journey makes in the simulation."""
    randomness = random.Random(f"{SEED} {journey}")  # noqa: S311 - it must be repeatable
    with installed():
        return randomness.choice([case for case in twins_of(journey) if case.label == KIND_OF[journey]])


@pytest.mark.parametrize("journey", CAMPAIGN_JOURNEYS)
def test_no_fault_breaks_a_law(quick_world: World, journey: str) -> None:
    disturbed = run_case(quick_world, sample(journey))

    assert not disturbed.breaches, describe(disturbed)
