"""What every order is promised beyond the first law, checked on what the world has of it.

Like `laws`, this uses nothing of the product's code: an order is its record, what consumers of the events
got, the mail that came, and its executions.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.executions import StateVisit
from local.traces import deserialized
from local.world import World

RESTS: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})

_ANNOUNCED: Final = (
    *("OrderConfirmed", "OrderFailed", "OrderCancelled", "OrderNeedsAttention"),
    *("PaymentRefundedOutside", "PaymentDisputed"),
)
_SUBJECTS: Final = {
    "CONFIRMED": "Your order is confirmed",
    "FAILED": "Your order could not be completed",
    "CANCELLED": "Your order is cancelled",
}
_RECOVERY: Final = re.compile(r"-r\d+$")
_RECOVERIES: Final = 3
_FAIL_WITH: Final = ("NeedsAttention", "States.ServiceRestart")
"""A human is called; or the embedded AWS was restarted, which no state machine can catch."""

_NOT_NOTIFIED: Final = "CustomerNotNotified"


@dataclass(frozen=True)
class Story:
    """All that the world has of one order.

    Attributes:
        record: Its record in the orders table.
        events: The detail types of its events, oldest first.
        subjects: The subjects of the mails about it, oldest first.
        executions: Its executions: status and visited states, by name.
    """

    record: Mapping[str, Any]
    events: tuple[str, ...]
    subjects: tuple[str, ...]
    executions: Mapping[str, "Told"]

    @property
    def status(self) -> str:
        """The order's status."""
        return str(self.record["status"])

    @property
    def entries(self) -> list[str]:
        """What its timeline says, without reasons."""
        return [str(entry["event"]).partition(":")[0] for entry in self.record["timeline"]]

    @property
    def announced(self) -> list[str]:
        """What its timeline says that others were told, in order."""
        return [entry for entry in self.entries if entry in _ANNOUNCED]

    @property
    def was_mailed(self) -> bool:
        """Whether mail about the end has come."""
        return _SUBJECTS.get(self.status) in self.subjects

    @property
    def was_recovered(self) -> bool:
        """Whether one of its executions was run because another one broke."""
        return any(map(_RECOVERY.search, self.executions))


@dataclass(frozen=True)
class Told:
    """What an execution tells.

    Attributes:
        status: Where it stands.
        visits: The states that it entered.
        error: What it failed with.
    """

    status: str
    visits: tuple[StateVisit, ...]
    error: str | None = None


def read_record(world: World, order_id: str) -> dict[str, Any] | None:
    """An order's record as it is now; None where there is none."""
    answer = world.dynamodb.get_item(
        TableName=world.tables["orders"], Key={"order_id": {"S": order_id}}, ConsistentRead=True
    )
    return deserialized(answer["Item"]) if "Item" in answer else None


def tell_story(world: World, order_id: str) -> Story | None:
    """Collect all that the world has of an order; None where it has no record of it."""
    record = read_record(world, order_id)
    if record is None:
        return None
    names = world.executions.names(order_id)
    return Story(
        record=record,
        events=tuple(str(event["event"]) for event in world.audit_trail.events(order_id)),
        subjects=tuple(
            mail.subject for mail in world.mailbox.messages_to(record["email"]) if order_id in mail.text
        ),
        executions={
            name: Told(
                str(world.executions.status(name)),
                tuple(world.executions.visits(name)),
                world.executions.error(name),
            )
            for name in names
        },
    )


def broken_promises(story: Story) -> list[str]:
    """Name every broken promise, in words; none for an order that is at rest and in order."""
    return list(_broken(story))


def _broken(story: Story) -> Iterator[str]:
    record = story.record
    if story.status not in RESTS:
        yield f"the order is {story.status}, not at rest"
        if "unsettled_shard" not in record:
            yield "the order is forgotten: it is not at rest, and not among those that are looked after"
    elif "unsettled_shard" in record:
        yield f"the order is {story.status}, but not at rest"
    if "cancel_requested_by" in record and story.status == "CONFIRMED":
        yield "the order was asked to be cancelled, and is confirmed"
    if list(story.events) != story.announced:
        yield f"the timeline announces {story.announced}, the events are {list(story.events)}"
    if len(record["timeline"]) != record["version"]:
        yield f"{record['version']} writes left {len(record['timeline'])} entries in the timeline"
    yield from _unanswered(story.executions)
    for name, told in story.executions.items():
        if told.status == "FAILED" and told.error not in _FAIL_WITH:
            yield f"execution {name} failed with {told.error}: it should be undone, or call for a human"
    if story.status in RESTS and not story.was_mailed and _NOT_NOTIFIED not in story.entries:
        yield f"the customer does not know that the order is {story.status}: {list(story.subjects)}"


def _unanswered(executions: Mapping[str, Told]) -> Iterator[str]:
    """An execution that was stopped, or took too long, is run again: `X` is followed by `X-r1`, `X-r2` ..."""
    for name, told in executions.items():
        base, _, number = name.rpartition("-r") if _RECOVERY.search(name) else (name, "", "0")
        successor = f"{base}-r{int(number) + 1}"
        if (
            told.status in {"ABORTED", "TIMED_OUT"}
            and int(number) < _RECOVERIES
            and successor not in executions
        ):
            yield f"execution {name} is {told.status}, and nothing came of it"
