import pytest

from lambdas.domain.errors import OrderCancelled, UndoAlreadyBegun
from lambdas.domain.money import Money
from lambdas.domain.order import Failure, OrderLine, OrderStatus, Payment, PaymentStatus, TimelineEntry
from tests.unit.lambdas.builders import SUBMITTED_AT, an_order

OUT_OF_STOCK = Failure("out_of_stock", "CRUNCHY-ARMCHAIR is out of stock.")


def test_a_new_order_may_go_forward() -> None:
    an_order().ensure_may_go_forward()


def test_a_cancelled_order_may_not_go_forward() -> None:
    with pytest.raises(OrderCancelled, match="cancelled by the operator"):
        an_order(cancel_requested_by="operator").ensure_may_go_forward()


def test_an_order_being_undone_may_not_go_forward() -> None:
    with pytest.raises(UndoAlreadyBegun, match="out_of_stock"):
        an_order(failure=OUT_OF_STOCK).ensure_may_go_forward()


def test_a_confirmed_order_has_passed_the_pivot() -> None:
    assert an_order(status=OrderStatus.CONFIRMED).has_passed_the_pivot


def test_a_confirmed_order_can_be_undone_once_it_is_cancelled() -> None:
    order = an_order(status=OrderStatus.CONFIRMED, cancel_requested_by="customer")

    assert not order.has_passed_the_pivot


@pytest.mark.parametrize("status", OrderStatus)
def test_only_failed_and_cancelled_orders_are_closed(status: OrderStatus) -> None:
    assert an_order(status=status).is_closed == (status in {"FAILED", "CANCELLED"})


def test_a_priced_order_costs_its_amount_in_its_currency() -> None:
    assert an_order(amount=75_800).price == Money(75_800, "usd")


def test_asking_for_the_price_of_an_unpriced_order_is_an_error() -> None:
    with pytest.raises(ValueError, match="not priced"):
        _ = an_order().price


def test_every_order_can_be_shown_as_it_was_submitted() -> None:
    submitted = an_order()
    failed = an_order(
        OrderLine("CRUNCHY-ARMCHAIR", 2, unit_price=37_900),
        updated_at="2026-03-01T12:00:05.000Z",
        timeline=(*submitted.timeline, TimelineEntry("2026-03-01T12:00:05.000Z", "OrderFailed")),
        version=5,
        status=OrderStatus.FAILED,
        amount=75_800,
        payment=Payment(PaymentStatus.REFUNDED, "pi_1"),
        stock_taken=True,
        failure=OUT_OF_STOCK,
        cancel_requested_by="customer",
    )

    assert failed.as_submitted() == submitted
    assert submitted.created_at == SUBMITTED_AT
