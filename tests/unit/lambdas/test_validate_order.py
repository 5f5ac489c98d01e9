from collections.abc import Callable

import pytest

from lambdas.shared.errors import (
    CurrencyMismatch,
    OrderCancelled,
    OrderNotFound,
    OutOfStock,
    UndoAlreadyBegun,
    UnknownSku,
)
from lambdas.shared.order import Order
from lambdas.validate_order.logic import validate_order
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, ORDER_ID, priced, two
from tests.unit.lambdas.shop import Shop


def validate(shop: Shop) -> Order:
    return validate_order(ORDER_ID, shop.orders, shop.inventory)


def test_an_order_gets_its_prices_from_the_catalogue(shop: Shop) -> None:
    shop.placed(two(ARMCHAIR), two(LAMP))

    order = validate(shop)

    assert order.lines == (priced(ARMCHAIR), priced(LAMP))
    assert order.amount == 2 * ARMCHAIR.unit_price + 2 * LAMP.unit_price


def test_the_first_prices_stay_when_the_saga_runs_again(shop: Shop) -> None:
    shop.placed()
    once = validate(shop)
    shop.put(ARMCHAIR, unit_price=99_900)

    assert validate(shop) == once


def test_an_order_that_took_the_last_units_is_still_valid(shop: Shop) -> None:
    confirmed = shop.confirmed()
    shop.sell_out(ARMCHAIR)

    assert validate(shop) == confirmed


def test_a_sku_that_is_not_in_the_catalogue_is_rejected(shop: Shop) -> None:
    shop.placed(two(ARMCHAIR), two(LAMP))
    shop.take_from_catalogue(LAMP)

    with pytest.raises(UnknownSku, match="TASTELESS-LAMP is not in the catalogue"):
        validate(shop)


def test_a_product_sold_in_another_currency_is_rejected(shop: Shop) -> None:
    shop.placed(currency="eur")

    with pytest.raises(CurrencyMismatch, match="CRUNCHY-ARMCHAIR is sold in usd, not in eur"):
        validate(shop)


def test_more_than_is_left_is_rejected_before_any_money_moves(shop: Shop) -> None:
    shop.placed()
    shop.put(ARMCHAIR, available=1)

    with pytest.raises(OutOfStock, match="CRUNCHY-ARMCHAIR is out of stock"):
        validate(shop)


def test_exactly_what_is_left_can_be_ordered(shop: Shop) -> None:
    shop.placed()
    shop.put(ARMCHAIR, available=2)

    assert validate(shop).amount is not None


def test_a_rejected_order_gets_no_price(shop: Shop) -> None:
    order = shop.placed()
    shop.sell_out(ARMCHAIR)

    with pytest.raises(OutOfStock):
        validate(shop)

    assert shop.order() == order


def test_a_cancelled_order_turns_back_here(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    with pytest.raises(OrderCancelled):
        validate(shop)


@pytest.mark.parametrize("given", [Shop.being_undone, Shop.closed])
def test_an_order_that_was_undone_before_turns_back_here(shop: Shop, given: Callable[[Shop], Order]) -> None:
    given(shop)

    with pytest.raises(UndoAlreadyBegun):
        validate(shop)


def test_an_unknown_order_needs_a_human(shop: Shop) -> None:
    with pytest.raises(OrderNotFound):
        validate(shop)
