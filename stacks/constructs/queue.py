"""What all queues have in common, once."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.settings import Settings


class Queue(sqs.Queue):
    """A queue that is encrypted at rest and on the way."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        *,
        retention_period: Duration | None = None,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            # The embedded AWS speaks plain HTTP, and would refuse every message to and from a script.
            enforce_ssl=not settings.embedded,
            retention_period=retention_period,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )
        if settings.embedded:
            accept(
                self,
                "AwsSolutions-SQS4",
                "The embedded AWS speaks plain HTTP, and nothing that it says leaves the machine.",
            )


class DeadLetterQueue(Queue):
    """A queue that should be empty: an alarm watches it, and a human empties it."""

    def __init__(self, scope: Construct, construct_id: str, settings: Settings) -> None:
        # Fourteen days are the longest that there is.
        super().__init__(scope, construct_id, settings, retention_period=Duration.days(14))
        accept(self, "AwsSolutions-SQS3", "This queue is itself where messages go that nobody could handle.")
