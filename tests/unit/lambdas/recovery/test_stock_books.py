import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.domain.errors import StoreUnavailable
from lambdas.recovery.reconcile_stock import stock_books
from lambdas.recovery.reconcile_stock.stock_books import ProductBooks, StockBooks
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, two
from tests.unit.lambdas.conftest import OPENED_AT
from tests.unit.lambdas.shop import INVENTORY_TABLE, Shop

TODAY = "2026-03-01"


@pytest.fixture
def books(shop: Shop) -> StockBooks:
    return StockBooks(shop.client, INVENTORY_TABLE)


def test_the_books_hold_the_units_of_each_day(shop: Shop, books: StockBooks) -> None:
    shop.confirmed(two(ARMCHAIR))

    assert books.read([ARMCHAIR.sku, "NO-SUCH-CHAIR"]) == {
        ARMCHAIR.sku: ProductBooks(ARMCHAIR.sku, available=3, version=2, reserved={TODAY: 2}, since=OPENED_AT)
    }


def test_the_catalogue_is_read_page_by_page(books: StockBooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_books, "_PAGE", 1)

    first, after = books.page(None)
    second, last = books.page(after)
    rest, end = books.page(last) if last else ([], None)

    assert {each.sku for each in (*first, *second, *rest)} == {ARMCHAIR.sku, LAMP.sku}
    assert end is None


def test_deleting_books_leaves_the_product(shop: Shop, books: StockBooks) -> None:
    shop.confirmed(two(ARMCHAIR))
    before = shop.inventory.get(ARMCHAIR.sku)

    books.delete(ARMCHAIR.sku, [TODAY, "2026-02-28"])

    assert books.read([ARMCHAIR.sku])[ARMCHAIR.sku].reserved == {}
    assert shop.inventory.get(ARMCHAIR.sku) == before


def test_deleting_books_creates_no_product(shop: Shop, books: StockBooks) -> None:
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        books.delete("NO-SUCH-CHAIR", [TODAY])

    assert shop.inventory.get("NO-SUCH-CHAIR") is None


def test_a_partial_response_is_an_error(shop: Shop, books: StockBooks) -> None:
    left = {INVENTORY_TABLE: {"Keys": [{"sku": {"S": ARMCHAIR.sku}}]}}
    with Stubber(shop.client) as stub:
        stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left})

        with pytest.raises(StoreUnavailable, match="a part"):
            books.read([ARMCHAIR.sku])
