"""The queues that should be empty: what could not be handled, and how it is handled after all."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cli.errors import NotFound, Refused

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

MOST_SHOWN: Final = 100
"""Messages that are read to show them."""

_BATCH: Final = 10
_HIDDEN_SECONDS: Final = 60
_WAIT_SECONDS: Final = 2
"""Without waiting, SQS asks some of its servers only, and can miss messages
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html)."""


@dataclass(frozen=True)
class LetterQueue:
    """A queue that should be empty.

    Attributes:
        name: Its name in the runbook, such as `ParkedEvents`.
        url: Its URL.
        source_url: URL of the queue whose messages it gets; None if they were in none.
    """

    name: str
    url: str
    source_url: str | None


@dataclass
class Letter:
    """A message that could not be handled.

    Attributes:
        message_id: SQS's id.
        sent_at: When it was first sent, in milliseconds since 1970.
        body: Its text. It must not be printed: it can hold more than an operator may see.
        error: What EventBridge says if it could not put an event into the source queue; else None.
        handle: Its receipt handle; empty once the message is deleted.
    """

    message_id: str
    sent_at: int
    body: str = field(repr=False)
    error: str | None
    handle: str = field(repr=False)


class DeadLetters:
    """All queues of a stage that should be empty.

    Args:
        client: A client of SQS.
        queues: The URL of each queue of the stage, by its name.
    """

    def __init__(self, client: "SQSClient", queues: Mapping[str, str]) -> None:
        self._client = client
        self._urls = queues

    def queues(self) -> list[LetterQueue]:
        """Each queue that has no dead-letter queue itself, by name."""
        attributes = {
            name: self._attributes(url, "QueueArn", "RedrivePolicy") for name, url in self._urls.items()
        }
        sources = {
            json.loads(found["RedrivePolicy"])["deadLetterTargetArn"]: self._urls[name]
            for name, found in attributes.items()
            if "RedrivePolicy" in found
        }
        return [
            LetterQueue(name, self._urls[name], sources.get(found["QueueArn"]))
            for name, found in sorted(attributes.items())
            if "RedrivePolicy" not in found
        ]

    def queue(self, name: str) -> LetterQueue:
        """The queue of this name.

        Raises:
            NotFound: There is none; the failure lists the names.
        """
        queues = self.queues()
        for queue in queues:
            if queue.name == name:
                return queue
        names = ", ".join(each.name for each in queues)
        raise NotFound(f"No dead-letter queue is called {name}", hints=[f"There are: {names}"])

    def depth(self, queue: LetterQueue) -> int:
        """About how many messages it has that nobody has received just now."""
        return int(self._attributes(queue.url, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"])

    @contextmanager
    def read(self, queue: LetterQueue, count: int) -> Iterator[list[Letter]]:
        """Read about this many messages, the oldest first. They stay in the queue, unless they are deleted.

        Until the context ends, nobody else receives them.
        """
        letters: list[Letter] = []
        try:
            while len(letters) < count and (found := self._receive(queue, count - len(letters))):
                letters += found
            yield sorted(letters, key=lambda letter: letter.sent_at)
        finally:
            for letter in letters:
                self._show_again(queue, letter)

    def redrive(self, queue: LetterQueue, message_id: str | None) -> int:
        """Send a message, or all, to the source queue, and delete each from its dead-letter queue.

        If the command ends in between, a message is in both queues. Consumers drop duplicates.

        Returns:
            How many.

        Raises:
            NotFound: The queue has no such message.
            Refused: The queue has no source: it holds positions in the stream of the orders table, or events
                that EventBridge could not put into the stream of Firehose.
        """
        source = queue.source_url
        if source is None:
            raise Refused(
                f"{queue.name} has no source queue",
                "Its messages were never in a queue: they are events, or positions in the stream of orders.",
                hints=[
                    "Events of a period: orders events replay --from TIME --to TIME",
                    "Events of an order: orders events republish ORDER_ID --as operator",
                    "Orders: orders retry ORDER_ID",
                ],
            )

        def move(letter: Letter) -> None:
            self._client.send_message(QueueUrl=source, MessageBody=letter.body)
            self._delete(queue, letter)

        return self._for_each(queue, message_id, move)

    def drop(self, queue: LetterQueue, message_id: str | None) -> int:
        """Delete a message, or all.

        Returns:
            How many.

        Raises:
            NotFound: The queue has no such message.
        """
        return self._for_each(queue, message_id, lambda letter: self._delete(queue, letter))

    def _for_each(self, queue: LetterQueue, message_id: str | None, act: Callable[[Letter], None]) -> int:
        """Act on one message, or on as many as there are now: one that comes back meanwhile is left alone.

        SQS's depth can lag behind by a minute, so it does not say that a queue is empty. No message comes
        back so soon that it would be among the first `MOST_SHOWN`.
        """
        most = max(self.depth(queue), MOST_SHOWN)
        if message_id is not None:
            with self.read(queue, most) as letters:
                act(_with_id(letters, message_id))
            return 1
        done = 0
        while done < most:
            with self.read(queue, min(most - done, _BATCH)) as letters:
                for letter in letters:
                    act(letter)
            if not letters:
                break
            done += len(letters)
        return done

    def _delete(self, queue: LetterQueue, letter: Letter) -> None:
        self._client.delete_message(QueueUrl=queue.url, ReceiptHandle=letter.handle)
        letter.handle = ""

    def _attributes(self, url: str, *names: "QueueAttributeNameType") -> Mapping[Any, str]:
        return self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]

    def _receive(self, queue: LetterQueue, most: int) -> list[Letter]:
        answer = self._client.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=min(most, _BATCH),
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=["ERROR_CODE"],
        )
        return [
            Letter(
                each["MessageId"],
                int(each["Attributes"]["SentTimestamp"]),
                each["Body"],
                each["MessageAttributes"]["ERROR_CODE"].get("StringValue")
                if "MessageAttributes" in each
                else None,
                each["ReceiptHandle"],
            )
            for each in answer.get("Messages", [])
        ]

    def _show_again(self, queue: LetterQueue, letter: Letter) -> None:
        if letter.handle:
            self._client.change_message_visibility(
                QueueUrl=queue.url, ReceiptHandle=letter.handle, VisibilityTimeout=0
            )


def _with_id(letters: Iterable[Letter], message_id: str) -> Letter:
    for letter in letters:
        if letter.message_id == message_id:
            return letter
    raise NotFound(f"The queue has no message {message_id}")
