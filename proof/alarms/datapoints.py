"""What CloudWatch would have recorded of the embedded run.

MiniStack makes no metrics out of the functions' log lines, and none of queues, executions and APIs. Resources
have the names that they have in the code, such as `Saga`, because alarms refer to them by these.
"""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Final

from lambdas.domain.vocabulary import METRIC_NAMESPACE, SERVICE, Metric
from local.consumers import event_consumers
from local.world import World
from proof.alarms.evaluation import Datapoint, MetricKey
from stacks.names import dead_letters_of

NAMESPACE: Final = f"{METRIC_NAMESPACE}/local"
API_NAME: Final = "orders-local"

DEAD_LETTER_QUEUES: Final = (
    *("UnstartedOrders", "UnrecoveredExecutions", "ParkedEvents", "UnstoredEvents"),
    *map(dead_letters_of, event_consumers()),
)
"""The queues that should be empty."""

_MACHINES: Final = {"Saga": "StateMachineArn", "Reconciliation": "ReconciliationArn"}

_ENDS: Final = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def metric(namespace: str, name: str, **dimensions: str) -> MetricKey:
    """A metric of AWS's own."""
    return MetricKey(namespace, name, frozenset(dimensions.items()))


def our_metric(emitted: Metric, of: str | None = None) -> MetricKey:
    """A metric of the functions."""
    own = {} if emitted.dimension is None or of is None else {emitted.dimension: str(of)}
    return MetricKey(NAMESPACE, emitted.value, frozenset({"service": SERVICE, **own}.items()))


def api_responses(statuses: Iterable[int]) -> list[Datapoint]:
    """What API Gateway counts of responses that were just received."""
    errors = metric("AWS/ApiGateway", "5XXError", ApiName=API_NAME)
    return [Datapoint(errors, time.time(), int(status >= 500)) for status in statuses]  # noqa: PLR2004 - HTTP


class Recorder:
    """Records metrics of the world from now on.

    Attributes:
        since: When it began, in seconds since the epoch.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sqs = world.aws.client("sqs")
        self._before = {queue: self._depth(queue) for queue in DEAD_LETTER_QUEUES}
        self.since = time.time()

    def datapoints(self) -> list[Datapoint]:
        """All values since the recorder began."""
        found = [*self._emitted(), *self._executions(), *self._queues()]
        return [each for each in found if each.at >= self.since]

    def _emitted(self) -> Iterator[Datapoint]:
        """The values in the functions' log lines: CloudWatch's embedded metric format."""
        for _group, text in self._world.function_logs.lines('"_aws"', since=self.since):
            line = json.loads(text)
            for directive in line["_aws"]["CloudWatchMetrics"]:
                for names in directive["Dimensions"]:
                    dimensions = frozenset((name, line[name]) for name in names)
                    for each in directive["Metrics"]:
                        values = line[each["Name"]]
                        for value in values if isinstance(values, list) else [values]:
                            key = MetricKey(directive["Namespace"], each["Name"], dimensions)
                            yield Datapoint(key, line["_aws"]["Timestamp"] / 1000, value)

    def _executions(self) -> Iterator[Datapoint]:
        """How executions ended."""
        client = self._world.aws.client("stepfunctions")
        for machine, output in _MACHINES.items():
            pages = client.get_paginator("list_executions").paginate(
                stateMachineArn=self._world.outputs[output]
            )
            for each in (execution for page in pages for execution in page["executions"]):
                if each["status"] in _ENDS:
                    ended = metric("AWS/States", _ENDS[each["status"]], StateMachineArn=machine)
                    yield Datapoint(ended, each["stopDate"].timestamp())

    def _queues(self) -> Iterator[Datapoint]:
        """How many messages have arrived in the queues that should be empty."""
        for queue, before in self._before.items():
            visible = metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=queue)
            yield Datapoint(visible, time.time(), self._depth(queue) - before)

    def _depth(self, queue: str) -> int:
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self._world.outputs[f"{queue}QueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])
