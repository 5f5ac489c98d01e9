from collections.abc import Callable, Iterable

import pytest

from lambdas.domain.errors import (
    AmountNotChargeable,
    CurrencyMismatch,
    LineRefundDue,
    OrderCancelled,
    OutOfStock,
    PriceChanged,
    TooManyOrders,
    UndoAlreadyBegun,
    UnknownSku,
)
from lambdas.domain.order import Failure, Order
from lambdas.domain.product import Product
from lambdas.saga.validate_order.logic import validate_order
from lambdas.shared.store.inventory import InventoryTable
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, LAMP, ORDER_ID, priced, two
from tests.unit.lambdas.shop import Shop


def validate(shop: Shop, order_id: str = ORDER_ID, *, per_hour: int = 1_000) -> Order:
    return validate_order(order_id, shop.orders, shop.inventory, shop.limit(per_hour))


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


def test_a_due_refund_of_lines_is_made_instead(shop: Shop) -> None:
    order = shop.refund_requested(shop.confirmed())

    with pytest.raises(LineRefundDue, match=f"^{order.refund_due}$"):
        validate(shop)


def test_a_sku_that_is_not_in_the_catalogue_is_rejected(shop: Shop) -> None:
    shop.placed(two(ARMCHAIR), two(LAMP))
    shop.take_from_catalogue(LAMP)

    with pytest.raises(UnknownSku, match="TASTELESS-LAMP is not in the catalogue"):
        validate(shop)


def test_a_product_that_is_not_active_is_rejected_like_an_unknown_one(shop: Shop) -> None:
    shop.placed(two(ARMCHAIR))
    shop.put(ARMCHAIR, active=False)

    with pytest.raises(UnknownSku, match="CRUNCHY-ARMCHAIR is not in the catalogue"):
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


# What the customer expects to pay


def test_an_order_that_costs_what_its_customer_expects_is_priced(shop: Shop) -> None:
    shop.placed(expected_amount=2 * ARMCHAIR.unit_price)

    assert validate(shop).amount == 2 * ARMCHAIR.unit_price


def test_an_order_whose_price_has_changed_is_rejected(shop: Shop) -> None:
    shop.placed(expected_amount=2_000)
    shop.put(ARMCHAIR, unit_price=9_000)

    with pytest.raises(PriceChanged):
        validate(shop)

    order = shop.order()
    assert order.amount is None
    assert order.failure == Failure("price_changed", "The order costs 180.00 USD, not 20.00 USD as expected.")


def test_a_price_that_changes_after_validation_rejects_nothing(shop: Shop) -> None:
    shop.placed(expected_amount=2 * ARMCHAIR.unit_price)
    once = validate(shop)
    shop.put(ARMCHAIR, unit_price=9_000)

    assert validate(shop) == once


# How many orders a customer places


def placed_at(shop: Shop, *times: str, customer: str = CUSTOMER) -> list[str]:
    """Place an order at each of these times; returns their ids."""
    return [
        shop.placed(order_id=f"{customer}-{number}", customer_id=customer, created_at=time).order_id
        for number, time in enumerate(times)
    ]


def test_a_customer_may_place_as_many_orders_in_an_hour_as_the_limit(shop: Shop) -> None:
    ids = placed_at(shop, "2026-03-01T12:00:00.000Z", "2026-03-01T12:30:00.000Z", "2026-03-01T12:59:59.999Z")

    for order_id in ids:
        assert validate(shop, order_id, per_hour=3).amount is not None


def test_one_order_more_than_the_limit_is_rejected(shop: Shop) -> None:
    *_, one_more = placed_at(
        shop, "2026-03-01T12:00:00.000Z", "2026-03-01T12:30:00.000Z", "2026-03-01T13:00:00.000Z"
    )

    with pytest.raises(TooManyOrders):
        validate(shop, one_more, per_hour=2)

    assert shop.order(one_more).failure == Failure(
        "too_many_orders", "At most 2 orders can be placed within an hour. Please try again later."
    )


def test_orders_that_are_older_than_an_hour_do_not_count(shop: Shop) -> None:
    *_, last = placed_at(
        shop, "2026-03-01T11:59:59.999Z", "2026-03-01T12:30:00.000Z", "2026-03-01T13:00:00.000Z"
    )

    assert validate(shop, last, per_hour=2).amount is not None


def test_orders_of_other_customers_and_later_orders_do_not_count(shop: Shop) -> None:
    first, *_ = placed_at(shop, *(f"2026-03-01T12:00:00.00{n}Z" for n in range(3)))
    placed_at(shop, "2026-03-01T12:00:00.000Z", customer="sally")

    assert validate(shop, first, per_hour=1).amount is not None


def test_of_orders_of_the_same_moment_the_limit_rejects_only_some(shop: Shop) -> None:
    first, second = placed_at(shop, *["2026-03-01T12:00:00.000Z"] * 2)

    assert validate(shop, first, per_hour=1).amount is not None
    with pytest.raises(TooManyOrders):
        validate(shop, second, per_hour=1)


def test_a_limit_that_is_used_up_later_does_not_reject_a_priced_order(shop: Shop) -> None:
    first, second = placed_at(shop, "2026-03-01T12:00:00.000Z", "2026-03-01T12:00:01.000Z")
    once = validate(shop, second, per_hour=2)

    assert validate(shop, second, per_hour=1) == once
    assert first != second


def test_a_rejection_gives_way_to_prices_of_another_execution(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: while this execution reads the stock, another one confirms the order with the last units.
    shop.placed()
    inventory = shop.inventory

    def overtaken(skus: Iterable[str]) -> dict[str, Product]:
        validate(shop)
        shop.sell_out(ARMCHAIR)
        return InventoryTable.find(inventory, skus)

    monkeypatch.setattr(inventory, "find", overtaken)

    # When
    order = validate_order(ORDER_ID, shop.orders, inventory, shop.limit())

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
