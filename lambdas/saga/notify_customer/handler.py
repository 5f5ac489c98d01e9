"""The step NotifyCustomer."""

from functools import partial
from typing import Any

from lambdas.domain.errors import MailUnavailable
from lambdas.saga.notify_customer.logic import notify_customer
from lambdas.shared.mail.ses_mailer import SENDING_SECONDS, SesMailer
from lambdas.shared.run_once import run_once
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Notify the customer of the order's end; see `notify_customer`."""
    order = notify_customer(
        step.order_id,
        OrderTable.from_settings(settings),
        SesMailer.from_settings(settings),
        partial(run_once, settings=settings, unavailable=MailUnavailable, lock_seconds=SENDING_SECONDS),
    )
    return {"status": order.status}
