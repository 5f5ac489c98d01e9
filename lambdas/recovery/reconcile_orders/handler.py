"""The first part of the reconciliation: orders that have been idle for too long."""

from datetime import timedelta

from lambdas.domain.vocabulary import Metric
from lambdas.recovery.reconcile_orders.logic import reconcile_orders
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.saga_executions import SagaExecutions
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.orders import OrderTable


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Run idle orders again; see `reconcile_orders`."""
    cursor = reconcile_orders(
        run,
        timedelta(seconds=settings.stale_after_seconds),
        OrderListing.from_settings(settings),
        OrderTable.from_settings(settings),
        SagaExecutions.from_settings(settings),
    )
    # Each call of a run sees some orders: the metric's maximum is the oldest of all.
    emit(Measure(Metric.OLDEST_OPEN_ORDER, value=run.report.oldest_open.total_seconds()))
    return cursor
