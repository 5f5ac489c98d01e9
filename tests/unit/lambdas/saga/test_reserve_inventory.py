from collections.abc import Callable

import pytest

from lambdas.domain.errors import OrderCancelled, StockContended
from lambdas.domain.order import Order, OrderStatus
from lambdas.saga.reserve_inventory.logic import reserve_inventory
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID
from tests.unit.lambdas.fakes import FakeStripe
from tests.unit.lambdas.shop import UNDOS, EarlyReader, Shop


def reserve(shop: Shop) -> Order:
    return reserve_inventory(ORDER_ID, shop.orders, shop.stock)


def test_an_order_that_is_not_paid_takes_nothing(shop: Shop) -> None:
    shop.priced()

    with pytest.raises(StockContended, match="PENDING"):
        reserve(shop)

    assert shop.available(ARMCHAIR.sku) == 5


def test_an_order_whose_money_is_only_reserved_is_confirmed(shop: Shop, stripe: FakeStripe) -> None:
    shop.authorized(stripe)

    order = reserve(shop)

    assert (order.status, order.stock_taken) == (OrderStatus.CONFIRMED, True)
    assert shop.available(ARMCHAIR.sku) == 3


@pytest.mark.parametrize(("undo", "error"), UNDOS.items())
def test_a_late_attempt_after_an_undo_takes_nothing(
    shop: Shop, undo: Callable[[Shop], object], error: type[Exception]
) -> None:
    stale = shop.paid()
    undo(shop)

    with pytest.raises(error):
        reserve_inventory(ORDER_ID, EarlyReader(shop, stale), shop.stock)

    assert shop.available(ARMCHAIR.sku) == 5


def test_a_cancelled_order_is_rejected_although_it_is_confirmed(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    with pytest.raises(OrderCancelled):
        reserve(shop)
