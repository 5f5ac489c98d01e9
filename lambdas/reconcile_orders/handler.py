"""The reconciliation's first part: orders that are not at rest for longer than they should be."""

from lambdas.reconcile_orders.logic import reconcile_orders
from lambdas.shared.order_listing import OrderListing
from lambdas.shared.order_table import OrderTable
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.saga import Saga
from lambdas.shared.settings import Settings


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Run idle orders again; see `reconcile_orders`."""
    return reconcile_orders(
        run,
        settings.stale_after,
        OrderListing.from_settings(settings),
        OrderTable.from_settings(settings),
        Saga.from_settings(settings),
    )
