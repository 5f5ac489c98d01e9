"""What the consumers of order events share: batches, duplicates, and the log line for the order's story."""

from collections.abc import Callable
from typing import Any, Final

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain import clock
from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.log import logger
from lambdas.shared.queues import Message, process_messages
from lambdas.shared.run_once import LOCK_SECONDS, REMEMBERED_FOR_SECONDS, run_once
from lambdas.shared.settings import Settings

_ACTED_ON_FOR_SECONDS: Final = REMEMBERED_FOR_SECONDS - 24 * 60 * 60
"""A day less, so that clocks need not agree."""


def consume_once(
    consumer: str,
    event: dict[str, Any],
    context: LambdaContext,
    act: Callable[[Message], None],
    *,
    lock_seconds: int = LOCK_SECONDS,
) -> PartialItemFailureResponse:
    """Act on each event of a batch once, however often it is delivered; see `run_once`.

    An event that fails stays in the queue, and stops no other. After its last delivery it is a dead letter.
    An event that is delivered so late that `run_once` may have forgotten it has no effect, even if it is new.

    Args:
        consumer: Name of the function.
        event: The batch.
        context: The context of the invocation.
        act: Does what the consumer is for. The message is the event as EventBridge delivers it; its `detail`
            has the fields of its type in `lambdas.domain.order_events`.
        lock_seconds: How long `act` may take; see `run_once`.
    """
    settings = Settings()

    def consume(message: Message) -> bool:
        acted = []

        def act_now() -> None:
            act(message)
            acted.append(message)

        event_id, occurred_at = message["detail"]["event_id"], message["detail"]["occurred_at"]
        if clock.now() > clock.later(occurred_at, _ACTED_ON_FOR_SECONDS):
            logger.info("event is too old to know whether it is new", extra={"event_id": event_id})
            return False
        run_once(
            f"{consumer}/{event_id}",
            act_now,
            settings=settings,
            unavailable=StoreUnavailable,
            lock_seconds=lock_seconds,
        )
        return bool(acted)

    return consume_events(consumer, event, context, consume)


def consume_events(
    consumer: str, event: dict[str, Any], context: LambdaContext, consume: Callable[[Message], bool]
) -> PartialItemFailureResponse:
    """Consume each event of a batch, with a consumer that recognizes duplicates itself.

    Args:
        consumer: Name of the function.
        event: The batch.
        context: The context of the invocation.
        consume: Consumes an event; returns whether it is new.
    """

    def log_and_consume(message: Message, _record: object) -> None:
        is_new = consume(message)
        logger.info(
            "event consumed",
            extra={
                "event": message["detail-type"],
                "event_id": message["detail"]["event_id"],
                "consumer": consumer,
                "again": not is_new,
            },
        )

    return process_messages(event, context, log_and_consume, _ids)


def _ids(message: Message) -> dict[str, str | None]:
    detail = message["detail"]
    return {"order_id": detail["order_id"], "request_id": detail.get("request_id")}
