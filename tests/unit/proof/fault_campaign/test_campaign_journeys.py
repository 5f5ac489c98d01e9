"""The campaign takes every way through the saga that needs no failure of a system."""

from itertools import pairwise
from typing import Final

import pytest

from lambdas.domain.errors import (
    CaptureDue,
    ChargeScheduled,
    LineRefundDue,
    OrderRejected,
    PaymentActionRequired,
)
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.journey import Journey
from proof.journeys import JOURNEYS

BUSINESS: Final = {
    *(rejection.__name__ for rejection in OrderRejected.__subclasses__()),
    CaptureDue.__name__,
    ChargeScheduled.__name__,
    LineRefundDue.__name__,
    PaymentActionRequired.__name__,
    "States.Timeout",
}
"""Errors of a saga whose systems all work."""

WAIT_FOR_A_DEADLINE: Final = {"webhook-too-late", "decided-after-the-deadline"}
"""Every case of these journeys would wait for a deadline that leaves time to act; `abandoned` has faults at
the same calls."""

PART_OF_OTHERS: Final = {
    *("happy", "cancelled-later", "fulfilled", "returned", "line-refunded-and-cancelled", "mail-rejected"),
    *("captured-late", "captured-after-refusal", "authorized-and-cancelled", "authorization-expired"),
}
"""Other journeys take each of their ways without a failure, too; the mail is rejected by a system."""

Way = tuple[str, str | None, str]
"""A state, the error with which it ends, and the next state."""


def ways(journey: Journey) -> set[Way]:
    """The ways of a journey. All rejections that close an order at once are one way."""
    found = {(state, journey.errors.get(state), target) for state, target in pairwise(journey.states)}
    return {(state, None if target == "CloseOrder" else error, target) for state, error, target in found}


def missing(without: str | None = None) -> set[Way]:
    """The ways that the campaign would not take without one of its journeys."""
    needed = [
        journey
        for journey in JOURNEYS
        if journey.key not in WAIT_FOR_A_DEADLINE and BUSINESS.issuperset(journey.errors.values())
    ]
    taken = [each.journey for key, each in CAMPAIGN_JOURNEYS.items() if key != without]
    return set().union(*map(ways, needed)).difference(*map(ways, taken))


def test_the_campaign_takes_every_way_that_needs_no_failure() -> None:
    assert missing() == set()


@pytest.mark.parametrize("journey", sorted(CAMPAIGN_JOURNEYS.keys() - PART_OF_OTHERS))
def test_a_journey_that_is_deleted_is_missed(journey: str) -> None:
    assert missing(without=journey)
