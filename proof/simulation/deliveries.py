"""What AWS delivers to functions by itself: the stream of the orders table, and the messages of queues.

Both are delivered at least once, because a batch is repeated after a failure. A stream keeps the order of the
changes of each item; a queue keeps none.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from zlib import crc32

from proof.simulation.event_patterns import any_of
from proof.simulation.functions import ACCOUNT, REGION, Functions, Result
from proof.simulation.network import Rejected
from proof.simulation.release import Release
from proof.simulation.scheduler import Scheduler, Timer, current_strand
from proof.simulation.trace import Trace
from stacks.timeouts import function_timeout_seconds

_LANES: Final = 10
"""Batches of a shard that are handled at the same time; changes of one item are always in the same lane."""

_BATCH: Final = 10
_POLL_MS: Final = (5, 300)
"""The shortest and the longest time until a change or a message is noticed."""

_LONGEST_PAUSE_MS: Final = 60_000
_ANSWERED_WITHIN_MS: Final = 900_000

Record = Mapping[str, Any]


class Stream:
    """Delivers the changes that a function's patterns match, until each is handled or too old.

    Args:
        function: The function.
        scheduler: Simulated time.
        functions: All functions.
        record_age_seconds: Age at which a change is parked.

    Attributes:
        parked: The changes that were given up.
    """

    def __init__(
        self, function: str, scheduler: Scheduler, functions: Functions, *, record_age_seconds: int
    ) -> None:
        self.parked: list[Record] = []
        self._function = function
        self._scheduler = scheduler
        self._functions = functions
        self._record_age_ms = record_age_seconds * 1000
        self._lanes: list[list[tuple[int, Record]]] = [[] for _ in range(_LANES)]

    def add(self, record: Record) -> None:
        """Deliver a change, unless no pattern of the function matches it."""
        if not _filter_of(self._functions.releases[-1], self._function)(record):
            return
        key = json.dumps(record["dynamodb"]["Keys"], sort_keys=True)
        lane = self._lanes[crc32(key.encode()) % _LANES]
        lane.append((self._scheduler.now, record))
        if len(lane) == 1:
            self._scheduler.spawn(
                lambda: self._deliver(lane), after=self._scheduler.random.randint(*_POLL_MS)
            )

    def _deliver(self, lane: list[tuple[int, Record]]) -> None:
        """Deliver the changes of a lane, one batch after the other, until there are no more."""
        failures, size = 0, _BATCH
        while lane:
            while lane and self._scheduler.now - lane[0][0] > self._record_age_ms:
                self.parked.append(lane.pop(0)[1])
            batch = lane[:size]
            if not batch:
                return
            handled = self._handled([record for _, record in batch])
            del lane[:handled]
            if handled == len(batch):
                failures, size = 0, _BATCH
            elif handled:
                failures = 0
            else:
                failures, size = failures + 1, max(1, len(batch) // 2)  # bisected
            if failures:
                longest = min(_LONGEST_PAUSE_MS, 500 * 2**failures)
                current_strand().sleep(self._scheduler.random.randint(longest // 2, longest))

    def _handled(self, batch: list[Record]) -> int:
        """How many changes of a batch the function has handled, from the first on."""
        answer = self._functions.call("stream", self._function, {"Records": batch}, who="stream")
        current_strand().wait(answer, _ANSWERED_WITHIN_MS)
        result = answer.value or Result(error="NoAnswer")
        if result.error is not None:
            return 0
        failed = {each["itemIdentifier"] for each in result.payload["batchItemFailures"]}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        return next((place for place, number in enumerate(numbers) if number in failed), len(batch))


@dataclass
class _Message:
    """A message of a queue."""

    message_id: str
    body: str
    sent_at: int
    received: int = 0
    handle: str = ""
    hidden: list[Timer] = field(default_factory=list, repr=False)

    def delete(self) -> None:
        """Let it never be received again."""
        for timer in self.hidden:
            timer.cancel()


class Queue:
    """Delivers messages to a function, until each is handled or was received too often.

    Args:
        name: The queue's name.
        function: The function.
        scheduler: Simulated time.
        functions: All functions.
        trace: Gets what becomes a dead letter.
        max_receive_count: How often a message is received before it becomes a dead letter.
        batch_size: How many messages a call gets at most.

    Attributes:
        dead_letters: The bodies of the messages that were given up.
        sent: How many messages were put into the queue.
    """

    def __init__(  # noqa: PLR0913 - what it is, and what it needs
        self,
        name: str,
        function: str,
        scheduler: Scheduler,
        functions: Functions,
        trace: Trace,
        *,
        max_receive_count: int,
        batch_size: int = _BATCH,
    ) -> None:
        self.name = name
        self.dead_letters: list[str] = []
        self.sent = 0
        self._function = function
        self._scheduler = scheduler
        self._functions = functions
        self._trace = trace
        self._max_receive_count = max_receive_count
        self._batch_size = batch_size
        self._visible: list[_Message] = []
        self._received: dict[str, _Message] = {}
        self._polls = False

    def send(self, body: Mapping[str, Any]) -> None:
        """Put a message into the queue."""
        self.sent += 1
        message = _Message(f"{self.name}-{self.sent}", json.dumps(body), self._scheduler.now)
        # Later for some than for others, so that messages arrive in another order than that of their sending.
        self._scheduler.after(self._scheduler.random.randint(*_POLL_MS), lambda: self._show(message))

    def hide(self, handle: str, seconds: int) -> None:
        """Let a received message be received again after some seconds.

        Raises:
            Rejected: There is no such message.
        """
        message = self._received.get(handle)
        if message is None:
            raise Rejected("ReceiptHandleIsInvalid")
        message.delete()
        self._hide(message, seconds)

    def _hide(self, message: _Message, seconds: int) -> None:
        message.hidden = [self._scheduler.after(seconds * 1000, lambda: self._show(message))]

    def _show(self, message: _Message) -> None:
        self._received.pop(message.handle, None)
        if message.received >= self._max_receive_count:
            self._trace.add(self._scheduler.now, self.name, "gives up a message")
            self.dead_letters.append(message.body)
            return
        self._visible.append(message)
        if not self._polls:
            self._polls = True
            self._scheduler.after(self._scheduler.random.randint(*_POLL_MS), self._poll)

    def _poll(self) -> None:
        self._polls = False
        self._scheduler.random.shuffle(self._visible)
        batch, self._visible = self._visible[: self._batch_size], self._visible[self._batch_size :]
        visibility = 6 * function_timeout_seconds(self._function)
        for message in batch:
            message.received += 1
            message.handle = f"{message.message_id}-{message.received}"
            self._received[message.handle] = message
            self._hide(message, visibility)
        answer = self._functions.call(
            "queue", self._function, {"Records": [self._event(each) for each in batch]}, who=self.name
        )
        answer.then(lambda result: self._delete(batch, [each.handle for each in batch], result))
        if self._visible:
            self._polls = True
            self._scheduler.after(self._scheduler.random.randint(*_POLL_MS), self._poll)

    def _delete(self, batch: list[_Message], handles: list[str], result: Result) -> None:
        """Delete the messages that were handled; the others are received again when they are visible."""
        if result.error is not None:
            return
        failed = {each["itemIdentifier"] for each in result.payload["batchItemFailures"]}
        for message, handle in zip(batch, handles, strict=True):
            if message.message_id not in failed and self._received.pop(handle, None) is not None:
                message.delete()

    def _event(self, message: _Message) -> dict[str, Any]:
        return {
            "messageId": message.message_id,
            "receiptHandle": message.handle,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.received),
                "SentTimestamp": str(message.sent_at),
                "SenderId": "AIDAEXAMPLE",
                "ApproximateFirstReceiveTimestamp": str(self._scheduler.now),
            },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}",
            "awsRegion": REGION,
        }


@cache
def _filter_of(release: Release, function: str) -> Callable[[Record], bool]:
    """The filter between the stream of a release and a function."""
    return any_of(release.stream_patterns(function))
