"""The undo chain undoes what the order holds, whichever execution did it and wherever this one fails."""

from typing import Any

import pytest

from lambdas.domain.order import OrderStatus, PaymentStatus
from lambdas.saga.charge_payment.logic import charge_payment
from statemachines.document import ANY_ERROR, SagaDocument, State
from statemachines.steps import Role
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT
from tests.unit.lambdas.fakes import FakeMailer, FakeStripe
from tests.unit.lambdas.invocations import call_step, step_payload
from tests.unit.lambdas.shop import Shop

SAGA = SagaDocument.load()
FORWARD = [
    state.name for state in SAGA.having(Role.FORWARD, Role.DETOUR, Role.PIVOT) if not state.pauses_execution
]


def undo_after(failing: str) -> None:
    """Call the steps that Step Functions calls once a state has failed for good."""
    state: State | None = _on_error(SAGA.states[failing])
    while state is not None and state.step is not None:
        payload: dict[str, Any] = {**step_payload(TIMED_OUT), "attempt": 0}
        call_step(state.step.function, payload)
        state = SAGA.states.get(state.next or "")


def _on_error(state: State) -> State:
    return next(SAGA.states[each.target] for each in state.failures if ANY_ERROR in each.errors)


@pytest.mark.parametrize("failing", FORWARD)
def test_a_second_execution_undoes_a_confirmed_order_that_is_cancelled(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, failing: str
) -> None:
    # Given: the first execution has charged the card and taken the stock
    shop.priced()
    shop.stock.take(charge_payment(ORDER_ID, shop.orders, stripe, shop.queue()))

    # When: the customer cancels while a state of the second one fails
    shop.cancel()
    undo_after(failing)

    # Then
    order = shop.order()
    assert (order.status, order.payment.status) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED)
    assert (stripe.held, shop.available(ARMCHAIR.sku), order.stock_taken) == (0, ARMCHAIR.available, False)
    assert len(mailer.sent) == 1


@pytest.mark.parametrize("failing", FORWARD)
def test_an_order_that_holds_nothing_is_only_closed(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, failing: str
) -> None:
    shop.placed()

    undo_after(failing)

    assert shop.order().status is OrderStatus.FAILED
    assert (stripe.calls, shop.available(ARMCHAIR.sku)) == ([], ARMCHAIR.available)
    assert [mail.subject for mail in mailer.sent] == ["Your order could not be completed"]
