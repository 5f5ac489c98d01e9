import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.domain.errors import OutOfStock, StockContended, StoreUnavailable
from lambdas.domain.order import Order, OrderStatus
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, two
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.shop import Shop

OTHER_ORDER_ID = "b1b2b3b4-0000-5000-8000-000000000002"


# take


def test_the_stock_of_all_lines_and_the_order_change_together(shop: Shop) -> None:
    order = shop.paid(two(ARMCHAIR), two(LAMP))

    taken = shop.confirm(order)

    assert (shop.available(ARMCHAIR.sku), shop.available(LAMP.sku)) == (3, 3)
    assert taken.status is OrderStatus.CONFIRMED
    assert taken.stock_taken


def test_nothing_is_taken_when_one_line_is_out_of_stock(shop: Shop) -> None:
    order = shop.paid(two(ARMCHAIR), two(LAMP))
    shop.sell_out(LAMP)

    with pytest.raises(OutOfStock, match="TASTELESS-LAMP is out of stock"):
        shop.stock.take(order)

    assert shop.available(ARMCHAIR.sku) == 5
    assert shop.order() == order


def test_only_one_of_two_orders_gets_the_last_units(shop: Shop) -> None:
    first = shop.paid()
    second = shop.paid(order_id=OTHER_ORDER_ID)
    shop.put(ARMCHAIR, available=3)

    shop.stock.take(first)
    with pytest.raises(OutOfStock):
        shop.stock.take(second)

    assert shop.available(ARMCHAIR.sku) == 1
    assert shop.order(OTHER_ORDER_ID) == second


def test_an_order_that_holds_the_last_units_is_not_out_of_stock(shop: Shop, log: Log) -> None:
    order = shop.paid()
    shop.put(ARMCHAIR, available=2)
    once = shop.confirm(order)

    assert shop.stock.take(order) == once
    assert shop.available(ARMCHAIR.sku) == 0
    assert [(line["message"], line["units"]) for line in log.lines] == [("stock reserved", {ARMCHAIR.sku: 2})]


def test_nothing_is_taken_for_an_unpaid_order(shop: Shop) -> None:
    order = shop.priced()

    assert shop.stock.take(order) == order
    assert shop.available(ARMCHAIR.sku) == 5
    assert shop.reserved(ARMCHAIR, "2026-03-01") is None


def test_a_product_outside_the_catalogue_is_out_of_stock(shop: Shop) -> None:
    order = shop.paid()
    shop.take_from_catalogue(ARMCHAIR)

    with pytest.raises(OutOfStock, match="CRUNCHY-ARMCHAIR"):
        shop.stock.take(order)


def test_99_lines_fit_into_one_transaction(shop: Shop) -> None:
    products = [shop.put(ARMCHAIR, sku=f"ARMCHAIR-{number}") for number in range(99)]
    order = shop.paid(*(two(product) for product in products))

    assert shop.stock.take(order).stock_taken
    assert {shop.available(product.sku) for product in products} == {3}


def test_units_that_are_taken_are_counted_on_the_orders_day(shop: Shop) -> None:
    shop.confirmed()
    shop.confirmed(order_id=OTHER_ORDER_ID, created_at="2026-02-28T23:59:59.999Z")

    assert shop.reserved(ARMCHAIR, "2026-03-01") == 2
    assert shop.reserved(ARMCHAIR, "2026-02-28") == 2


# give_back


def test_exactly_what_was_taken_is_given_back(shop: Shop) -> None:
    order = shop.cancelled_after_the_pivot(two(ARMCHAIR), two(LAMP))
    shop.put(LAMP, available=7)  # a delivery came

    released = shop.stock.give_back(order)

    assert (shop.available(ARMCHAIR.sku), shop.available(LAMP.sku)) == (5, 9)
    assert not released.stock_taken


def test_units_that_are_given_back_are_no_longer_counted(shop: Shop) -> None:
    shop.confirmed(order_id=OTHER_ORDER_ID)
    order = shop.cancelled_after_the_pivot()

    shop.stock.give_back(order)

    assert shop.reserved(ARMCHAIR, "2026-03-01") == 2


def test_a_repeated_give_back_gives_the_units_back_once(shop: Shop) -> None:
    order = shop.cancelled_after_the_pivot()
    once = shop.give_back(order)

    assert shop.give_back(order) == once
    assert shop.available(ARMCHAIR.sku) == 5


def test_a_confirmed_order_does_not_give_its_stock_back(shop: Shop) -> None:
    confirmed = shop.confirmed()

    assert shop.stock.give_back(confirmed) == confirmed
    assert shop.available(ARMCHAIR.sku) == 3


# Failures of the store


def _with_reasons(shop: Shop, *reasons: str) -> Stubber:
    stub = Stubber(shop.client)
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": reason} for reason in reasons]},
    )
    return stub


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.paid()


@pytest.mark.parametrize(
    "reasons",
    [
        ("TransactionConflict", "None"),
        ("None", "TransactionConflict"),
        ("ConditionalCheckFailed", "TransactionConflict"),
        ("ThrottlingError", "None"),
        ("ProvisionedThroughputExceeded", "None"),
    ],
    ids=" and ".join,
)
def test_a_transaction_that_met_another_one_can_be_retried(
    shop: Shop, order: Order, reasons: tuple[str, ...]
) -> None:
    with _with_reasons(shop, *reasons), pytest.raises(StockContended, match=", ".join(reasons)):
        shop.stock.take(order)


def test_an_invalid_transaction_passes_through(shop: Shop, order: Order) -> None:
    with _with_reasons(shop, "ValidationError", "None"), pytest.raises(ClientError):
        shop.stock.take(order)


def test_a_throttled_transaction_can_be_retried(shop: Shop, order: Order) -> None:
    with Stubber(shop.client) as stub:
        stub.add_client_error("transact_write_items", "ThrottlingException")

        with pytest.raises(StoreUnavailable):
            shop.stock.take(order)
