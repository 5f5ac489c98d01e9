"""A sample of `make faults`: on every journey something goes wrong, in every way, and no law is broken."""

import random
from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from local.fault_proxy.recording import Call
from local.world import World
from proof.fault_campaign.case import KINDS, Case, InjectionKind, parse_case
from proof.fault_campaign.journeys import JOURNEYS
from proof.fault_campaign.plan import single_faults, stops
from proof.fault_campaign.play import play
from proof.fault_campaign.report import describe
from proof.fault_campaign.tempo import quick_pace

SEED: Final = 1

_KINDS: Final[tuple[InjectionKind, ...]] = (*KINDS, "stop")

KIND_OF: Final = {journey: _KINDS[n % len(_KINDS)] for n, journey in enumerate(JOURNEYS)}
"""What goes wrong on each journey; together it is every kind of trouble that is over at once."""

FOUND: Final = {
    "the worker that sends the mail is killed": (
        "happy; kill_before notify_customer: ses POST /v2/email/outbound-emails #1"
    ),
    "the lock of the mail is there, and nobody knows whose": (
        "happy; lose_reply notify_customer: dynamodb PutItem idempotency #1"
    ),
    "a mail is sent, and its reply is lost": (
        "happy; lose_reply notify_customer: ses POST /v2/email/outbound-emails #1"
    ),
    "two executions cancel an order at once": (
        "cancelled; hang charge_payment: stripe POST /v1/payment_intents #1"
    ),
    "no refund can be made for longer than the undo's tries last": (
        "cancelled; refuse refund_payment: stripe POST /v1/refunds #1 for 12s"
    ),
}
"""Cases that once broke a law, or would have: each stays."""


@pytest.fixture(scope="module")
def quick_world(world: World) -> Iterator[World]:
    with quick_pace(world):
        yield world


def sample(journey: str, calls: Sequence[Call]) -> Case:
    """Something that goes wrong at one of these calls."""
    cases = [*single_faults(journey, calls), *stops(journey, calls)]
    randomness = random.Random(f"{SEED} {journey}")  # noqa: S311 - it must be repeatable
    return randomness.choice([case for case in cases if case.label == KIND_OF[journey]])


@pytest.mark.parametrize("journey", JOURNEYS)
def test_no_fault_breaks_a_law(quick_world: World, journey: str) -> None:
    undisturbed = play(quick_world, Case(journey))
    assert not undisturbed.breaches, describe(undisturbed)

    disturbed = play(quick_world, sample(journey, undisturbed.calls))

    assert not disturbed.breaches, describe(disturbed)


@pytest.mark.parametrize("case", FOUND.values(), ids=FOUND)
def test_what_was_found_stays_found(quick_world: World, case: str) -> None:
    outcome = play(quick_world, parse_case(case))

    assert all(outcome.struck)
    assert not outcome.breaches, describe(outcome)
