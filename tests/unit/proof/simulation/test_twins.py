"""The sample of cases that are played in both worlds, and their comparison."""

from dataclasses import replace

import pytest

from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.case import KINDS, parse_case
from proof.simulation.twins import DIFFERENT, RUN_AGAIN, differences, play, sample, verdict

LOST_CHARGE = "happy; lose_reply charge_payment: stripe POST /v1/payment_intents/{id}/confirm #1"


def test_every_journey_has_every_kind_of_fault_in_a_sample() -> None:
    drawn = {(case.journey, case.label) for case in sample(1, 300)}

    kinds = {*KINDS, "stop", "refuse outage", "lose_reply outage"}
    assert drawn == {(journey, kind) for journey in CAMPAIGN_JOURNEYS for kind in kinds}


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    assert sample(1, 120)[:20] == sample(1, 20)


@pytest.mark.parametrize("journey", CAMPAIGN_JOURNEYS)
def test_a_journey_of_the_campaign_keeps_all_laws_in_the_simulation(journey: str) -> None:
    result = play(parse_case(journey))

    assert result.breaches == []
    assert result.ending is not None
    assert result.ending.order == CAMPAIGN_JOURNEYS[journey].journey.end


def test_other_ends_and_other_strikes_are_differences() -> None:
    result = play(parse_case(LOST_CHARGE))
    assert result.ending is not None
    other = replace(result, ending=replace(result.ending, order="FAILED internal_error"), struck=[False])

    assert differences(result, result) == []
    assert differences(result, other) == [
        "struck: simulated [True], embedded [False]",
        "order: simulated CONFIRMED, embedded FAILED internal_error",
    ]


def test_a_mail_that_only_another_execution_could_send_is_explained() -> None:
    result = play(parse_case("happy"))
    assert result.ending is not None
    path = result.ending.paths["first"]
    paths = {"first": (*path, "ConfirmedNotNotified"), "-vN": path}
    later = replace(result, ending=replace(result.ending, paths=paths))

    assert verdict(result, later) == RUN_AGAIN


def test_a_mail_that_one_world_did_not_send_is_a_difference() -> None:
    result = play(parse_case("happy"))
    assert result.ending is not None
    unmailed = replace(result, ending=replace(result.ending, mails=()))

    assert verdict(result, unmailed) == DIFFERENT
