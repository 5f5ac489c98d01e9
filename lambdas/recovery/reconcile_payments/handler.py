"""The second part of the reconciliation: Stripe's payments against the orders, in both directions."""

from datetime import timedelta

from lambdas.recovery.reconcile_payments.logic import PaymentReconciliation
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.saga_executions import SagaExecutions
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.orders import OrderTable


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Compare payments with orders; see `PaymentReconciliation`."""
    return PaymentReconciliation(
        run,
        timedelta(seconds=settings.stale_after_seconds),
        OrderListing.from_settings(settings),
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
        SagaExecutions.from_settings(settings),
    ).reconcile()
