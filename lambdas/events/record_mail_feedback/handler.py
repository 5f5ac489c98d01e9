"""A consumer of Amazon SES's events: what became of a mail appears on the timeline of its order."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.vocabulary import MailFeedback, MailOutcome, Metric
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.queues import Message, process_messages
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Record each bounce and complaint once, however often it is delivered.

    The rule passes on no address: a message has SES's event id, its detail type, and the order that the mail
    was tagged with.
    """
    orders = OrderTable.from_settings(Settings())

    def record_feedback(message: Message, _record: object) -> None:
        feedback = MailFeedback.of(message["detail_type"])
        order = orders.record_mail_feedback(_order_of(message), feedback, message["event_id"])
        if order is not None:
            emit(Measure(Metric.MAILS, MailOutcome[feedback.name]))
        request_id = order.request_id if order is not None else None
        logger.info(
            "mail feedback",
            extra={"feedback": feedback, "recorded": order is not None, "request_id": request_id},
        )

    return process_messages(event, context, record_feedback, lambda message: {"order_id": _order_of(message)})


def _order_of(message: Message) -> str:
    """The order of a mail: each mail has one tag with the name of an order."""
    (order_id,) = message["order_ids"]
    return str(order_id)
