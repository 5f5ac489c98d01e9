"""Recovers orders whose execution was stopped, timed out or broke."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain import clock
from lambdas.domain.vocabulary import Metric, RecoveryOutcome
from lambdas.recovery.recover_order.ended_executions import EndedExecutionsQueue
from lambdas.recovery.recover_order.logic import TooEarly, recover_order
from lambdas.recovery.recover_order.status_change import read_status_change
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.queues import Message, process_messages
from lambdas.shared.saga_executions import SagaExecutions
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Recover the order of each execution that did not succeed; see `recover_order`."""
    settings = Settings()
    pauses = [timedelta(seconds=pause) for pause in settings.recovery_pauses_seconds]
    orders = OrderTable.from_settings(settings)
    executions = SagaExecutions.from_settings(settings)
    queue = EndedExecutionsQueue.from_settings(settings)

    def recover(message: Message, record: SQSRecord) -> None:
        ended = read_status_change(message)
        try:
            outcome = recover_order(ended, datetime.now(UTC), pauses, orders, executions)
        except TooEarly as too_early:
            queue.hide(record.receipt_handle, too_early.wait)
            raise
        emit(Measure(Metric.ENDED_EXECUTIONS, outcome))
        level = logger.error if outcome is RecoveryOutcome.GIVEN_UP else logger.warning
        level(
            "execution did not succeed",
            extra={"status": ended.status, "ended_at": clock.text(ended.ended_at), "outcome": outcome},
        )

    # Messages that come too early are returned to the queue. A batch of only such messages is not a failure.
    return process_messages(event, context, recover, _ids, raise_if_all_fail=False)


def _ids(message: Message) -> dict[str, str | None]:
    ended = read_status_change(message)
    return {"order_id": ended.order_id, "execution": ended.name, "request_id": ended.request_id}
