"""The reconciliation's second part: Stripe's payments against the orders, in both directions."""

from lambdas.reconcile_payments.logic import PaymentReconciliation
from lambdas.shared.order_listing import OrderListing
from lambdas.shared.order_table import OrderTable
from lambdas.shared.reconciliation import Cursor, Run, reconciliation_handler
from lambdas.shared.saga import Saga
from lambdas.shared.settings import Settings
from lambdas.shared.stripe_gateway import StripeGateway


@reconciliation_handler
def handler(run: Run, settings: Settings) -> Cursor | None:
    """Compare payments with orders; see `PaymentReconciliation`."""
    return PaymentReconciliation(
        run,
        settings.stale_after,
        OrderListing.from_settings(settings),
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
        Saga.from_settings(settings),
    ).reconcile()
