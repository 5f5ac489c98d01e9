"""Makes entries of a story from the lines of the functions' logs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from lambdas.domain import clock
from lambdas.domain.order import Order


class StorySource(StrEnum):
    """Where an entry of a story comes from."""

    REQUEST = "request"
    STREAM = "stream"
    SAGA = "saga"
    STRIPE = "stripe"
    STOCK = "stock"
    MAIL = "mail"
    EVENT = "event"
    CONSUMER = "consumer"
    WEBHOOK = "webhook"
    RECOVERY = "recovery"
    RECONCILIATION = "reconciliation"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """An entry of a story.

    Attributes:
        at: UTC, ISO 8601.
        source: Where it comes from.
        text: What happened, in a line.
        level: Level of the line in the log; None for an entry of the record.
        function: The function that wrote the line, such as `charge_payment`.
        execution: The execution that the function worked for.
        state: The state of the saga that called the function.
        request_id: API Gateway's id of the request that caused it.
        details: Facts of the line by their names.
    """

    at: str
    source: StorySource
    text: str
    level: str | None = None
    function: str | None = None
    execution: str | None = None
    state: str | None = None
    request_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


_SOURCE_BY_ROOM: Final = {
    "api": StorySource.REQUEST,
    "saga": StorySource.SAGA,
    "events": StorySource.CONSUMER,
    "recovery": StorySource.RECONCILIATION,
}
_SOURCE_BY_FUNCTION: Final = {
    "receive_stripe_webhook": StorySource.WEBHOOK,
    "import_orders": StorySource.REQUEST,
    "start_saga": StorySource.STREAM,
    "publish_order_events": StorySource.EVENT,
    "recover_order": StorySource.RECOVERY,
}
_SOURCE_BY_FIRST_WORD: Final = {
    "Stripe": StorySource.STRIPE,
    "stock": StorySource.STOCK,
    "mail": StorySource.MAIL,
}

_ENDS: Final = frozenset({"OrderConfirmed", "OrderFailed", "OrderCancelled"})

_STEPLESS: Final = frozenset({"start_saga"})
"""Functions of the saga that no state calls."""

_TEXTS: Final = {
    "an undo, a capture or a refund failed": "undo, capture or refund failed: {reason}",
    "event consumed": "{event} consumed by {consumer}",
    "event published": "{event} published",
    "execution did not succeed": "recovery: {outcome}",
    "mail feedback": "{feedback}",
    "mail rejected": "mail rejected: {subject}",
    "mail sent": "mail sent: {subject}",
    "mail unavailable": "mail not sent yet: {subject}",
    "order rejected": "rejected the order: {error}",
    "reconciliation finding": "finding: {kind}",
    "saga resumed": "execution resumed: {outcome}",
    "step ended with an error": "ended with {error}",
    "step failed for now": "failed for now: {error}",
    "webhook received": "{kind}: {outcome}",
}
"""Texts of lines by their message; other lines have their message as their text."""

_DETAILS: Final = (
    *(
        "again",
        "by",
        "consumer",
        "error",
        "event",
        "event_id",
        "feedback",
        "http_status",
        "intent_id",
        "kind",
    ),
    *("milliseconds", "operation", "outcome", "reason", "replayed", "status", "stripe_event"),
    *("stripe_request_id", "subject", "units"),
)
"""The facts of a line that a story shows. It shows no others, such as stack traces."""


def entries_of_line(line: Mapping[str, Any], order: Order, functions: Sequence[str]) -> Iterator[StoryEntry]:
    """The entries that a line of a log stands for: one, or two for the end of an execution that is recovered.

    Args:
        line: The line's JSON object.
        order: The order that it is about.
        functions: The functions that work on orders, each as `room/name`.
    """
    rooms = {name: room for room, _, name in (path.partition("/") for path in functions)}
    function = str(line.get("function_name", "")).rpartition("-")[2]
    message = str(line["message"])
    at = _time_of(line)
    source = (
        _SOURCE_BY_FIRST_WORD.get(message.partition(" ")[0])
        or _SOURCE_BY_FUNCTION.get(function)
        or _SOURCE_BY_ROOM.get(rooms.get(function, ""), StorySource.REQUEST)
    )
    is_step = rooms.get(function) == "saga" and function not in _STEPLESS
    entry = StoryEntry(
        at,
        source,
        _text(message, line),
        level=line.get("level"),
        function=function or None,
        execution=line.get("execution"),
        state=_state(function, at, order) if is_step else None,
        request_id=line.get("request_id"),
        details={name: line[name] for name in _DETAILS if line.get(name) is not None},
    )
    if message == "execution did not succeed" and "ended_at" in line:
        yield replace(
            entry,
            at=line["ended_at"],
            source=StorySource.SAGA,
            text=f"execution ended: {line.get('status')}",
            function=None,
        )
    yield entry


def _time_of(line: Mapping[str, Any]) -> str:
    """When a line was written, by the function's clock; if it does not say, when the log received it."""
    try:
        time = datetime.strptime(line["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z")
    except (LookupError, TypeError, ValueError):
        time = datetime.strptime(line["@timestamp"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return clock.text(time.astimezone(UTC))


def _state(function: str, at: str, order: Order) -> str:
    """The state that called a step's function: `charge_payment` is called by `ChargePayment`.

    Two states call `notify_customer`: one when the order is confirmed, and one when it is closed.
    """
    state = "".join(word.title() for word in function.split("_"))
    ends = [entry.event for entry in order.timeline if entry.event in _ENDS and entry.at <= at]
    is_closure = function == "notify_customer" and bool(ends) and ends[-1] != "OrderConfirmed"
    return f"{state}OfClosure" if is_closure else state


def _text(message: str, line: Mapping[str, Any]) -> str:
    try:
        match message:
            case "Stripe called":
                return _stripe_text(line)
            case "step done":
                outcome = ", ".join(
                    f"{name} {fact}" for name, fact in line["outcome"].items() if fact is not None
                )
                return f"done: {outcome}"
            case "stock reserved" | "stock released":
                units = ", ".join(f"{quantity} x {sku}" for sku, quantity in line["units"].items())
                return f"{message}: {units}"
            case _:
                return _TEXTS[message].format_map(line) if message in _TEXTS else message
    except (LookupError, AttributeError):  # a line of another version
        return message


def _stripe_text(line: Mapping[str, Any]) -> str:
    answer = " ".join(str(line[name]) for name in ("http_status", "error") if line.get(name) is not None)
    replayed = ", replayed" if line.get("replayed") else ""
    return f"{line['operation']}: {answer}{replayed}, {line['milliseconds']} ms"
