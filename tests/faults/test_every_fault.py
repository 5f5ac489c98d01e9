"""A sample of `make faults`: one fault on each journey, each kind of fault once; no law is broken."""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from local.fault_proxy.recording import Call
from local.world import World
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.campaign_report import describe
from proof.fault_campaign.case import KINDS, Case, InjectionKind
from proof.fault_campaign.plan import single_faults, stops
from proof.fault_campaign.run_case import run_case

SEED: Final = 1

_KINDS: Final[tuple[InjectionKind, ...]] = (*KINDS, "stop")

KIND_OF: Final = {journey: _KINDS[n % len(_KINDS)] for n, journey in enumerate(CAMPAIGN_JOURNEYS)}
"""The kind of fault on each journey; together they are all kinds of short faults."""


def sample(journey: str, calls: Sequence[Call]) -> Case:
    """A case with a fault at one of these calls."""
    cases = [*single_faults(journey, calls), *stops(journey, calls)]
    randomness = random.Random(f"{SEED} {journey}")  # noqa: S311 - it must be repeatable
    return randomness.choice([case for case in cases if case.label == KIND_OF[journey]])


@pytest.mark.parametrize("journey", CAMPAIGN_JOURNEYS)
def test_no_fault_breaks_a_law(quick_world: World, journey: str) -> None:
    without_fault = run_case(quick_world, Case(journey))
    assert not without_fault.breaches, describe(without_fault)

    disturbed = run_case(quick_world, sample(journey, without_fault.calls))

    assert not disturbed.breaches, describe(disturbed)
