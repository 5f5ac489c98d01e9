"""The diagram shows the state machine as it is."""

import re

import pytest

from docgen.diagram import diagram
from statemachines.document import SagaDocument


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


def test_the_diagram_shows_every_state_and_every_transition(saga: SagaDocument) -> None:
    drawn = diagram(saga)

    links = set(re.findall(r'^ +(\w+) (?:==>|-->|-\.->)(?:\|".*"\|)? (\w+)$', drawn, flags=re.MULTILINE))
    assert links == {(each.source, each.target) for each in saga.transitions} | {
        (saga.happy_path[-1].name, "OrderIsConfirmed")
    }
    assert set(re.findall(r"^ +(\w+)\S*:::", drawn, flags=re.MULTILINE)) == set(saga.states)


def test_the_diagram_names_the_errors_that_are_caught(saga: SagaDocument) -> None:
    drawn = diagram(saga)

    assert 'PriceChanged<br/>TooManyOrders"| CloseOrder' in drawn
    assert 'ValidateOrder -->|"any other error"| ReleaseInventory' in drawn
    assert 'ChargePayment -->|"PaymentActionRequired"| AwaitPayment' in drawn
    assert 'ReserveInventory -->|"any error"| ReleaseInventory' in drawn
    assert 'AwaitPayment -->|"States.Timeout"| ExpirePayment' in drawn
    assert 'AwaitPayment -->|"any other error"| ReleaseInventory' in drawn
