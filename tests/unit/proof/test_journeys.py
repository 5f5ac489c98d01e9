"""The journeys follow the definition of the saga. `tests/saga` runs them on the deployed state machine."""

from itertools import pairwise

import pytest

from proof.journey import Journey, path
from proof.journeys import JOURNEYS
from statemachines.document import SagaDocument

each_journey = pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.key)


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


def test_without_an_error_the_path_is_the_happy_path(saga: SagaDocument) -> None:
    assert path({}) == tuple(state.name for state in saga.happy_path)


def test_an_error_leads_into_the_undo_chain() -> None:
    entered = path({"ChargePayment": "PaymentActionRequired", "AwaitPayment": "PaymentDeclined"})

    assert entered[entered.index("ChargePayment") :] == (
        *("ChargePayment", "AwaitPayment"),
        *("ReleaseInventory", "RefundPayment", "CloseOrder", "NotifyCustomerOfClosure", "OrderClosed"),
    )


def test_an_error_is_the_end_of_the_first_visit_only() -> None:
    asked_again = {"AwaitPayment": "States.Timeout", "ExpirePayment": "PaymentActionRequired"}

    entered = path({"ChargePayment": "PaymentActionRequired", **asked_again})

    assert entered[entered.index("AwaitPayment") :] == (
        "AwaitPayment",
        "ExpirePayment",
        "AwaitPayment",
        "ReserveInventory",
        "NotifyCustomer",
    )


def test_an_error_that_has_a_catcher_of_its_own_takes_it() -> None:
    assert path({"ValidateOrder": "UnknownSku"})[1] == "CloseOrder"
    assert path({"ValidateOrder": "OrderCancelled"})[1] == "ReleaseInventory"


@each_journey
def test_every_error_of_a_journey_is_on_its_path(journey: Journey) -> None:
    assert set(journey.errors) <= set(journey.states)
    assert journey.retried in {None, *journey.states}


@each_journey
def test_an_execution_fails_only_in_a_fail_state(saga: SagaDocument, journey: Journey) -> None:
    fails = saga.states[journey.states[-1]].type == "Fail"

    assert journey.execution == ("FAILED" if fails else "SUCCEEDED")


def test_every_transition_is_on_the_path_of_a_journey(saga: SagaDocument) -> None:
    entered = {step for journey in JOURNEYS for step in pairwise(journey.states)}

    assert entered == {(each.source, each.target) for each in saga.transitions}
