"""A sample of `make faults`: one fault on each journey, each kind of fault once; no law is broken."""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from local.fault_proxy.recording import Call
from local.world import World
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.campaign_report import describe
from proof.fault_campaign.case import KINDS, Case, InjectionKind, parse_case
from proof.fault_campaign.plan import single_faults, stops
from proof.fault_campaign.run_case import run_case

SEED: Final = 1

_KINDS: Final[tuple[InjectionKind, ...]] = (*KINDS, "stop")

KIND_OF: Final = {journey: _KINDS[n % len(_KINDS)] for n, journey in enumerate(CAMPAIGN_JOURNEYS)}
"""The kind of fault on each journey; together they are all kinds of short faults."""

FOUND: Final = {
    "the worker that sends the mail is killed": (
        "happy; kill_before notify_customer: ses POST /v2/email/outbound-emails #1"
    ),
    "the lock of the mail is set, and its owner is unknown": (
        "happy; lose_reply notify_customer: dynamodb PutItem idempotency #1"
    ),
    "a mail is sent, and its reply is lost": (
        "happy; lose_reply notify_customer: ses POST /v2/email/outbound-emails #1"
    ),
    "two executions cancel an order at once": (
        "cancelled; hang charge_payment: stripe POST /v1/payment_intents #1"
    ),
    "refunds fail until the tries of the undo are used up": (
        "cancelled; refuse refund_payment: stripe POST /v1/refunds #1 for 12s"
    ),
}
"""Cases that once broke a law, or would have; each is run every time."""


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


@pytest.mark.parametrize("case", FOUND.values(), ids=FOUND)
def test_a_case_that_once_broke_a_law_breaks_none(quick_world: World, case: str) -> None:
    result = run_case(quick_world, parse_case(case))

    assert all(result.struck)
    assert not result.breaches, describe(result)
