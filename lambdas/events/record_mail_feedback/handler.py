"""A consumer of Amazon SES's events: what became of a mail appears on the timeline of its order."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.vocabulary import MailFeedback, MailOutcome, Metric
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Record each bounce and complaint once, however often it is delivered.

    The rule passes on no address: a message has SES's event id, its detail type, and the order that the mail
    was tagged with.
    """
    orders = OrderTable.from_settings(Settings())

    def record_feedback(record: SQSRecord) -> None:  # Powertools calls it with `record=`
        message = json.loads(record.body)
        feedback = MailFeedback.of(message["detail_type"])
        for order_id in message["order_ids"]:
            order = orders.record_mail_feedback(order_id, feedback, message["event_id"])
            if order is not None:
                emit(Measure(Metric.MAILS, MailOutcome[feedback.name]))
            logger.info(
                "mail feedback",
                extra={"order_id": order_id, "feedback": feedback, "recorded": order is not None},
            )

    return process_partial_response(event, record_feedback, BatchProcessor(EventType.SQS), context)
