"""Processes the messages of a queue."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.log import logger
from lambdas.shared.work import at_work

Message = dict[str, Any]
"""The body of a message: a JSON object."""


class NotYet(Exception):
    """The message must be delivered again later. This is no failure."""


def process_messages(
    event: dict[str, Any],
    context: LambdaContext,
    process: Callable[[Message, SQSRecord], None],
    ids: Callable[[Message], Mapping[str, str | None]],
    *,
    raise_if_all_fail: bool = True,
) -> PartialItemFailureResponse:
    """Process a batch of messages. One that fails stays in the queue, and does not stop the others.

    Args:
        event: The batch.
        context: The context of the invocation.
        process: Processes a message.
        ids: Reads what a message is about: the arguments of `at_work`.
        raise_if_all_fail: Whether the function fails if all messages do.
    """

    def process_one(record: SQSRecord) -> None:  # Powertools calls it with `record=`
        message: Message = json.loads(record.body)
        with at_work(**ids(message)):
            try:
                process(message, record)
            except NotYet:
                raise
            except Exception:
                logger.exception("a message failed; it will be delivered again")
                raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=raise_if_all_fail)
    return process_partial_response(event, process_one, processor, context)
