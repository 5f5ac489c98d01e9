from collections.abc import Callable, Iterable

import pytest

from lambdas.domain.product import Product
from lambdas.domain.vocabulary import FindingKind
from lambdas.recovery.reconcile_stock import logic
from lambdas.recovery.reconcile_stock.logic import StockReconciliation, days_of
from lambdas.recovery.reconcile_stock.stock_books import ProductBooks, StockBooks
from lambdas.shared.reconciliation import Finding, Report
from lambdas.shared.store.inventory import reserved_on
from lambdas.shared.store.listings import OrderListing
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, two
from tests.unit.lambdas.runs import STARTED_AT, run_through
from tests.unit.lambdas.shop import INVENTORY_TABLE, ORDERS_TABLE, Shop

TODAY = "2026-03-01"
YESTERDAY = "2026-02-28"
FIRST_DAY = "2026-02-26"
LAST_WEEK = "2026-02-22"


def an_id(number: int) -> str:
    return f"a1b2c3d4-0000-5000-8000-{number:012}"


def reconcile(shop: Shop, *, books: StockBooks | None = None, hurried: bool = False) -> Report:
    listing = OrderListing(shop.client, ORDERS_TABLE)
    kept = books or StockBooks(shop.client, INVENTORY_TABLE)
    return run_through(lambda run: StockReconciliation(run, listing, kept).reconcile(), hurried=hurried)


def tamper(shop: Shop, product: Product, units: int, day: str = TODAY) -> None:
    """Change the books by hand."""
    shop.client.update_item(
        TableName=INVENTORY_TABLE,
        Key={"sku": {"S": product.sku}},
        UpdateExpression="SET #day = :units",
        ExpressionAttributeNames={"#day": reserved_on(day)},
        ExpressionAttributeValues={":units": {"N": str(units)}},
    )


def the_finding(report: Report) -> Finding:
    [finding] = report.new
    return finding


def test_a_run_compares_the_days_of_the_window() -> None:
    assert days_of(STARTED_AT) == [FIRST_DAY, "2026-02-27", YESTERDAY, TODAY]


def test_books_that_agree_with_the_orders_are_no_finding(shop: Shop) -> None:
    shop.put(ARMCHAIR, available=100)
    shop.confirmed(two(ARMCHAIR), two(LAMP))
    shop.confirmed(order_id=an_id(2), created_at=f"{YESTERDAY}T23:59:59.999Z")
    shop.paid(order_id=an_id(3))
    shop.put(LAMP, available=100)

    report = reconcile(shop)

    assert not report.new
    assert report.counts == {"stock_compared": 4 * 2}


def test_released_units_are_no_longer_in_the_books(shop: Shop) -> None:
    shop.confirmed()
    shop.close_cancelled()

    assert not reconcile(shop).new


@pytest.mark.parametrize(("units", "day"), [(7, TODAY), (1, TODAY), (2, YESTERDAY), (-2, FIRST_DAY)])
def test_books_that_differ_are_reported_with_facts(shop: Shop, units: int, day: str) -> None:
    shop.confirmed()
    tamper(shop, ARMCHAIR, units, day)

    finding = the_finding(reconcile(shop))

    assert finding.kind is FindingKind.STOCK_DIFFERS
    assert (finding.ids, finding.since) == ({"sku": ARMCHAIR.sku, "day": day}, day)
    assert finding.facts == {"reserved": units, "ordered": 2 if day == TODAY else 0}


def test_units_of_a_deleted_product_are_reported(shop: Shop) -> None:
    shop.confirmed()
    shop.take_from_catalogue(ARMCHAIR)

    assert the_finding(reconcile(shop)).facts == {"reserved": 0, "ordered": 2}


def test_restocked_units_are_no_longer_in_the_books(shop: Shop) -> None:
    shop.lines_refunded(shop.confirmed())

    assert shop.reserved(ARMCHAIR, TODAY) == 1
    assert not reconcile(shop).new


def test_units_that_are_gone_leave_the_books_with_their_order(shop: Shop) -> None:
    shop.lines_refunded(shop.confirmed(), restock=False)
    assert not reconcile(shop).new

    shop.close_cancelled()

    assert (shop.reserved(ARMCHAIR, TODAY), shop.available(ARMCHAIR.sku)) == (0, 4)
    assert not reconcile(shop).new


def test_units_restocked_to_a_product_created_again_are_no_finding(shop: Shop) -> None:
    order = shop.confirmed()
    shop.take_from_catalogue(ARMCHAIR)
    shop.put(ARMCHAIR)
    shop.lines_refunded(order)
    tamper(shop, LAMP, 0)

    assert shop.reserved(ARMCHAIR, TODAY) == -1
    assert not reconcile(shop).new


def test_a_product_that_is_created_again_counts_from_0(shop: Shop) -> None:
    shop.confirmed()
    shop.take_from_catalogue(ARMCHAIR)
    shop.put(ARMCHAIR)

    assert not reconcile(shop).new

    shop.confirmed(order_id=an_id(2))
    tamper(shop, ARMCHAIR, 7)
    assert the_finding(reconcile(shop)).facts == {"reserved": 7, "ordered": 2}


def test_units_returned_to_a_product_created_again_are_no_finding(shop: Shop) -> None:
    """The runbook's way for `UndoIncomplete`: create the product again, then retry."""
    shop.cancelled_after_the_pivot()
    shop.take_from_catalogue(ARMCHAIR)
    shop.put(ARMCHAIR)
    shop.confirmed(order_id=an_id(2))

    shop.stock.give_back(shop.order())

    assert shop.reserved(ARMCHAIR, TODAY) == 2 - 2
    assert not reconcile(shop).new


def test_negative_stock_is_reported_once(shop: Shop) -> None:
    shop.put(ARMCHAIR, available=-3)

    finding = the_finding(reconcile(shop))

    assert (finding.kind, finding.ids) == (FindingKind.NEGATIVE_STOCK, {"sku": ARMCHAIR.sku})
    assert finding.facts == {"available": -3}


# Changes while books and orders are read


class BusyBooks(StockBooks):
    """Books that call a function before each read of single products."""

    def __init__(self, shop: Shop, *before_reads: Callable[[], object]) -> None:
        super().__init__(shop.client, INVENTORY_TABLE)
        self._before_reads = list(before_reads)

    def read(self, skus: Iterable[str]) -> dict[str, ProductBooks]:
        if self._before_reads:
            self._before_reads.pop(0)()
        return super().read(skus)


def nothing() -> None:
    """Change nothing."""


def test_a_difference_that_is_gone_at_the_second_count_is_no_finding(shop: Shop) -> None:
    shop.confirmed()
    tamper(shop, ARMCHAIR, 0)

    assert not reconcile(shop, books=BusyBooks(shop, lambda: tamper(shop, ARMCHAIR, 2))).new


def test_books_that_change_during_the_second_count_are_postponed(shop: Shop) -> None:
    shop.confirmed()
    tamper(shop, ARMCHAIR, 7)

    report = reconcile(shop, books=BusyBooks(shop, nothing, lambda: shop.confirmed(order_id=an_id(2))))

    assert not report.new
    assert report.counts["stock_in_motion"] == 1
    assert the_finding(reconcile(shop)).facts == {"reserved": 9, "ordered": 4}


# The books of old days


def test_books_older_than_the_window_are_deleted(shop: Shop) -> None:
    tamper(shop, ARMCHAIR, 2, LAST_WEEK)
    tamper(shop, LAMP, 0, FIRST_DAY)
    version = shop.inventory.get(ARMCHAIR.sku)

    assert not reconcile(shop).new
    assert shop.reserved(ARMCHAIR, LAST_WEEK) is None
    assert shop.reserved(LAMP, FIRST_DAY) == 0
    assert shop.inventory.get(ARMCHAIR.sku) == version


# Any number of products and orders


def a_busy_shop(shop: Shop) -> None:
    """Five products, six orders on each of two days, and two differences."""
    products = [shop.put(ARMCHAIR, sku=f"ARMCHAIR-{number}", available=100) for number in range(5)]
    for number in range(12):
        day = TODAY if number % 2 else YESTERDAY
        lines = [two(product) for product in products[number % 4 :]]
        shop.confirmed(*lines, order_id=an_id(number), created_at=f"{day}T00:00:00.000Z")
    tamper(shop, products[1], 99, YESTERDAY)
    tamper(shop, products[4], 0, TODAY)


@pytest.mark.parametrize("hurried", [False, True], ids=["at once", "in many calls"])
@pytest.mark.parametrize("most_skus", [1, 2, 100])
def test_differences_are_found_in_many_passes_and_calls(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, most_skus: int, *, hurried: bool
) -> None:
    monkeypatch.setattr(logic, "_MOST_SKUS", most_skus)
    monkeypatch.setattr(logic, "_PAGE", 2)
    a_busy_shop(shop)

    report = reconcile(shop, hurried=hurried)

    assert {(finding.ids["sku"], finding.ids["day"]): finding.facts for finding in report.new} == {
        ("ARMCHAIR-1", YESTERDAY): {"reserved": 99, "ordered": 6},
        ("ARMCHAIR-4", TODAY): {"reserved": 0, "ordered": 12},
    }
    assert report.counts["stock_differs"] == 2


def test_the_number_of_products_counted_again_is_limited(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "_MOST_SUSPECTS", 1)
    tamper(shop, ARMCHAIR, 7)
    tamper(shop, LAMP, 7)

    report = reconcile(shop)

    assert len(report.new) == 1
    assert report.counts["stock_counted_again"] == 2
