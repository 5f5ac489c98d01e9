import pytest

from lambdas.domain.errors import OrderCancelled, OutOfStock, StockContended, UndoAlreadyBegun
from lambdas.domain.order import Order, OrderStatus
from lambdas.saga.reserve_inventory.logic import reserve_inventory
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT
from tests.unit.lambdas.shop import EarlyReader, Shop


def reserve(shop: Shop) -> Order:
    return reserve_inventory(ORDER_ID, shop.orders, shop.stock)


def reserve_as_zombie(shop: Shop, stale: Order) -> Order:
    """Reserve with an old version of the order, as a late attempt does."""
    return reserve_inventory(ORDER_ID, EarlyReader(shop, stale), shop.stock)


def test_a_paid_order_gets_its_stock_and_is_confirmed(shop: Shop) -> None:
    shop.paid()

    order = reserve(shop)

    assert order.status is OrderStatus.CONFIRMED
    assert shop.available(ARMCHAIR.sku) == 3


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    shop.paid()
    once = reserve(shop)

    assert reserve(shop) == once
    assert shop.available(ARMCHAIR.sku) == 3


def test_a_late_attempt_for_a_confirmed_order_changes_nothing(shop: Shop) -> None:
    stale = shop.paid()
    once = reserve(shop)

    assert reserve_as_zombie(shop, stale) == once
    assert shop.available(ARMCHAIR.sku) == 3


def test_an_order_without_enough_stock_is_rejected(shop: Shop) -> None:
    paid = shop.paid()
    shop.sell_out(ARMCHAIR)

    with pytest.raises(OutOfStock):
        reserve(shop)

    assert shop.order() == paid


def test_an_order_that_is_not_paid_takes_nothing(shop: Shop) -> None:
    shop.priced()

    with pytest.raises(StockContended, match="PENDING"):
        reserve(shop)

    assert shop.available(ARMCHAIR.sku) == 5


def test_an_order_being_undone_takes_nothing(shop: Shop) -> None:
    shop.paid()
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)

    with pytest.raises(UndoAlreadyBegun):
        reserve(shop)

    assert shop.available(ARMCHAIR.sku) == 5


def test_a_late_attempt_after_an_undo_takes_nothing(shop: Shop) -> None:
    stale = shop.paid()
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)

    with pytest.raises(UndoAlreadyBegun):
        reserve_as_zombie(shop, stale)

    assert shop.available(ARMCHAIR.sku) == 5


def test_a_late_attempt_after_a_cancellation_takes_nothing(shop: Shop) -> None:
    stale = shop.paid()
    shop.cancel()

    with pytest.raises(OrderCancelled):
        reserve_as_zombie(shop, stale)

    assert shop.available(ARMCHAIR.sku) == 5


def test_a_cancelled_order_is_rejected_although_it_is_confirmed(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    with pytest.raises(OrderCancelled):
        reserve(shop)
