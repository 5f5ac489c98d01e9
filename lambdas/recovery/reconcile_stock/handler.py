"""The third part of the reconciliation: the books of the stock against the orders."""

from lambdas.recovery.reconcile_stock.logic import StockReconciliation
from lambdas.recovery.reconcile_stock.stock_books import StockBooks
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Compare stock with orders; see `StockReconciliation`."""
    return StockReconciliation(
        run, OrderListing.from_settings(settings), StockBooks.from_settings(settings)
    ).reconcile()
