"""Errors that only AWS has end as laws 5 and 9 say: retried, then undone, or recovered."""

from datetime import UTC, datetime, timedelta

import pytest

from lambdas.domain.order import OrderStatus, PaymentStatus
from lambdas.recovery.recover_order.logic import EndedExecution, recover_order
from statemachines.aws_errors import AWS_ERRORS
from statemachines.document import CAUGHT_BY_NOTHING
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID
from tests.unit.lambdas.fakes import CARD_WITH_3DS, FakeExecutions, FakeMailer, FakeStripe
from tests.unit.lambdas.saga.play import SAGA, ExecutionFailed, Moment, play
from tests.unit.lambdas.shop import Shop
from tests.unit.statemachines.error_names import OF_AWS

RETRIED = sorted(OF_AWS - CAUGHT_BY_NOTHING)
DOCUMENTED = [name for error in AWS_ERRORS if not error.is_recovered for name in error.names]

NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)

UNDO = [state.name for state in SAGA.way_back if state.is_task]


def every_state_twice(_state: str, number: int) -> Moment | None:
    """The first try fails before its effect, and the second one after it."""
    return {1: "before", 2: "after"}.get(number)  # type: ignore[return-value] # mypy sees any text


def assert_confirmed(shop: Shop, stripe: FakeStripe, mailer: FakeMailer) -> None:
    order = shop.order()
    assert (order.status, order.unsettled) == (OrderStatus.CONFIRMED, False)
    assert (stripe.charges, stripe.held) == (1, order.amount)
    assert shop.available(ARMCHAIR.sku) == ARMCHAIR.available - 2
    assert [mail.subject for mail in mailer.sent] == ["Your order is confirmed"]


def assert_undone(shop: Shop, stripe: FakeStripe, mailer: FakeMailer) -> None:
    order = shop.order()
    assert (order.status, order.payment.status) == (OrderStatus.FAILED, PaymentStatus.REFUNDED)
    assert (stripe.charges, stripe.held, len(stripe.refunds)) == (1, 0, 1)
    assert shop.available(ARMCHAIR.sku) == ARMCHAIR.available
    assert [mail.subject for mail in mailer.sent] == ["Your order could not be completed"]


@pytest.mark.parametrize("error", RETRIED)
def test_an_order_is_confirmed_though_each_step_fails_twice(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, error: str
) -> None:
    shop.placed()

    assert play(error, every_state_twice) == [state.name for state in SAGA.happy_path]

    assert_confirmed(shop, stripe, mailer)


@pytest.mark.parametrize("error", DOCUMENTED)
@pytest.mark.usefixtures("callback")
def test_a_payment_that_waits_is_found_though_each_step_fails_twice(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, error: str
) -> None:
    # Given: the customer approves, and the webhook is lost
    shop.placed(payment_method=CARD_WITH_3DS)

    def strike(state: str, number: int) -> Moment | None:
        if (state, number) == ("ExpirePayment", 1):
            stripe.settle("pi_1")
        return every_state_twice(state, number)

    # When
    visited = play(error, strike)

    # Then
    waiting = visited.index("ChargePayment")
    assert visited[waiting : waiting + 3] == ["ChargePayment", "AwaitPayment", "ExpirePayment"]
    assert_confirmed(shop, stripe, mailer)


@pytest.mark.parametrize("error", DOCUMENTED)
def test_an_order_is_undone_if_the_error_does_not_pass(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, error: str
) -> None:
    shop.placed()

    def strike(state: str, number: int) -> Moment | None:
        return "before" if state == "ReserveInventory" else every_state_twice(state, number)

    visited = play(error, strike)

    assert visited[visited.index("ReserveInventory") + 1 :] == [*UNDO, "OrderClosed"]

    assert_undone(shop, stripe, mailer)


@pytest.mark.parametrize("error", DOCUMENTED)
def test_an_undo_that_fails_for_good_calls_for_an_operator(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, error: str
) -> None:
    shop.placed()

    with pytest.raises(ExecutionFailed, match="NeedsAttention"):
        play(
            error, lambda state, _number: "before" if state in {"ReserveInventory", "RefundPayment"} else None
        )

    assert shop.order().status is OrderStatus.NEEDS_ATTENTION
    assert shop.order().attention_may_pass
    assert (stripe.held, mailer.sent) == (shop.order().amount, [])


def recover(shop: Shop, error: str) -> list[str]:
    """Pass the end of the execution to the recovery, and play the execution that it starts."""
    executions = FakeExecutions()
    ended = EndedExecution(ORDER_ID, ORDER_ID, None, "FAILED", NOW - timedelta(hours=1))
    recover_order(ended, NOW, [timedelta(seconds=10)], shop.orders, executions)
    [name] = executions.started
    return play(error, lambda _state, _number: None, execution=name)


@pytest.mark.parametrize("error", sorted(CAUGHT_BY_NOTHING))
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("failing", [state.name for state in SAGA.happy_path])
def test_an_error_that_nothing_catches_is_recovered(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, error: str, moment: Moment, failing: str
) -> None:
    shop.placed()
    with pytest.raises(ExecutionFailed, match=error):
        play(error, lambda state, _number: moment if state == failing else None)

    recover(shop, error)

    assert_confirmed(shop, stripe, mailer)


@pytest.mark.parametrize("error", sorted(CAUGHT_BY_NOTHING))
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("failing", UNDO)
def test_an_undo_that_nothing_catches_is_recovered(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer, error: str, moment: Moment, failing: str
) -> None:
    # Given: another order takes the last units after the charge
    shop.placed()

    def strike(state: str, _number: int) -> Moment | None:
        if state == "ReserveInventory":
            shop.sell_out(ARMCHAIR)
        return moment if state == failing else None

    # When
    with pytest.raises(ExecutionFailed, match=error):
        play(error, strike)
    recover(shop, error)

    # Then
    order = shop.order()
    assert (order.status, order.payment.status) == (OrderStatus.FAILED, PaymentStatus.REFUNDED)
    assert (stripe.charges, stripe.held, len(stripe.refunds)) == (1, 0, 1)
    assert [mail.subject for mail in mailer.sent] == ["Your order could not be completed"]
