"""The reconciliation's first part: orders that are not at rest for longer than they should be."""

from lambdas.recovery.reconcile_orders.logic import reconcile_orders
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.saga_executions import SagaExecutions
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.orders import OrderTable


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Run idle orders again; see `reconcile_orders`."""
    return reconcile_orders(
        run,
        settings.stale_after,
        OrderListing.from_settings(settings),
        OrderTable.from_settings(settings),
        SagaExecutions.from_settings(settings),
    )
