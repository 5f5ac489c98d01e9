"""Calls functions with the changes of the orders table."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs

from stacks.constructs.python_function import PythonFunction
from stacks.settings import StageSettings
from stacks.stream_patterns import Pattern

_RETRY_UNTIL_TOO_OLD = -1


def follow_orders(
    function: PythonFunction,
    orders: dynamodb.ITableV2,
    *,
    settings: StageSettings,
    patterns: Sequence[Pattern],
    parked_in: sqs.Queue,
    record_age: Duration,
) -> None:
    """Call a function with the changes that match a pattern: at least once, and in order for each order.

    A change that keeps failing is isolated by halving its batch. After `record_age` it is parked, so that it
    blocks no other. The parked message has only the position of the change in the stream, which keeps it for
    a day.
    """
    function.add_event_source(
        sources.DynamoEventSource(
            orders,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=settings.stream_batch_size,
            # Changes of one order stay in order; changes of other orders are handled at the same time.
            parallelization_factor=settings.stream_parallelization,
            filters=[dict(lambda_.FilterCriteria.filter(pattern)) for pattern in patterns],
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=_RETRY_UNTIL_TOO_OLD,
            max_record_age=record_age,
            on_failure=sources.SqsDlq(parked_in),
        )
    )
