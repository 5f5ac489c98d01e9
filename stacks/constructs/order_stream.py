"""How functions follow the changes of the orders table."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs

from stacks.constructs.python_function import PythonFunction
from stacks.settings import Settings

_RETRIES = 10


def follow_orders(
    function: PythonFunction,
    orders: dynamodb.ITableV2,
    *,
    settings: Settings,
    pattern: dict[str, object],
    parked_in: sqs.Queue,
) -> None:
    """Call a function with the changes that match a pattern, in order for each order, at least once.

    A change that keeps failing is found by halving its batch, and is parked so that it blocks no other.
    The parked message only says where in the stream the change is; after a day the order record alone
    knows it.
    """
    function.add_event_source(
        sources.DynamoEventSource(
            orders,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=settings.stream_batch_size,
            # Changes of one order stay in order; ten others need not wait for it.
            parallelization_factor=10,
            filters=[pattern_filter(pattern)],
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=_RETRIES,
            max_record_age=Duration.seconds(settings.stream_record_age_seconds),
            on_failure=sources.SqsDlq(parked_in),
        )
    )


def pattern_filter(pattern: dict[str, object]) -> dict[str, object]:
    """The event filter of an EventBridge-style pattern."""
    return dict(lambda_.FilterCriteria.filter(pattern))
