"""The journeys and the document tell the same story. `tests/saga` plays them against the deployed machine."""

from itertools import pairwise

import pytest

from proof.journeys import JOURNEYS, PAYMENT_JOURNEYS, Journey
from statemachines.document import SagaDocument

a_journey = pytest.mark.parametrize(
    "journey", [*JOURNEYS, *PAYMENT_JOURNEYS], ids=lambda journey: journey.key
)


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


@a_journey
def test_a_journey_is_a_way_from_the_start_to_an_end(saga: SagaDocument, journey: Journey) -> None:
    ways = {(transition.source, transition.target) for transition in saga.transitions}

    assert journey.states[0] == saga.start
    assert [step for step in pairwise(journey.states) if step not in ways] == []
    assert saga.states[journey.states[-1]].next is None


@a_journey
def test_an_execution_fails_only_in_a_state_that_says_so(saga: SagaDocument, journey: Journey) -> None:
    fails = saga.states[journey.states[-1]].type == "Fail"

    assert journey.execution == ("FAILED" if fails else "SUCCEEDED")


def test_every_state_is_visited_by_a_journey(saga: SagaDocument) -> None:
    assert {name for journey in JOURNEYS for name in journey.states} == set(saga.states)
