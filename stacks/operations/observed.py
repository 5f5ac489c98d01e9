"""What the alarms and dashboards watch: resources of the other stacks, and the functions' own metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from lambdas.domain.vocabulary import SERVICE, Metric
from stacks.constructs.state_machine import StateMachine
from stacks.constructs.table import Table


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The resources of the other stacks that alarms, dashboards and queries read.

    Attributes:
        stream_functions: Functions that follow the stream of the orders table.
        event_queues: Queues between an event bus and its consumer.
        dead_letter_queues: Queues that should be empty.
        analytics_stream: The stream of Firehose that stores the events for analysis.
        enroll_customer: The function that enrolls customers; None if they can't sign up themselves.
        reconcile_stock: The last function of a full reconciliation; no other run calls it.
        functions: All functions.
        function_logs: Names of their log groups.
    """

    orders: Table
    saga: StateMachine
    reconciliation: StateMachine
    api: apigateway.RestApi
    stream_functions: Sequence[lambda_.Function]
    event_queues: Sequence[sqs.Queue]
    dead_letter_queues: Sequence[sqs.Queue]
    analytics_stream: firehose.DeliveryStream
    enroll_customer: lambda_.Function | None
    reconcile_stock: lambda_.Function
    functions: Sequence[lambda_.Function]
    function_logs: Sequence[str]


@dataclass(frozen=True)
class FunctionMetrics:
    """The metrics that the functions emit with `lambdas/shared/metrics.py`, in the namespace of the stage."""

    namespace: str

    def one(
        self, metric: Metric, period: Duration, value: str | None = None, *, statistic: str = "Sum"
    ) -> cloudwatch.Metric:
        """A metric; `value` is that of its dimension, if it has one."""
        dimensions = {"service": SERVICE}
        if metric.dimension is not None and value is not None:
            dimensions[metric.dimension] = value
        return cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=metric.value,
            dimensions_map=dimensions,
            statistic=statistic,
            period=period,
        )

    def each(self, metric: Metric, period: Duration) -> cloudwatch.MathExpression:
        """The sums of a metric, one line for each value of its dimension that has data."""
        schema = f"{{{self.namespace},service,{metric.dimension}}}"
        return search(schema, f'MetricName="{metric.value}" service="{SERVICE}"', period)


def search(schema: str, words: str, period: Duration, statistic: str = "Sum") -> cloudwatch.MathExpression:
    """All metrics of a schema that match: one line for each, named after the value of its dimension.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html.
    """
    seconds = f"{period.to_seconds():.0f}"
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{schema} {words}', '{statistic}', {seconds})",
        using_metrics={},
        label="",
        period=period,
    )
