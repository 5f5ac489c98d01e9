"""Queues between event buses and functions, and the queues for what failed."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs

from stacks.constructs.findings import accept
from stacks.constructs.grant import Grant, allow
from stacks.constructs.stage_stack import StageStack
from stacks.settings import StageSettings
from stacks.timeouts import function_timeout_seconds


class Queue(sqs.Queue):
    """A queue that is encrypted at rest and in transit. The output `NAMEQueueUrl` has its URL."""

    def __init__(
        self,
        scope: StageStack,
        construct_id: str,
        settings: StageSettings,
        *,
        description: str,
        retention_period: Duration | None = None,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            # The embedded AWS has no TLS: a policy that demands it would refuse every message.
            enforce_ssl=not settings.embedded,
            retention_period=retention_period,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )
        scope.add_output(f"{construct_id.removesuffix('Queue')}QueueUrl", self.queue_url, description)
        if settings.embedded:
            accept(
                self,
                "AwsSolutions-SQS4",
                "The embedded AWS has no TLS, and its traffic does not leave the machine.",
            )


class DeadLetterQueue(Queue):
    """A queue that should be empty: an alarm watches it, and an operator empties it."""

    def __init__(self, scope: StageStack, construct_id: str, settings: StageSettings) -> None:
        # 14 days is the maximum.
        super().__init__(
            scope,
            construct_id,
            settings,
            description="Should be empty: what could not be handled",
            retention_period=Duration.days(14),
        )
        scope.dead_letter_queues.append(self)
        accept(self, "AwsSolutions-SQS3", "This queue is the dead-letter queue of another queue or function.")


class EventQueue(Queue):
    """A queue between a bus and one function, so that a slow or failing consumer delays no other.

    A message that the consumer has received `max_receive_count` times becomes a dead letter, and so does an
    event that could not be queued.
    """

    def __init__(
        self,
        scope: StageStack,
        construct_id: str,
        settings: StageSettings,
        *,
        consumer: str,
        max_receive_count: int,
        dead_letters: DeadLetterQueue,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            settings,
            description=f"Events for {consumer}",
            # AWS recommends six times the consumer's timeout, so that a throttled batch does not reappear
            # while it is handled (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
            visibility_timeout=Duration.seconds(6 * function_timeout_seconds(consumer)),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=max_receive_count),
        )
        scope.event_queues.append(self)
        self._dead_letters = dead_letters
        self._concurrency = settings.queue_concurrency

    def collect(
        self,
        construct_id: str,
        pattern: events.EventPattern,
        *,
        description: str,
        bus: events.IEventBus | None = None,
        message: events.RuleTargetInput | None = None,
        replays: bool = True,
    ) -> None:
        """Add a rule that puts the matching events into the queue.

        No bus means the account's default bus, and no message the whole event. Without replays, the rule
        matches no event that comes from an archive.
        """
        rule = events.Rule(
            self.stack,
            construct_id,
            description=description,
            event_bus=bus,
            event_pattern=pattern,
            targets=[targets.SqsQueue(self, dead_letter_queue=self._dead_letters, message=message)],
        )
        if not replays:
            # EventBridge marks a replayed event with this field, which the CDK's patterns do not have
            # (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html).
            resource = cast("events.CfnRule", rule.node.default_child)
            resource.add_property_override("EventPattern.replay-name", [{"exists": False}])

    def send(self) -> Grant:
        """Send messages to the queue."""
        return Grant({"QUEUE_URL": self.queue_url}, [allow(self.queue_arn, "sqs:SendMessage")])

    def deliver_to(
        self, function: lambda_.Function, *, batch_size: int = 10, concurrency: int | None = None
    ) -> None:
        """Call the function with the messages in batches; it reports which of a batch failed.

        Args:
            function: The function.
            batch_size: How many messages a call gets at most.
            concurrency: How many batches are handled at the same time; None for what the stage says.
        """
        function.add_event_source(
            sources.SqsEventSource(
                self,
                batch_size=batch_size,
                report_batch_item_failures=True,
                max_concurrency=concurrency or self._concurrency,
            )
        )
