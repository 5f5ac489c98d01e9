"""The reconciliation's third part: the stock's books against the orders."""

from lambdas.reconcile_stock.logic import StockReconciliation
from lambdas.shared.order_listing import OrderListing
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.settings import Settings
from lambdas.shared.stock_books import StockBooks


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Compare stock with orders; see `StockReconciliation`."""
    return StockReconciliation(
        run, OrderListing.from_settings(settings), StockBooks.from_settings(settings)
    ).reconcile()
