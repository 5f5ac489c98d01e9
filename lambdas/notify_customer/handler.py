"""Tells the customer, once, however often the saga comes here."""

from typing import Any, Final

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.notify_customer.logic import notify_customer
from lambdas.shared.aws import dynamodb
from lambdas.shared.errors import MailUnavailable
from lambdas.shared.log import logger
from lambdas.shared.mailer import SesMailer
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput

_REMEMBERED_FOR_SECONDS: Final = 90 * 24 * 60 * 60
"""An operator's retry or the reconciler can come here again long after the first time."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the message that fits the order's end; see `notify_customer`."""
    step, settings = StepInput.parse(event), Settings()
    order = OrderTable.from_settings(settings).get(step.order_id)

    config = IdempotencyConfig(lambda_context=context, expires_after_seconds=_REMEMBERED_FOR_SECONDS)
    store = DynamoDBPersistenceLayer(settings.idempotency_table, boto3_client=dynamodb())

    @idempotent_function(  # type: ignore[untyped-decorator] # Powertools does not type it
        data_keyword_argument="notice", persistence_store=store, config=config
    )
    def notify_once(notice: str) -> str:  # `notice` is the idempotency key: one message per order and end
        notify_customer(order, SesMailer.from_settings(settings))
        return notice

    try:
        notify_once(notice=f"{order.order_id}-{order.status}")
    except (IdempotencyAlreadyInProgressError, IdempotencyPersistenceLayerError) as error:
        raise MailUnavailable(type(error).__name__) from error
    return {"status": order.status}
