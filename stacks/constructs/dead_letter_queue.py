"""Where work ends up that failed too often."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.findings import accept


class DeadLetterQueue(sqs.Queue):
    """A queue that should be empty: an alarm watches it, and a human empties it."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),  # the longest that there is
        )
        accept(self, "AwsSolutions-SQS3", "This queue is itself where messages go that nobody could handle.")
