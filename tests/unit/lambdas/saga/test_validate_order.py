from collections.abc import Callable, Iterable

import pytest

from lambdas.domain.errors import (
    AmountNotChargeable,
    CurrencyMismatch,
    OrderCancelled,
    OutOfStock,
    UndoAlreadyBegun,
    UnknownSku,
)
from lambdas.domain.order import Failure, Order
from lambdas.domain.product import Product
from lambdas.saga.validate_order.logic import validate_order
from lambdas.shared.store.inventory import InventoryTable
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


def test_more_units_than_available_are_rejected_before_money_moves(shop: Shop) -> None:
    shop.placed()
    shop.put(ARMCHAIR, available=1)

    with pytest.raises(OutOfStock, match="CRUNCHY-ARMCHAIR is out of stock"):
        validate(shop)


def test_all_available_units_can_be_ordered(shop: Shop) -> None:
    shop.placed()
    shop.put(ARMCHAIR, available=2)

    assert validate(shop).amount is not None


def test_an_amount_that_cannot_be_charged_is_rejected(shop: Shop) -> None:
    shop.placed()
    shop.put(ARMCHAIR, unit_price=24)

    with pytest.raises(AmountNotChargeable, match=r"at least 0\.50 USD; this one costs 0\.48 USD"):
        validate(shop)

    order = shop.order()
    assert order.amount is None
    assert order.failure == Failure(
        "amount_not_chargeable", "An order costs at least 0.50 USD; this one costs 0.48 USD."
    )


def test_a_rejection_gives_way_to_prices_of_another_execution(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: while this execution reads the stock, another one confirms the order with the last units.
    shop.placed()
    inventory = shop.inventory

    def overtaken(skus: Iterable[str]) -> dict[str, Product]:
        validate_order(ORDER_ID, shop.orders, shop.inventory)
        shop.sell_out(ARMCHAIR)
        return InventoryTable.find(inventory, skus)

    monkeypatch.setattr(inventory, "find", overtaken)

    # When
    order = validate_order(ORDER_ID, shop.orders, inventory)

    # Then
    assert order.amount is not None
    assert shop.order().failure is None


def test_a_cancelled_order_is_not_validated(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    with pytest.raises(OrderCancelled):
        validate(shop)


@pytest.mark.parametrize("given", [Shop.being_undone, Shop.closed])
def test_an_order_being_undone_is_not_validated(shop: Shop, given: Callable[[Shop], Order]) -> None:
    given(shop)

    with pytest.raises(UndoAlreadyBegun):
        validate(shop)
