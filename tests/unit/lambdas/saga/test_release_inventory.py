import pytest

from lambdas.domain.errors import OrderAlreadyConfirmed, OrderCancelled, OutOfStock, UndoIncomplete
from lambdas.domain.order import Failure, Order, OrderStatus
from lambdas.saga.release_inventory.logic import release_inventory
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, ORDER_ID, caught, two
from tests.unit.lambdas.shop import Shop

CANCELLED = caught(OrderCancelled("The order was cancelled by the customer."))
NOTHING_LEFT = caught(OutOfStock("CRUNCHY-ARMCHAIR is out of stock."))


def release(shop: Shop, error_output: dict[str, str] = CANCELLED) -> Order:
    return release_inventory(ORDER_ID, error_output, shop.orders, shop.stock)


def test_a_cancelled_order_gives_back_its_stock(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    order = release(shop)

    assert shop.available(ARMCHAIR.sku) == 5
    assert order.status is OrderStatus.PENDING
    assert order.failure == Failure("cancelled_by_customer", "The order was cancelled by the customer.")


def test_an_order_without_stock_only_records_why_it_is_undone(shop: Shop) -> None:
    shop.paid()

    order = release(shop, NOTHING_LEFT)

    assert order.failure == Failure("out_of_stock", "CRUNCHY-ARMCHAIR is out of stock.")
    assert shop.available(ARMCHAIR.sku) == 5


def test_a_confirmed_order_keeps_its_stock(shop: Shop) -> None:
    confirmed = shop.confirmed()

    with pytest.raises(OrderAlreadyConfirmed):
        release(shop, NOTHING_LEFT)

    assert shop.order() == confirmed
    assert shop.available(ARMCHAIR.sku) == 3


def test_stock_of_a_product_outside_the_catalogue_needs_an_operator(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR), two(LAMP))
    shop.cancel()
    shop.take_from_catalogue(LAMP)

    with pytest.raises(UndoIncomplete):
        release(shop)

    assert shop.available(ARMCHAIR.sku) == 3


def test_a_flagged_order_gives_back_stock_once_its_product_is_back(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()
    shop.take_from_catalogue(ARMCHAIR)
    with pytest.raises(UndoIncomplete):
        release(shop)
    shop.orders.flag(ORDER_ID, "UndoIncomplete")
    shop.put(ARMCHAIR, available=0)

    assert not release(shop).stock_taken
    assert shop.available(ARMCHAIR.sku) == 2
