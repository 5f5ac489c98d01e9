"""A consumer of the bus that mails customers what the saga does not, such as a payment to approve."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.vocabulary import EventType
from lambdas.events.mail_customers.logic import mail_customer
from lambdas.shared.consumers import consume_once
from lambdas.shared.log import logger
from lambdas.shared.mail.ses_mailer import SENDING_SECONDS, SesMailer
from lambdas.shared.queues import Message
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Send the mail of each event once, however often it is delivered; see `mail_customer`."""
    settings = Settings()

    def mail(message: Message) -> None:
        mail_customer(
            EventType(message["detail-type"]),
            message["detail"],
            OrderTable.from_settings(settings),
            SesMailer.from_settings(settings),
            deadline_seconds=settings.payment_deadline_seconds,
        )

    return consume_once("mail_customers", event, context, mail, lock_seconds=SENDING_SECONDS)
