"""Tells the customer, once, however often the saga comes here."""

from typing import Any

from lambdas.notify_customer.logic import notify_customer
from lambdas.shared.errors import MailUnavailable
from lambdas.shared.mailer import SesMailer
from lambdas.shared.order_table import OrderTable
from lambdas.shared.run_once import run_once
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Send the message that fits the order's end; see `notify_customer`."""
    order = OrderTable.from_settings(settings).get(step.order_id)
    run_once(
        f"{order.order_id}-{order.status}",
        lambda: notify_customer(order, SesMailer.from_settings(settings)),
        settings=settings,
        context=step.context,
        unavailable=MailUnavailable,
    )
    return {"status": order.status}
