"""The queue of executions that did not succeed."""

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdas.shared.aws import sqs
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class EndedExecutionsQueue:
    """Delays messages until their order can be recovered."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    @classmethod
    def from_settings(cls, settings: Settings) -> "EndedExecutionsQueue":
        """The queue that the environment names."""
        return cls(sqs(), settings.ended_executions_queue_url)

    def hide(self, receipt_handle: str, wait: timedelta) -> None:
        """Deliver a received message again after a time, at most 12 hours.

        Raises:
            botocore.exceptions.ClientError: The message comes again after the queue's visibility timeout.
        """
        self._client.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=receipt_handle,
            VisibilityTimeout=math.ceil(wait.total_seconds()),
        )
