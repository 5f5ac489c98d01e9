"""The promises to the customer of an order, checked on what the order left behind.

They come on top of the first law (`laws`). As there, none of the product's code is used, except the table of
what entries of the timeline mean: the check reads the order's record, the events that a consumer got, the
mail that was sent, and the executions.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from lambdas.domain.timeline import ENTRY_KINDS
from local.saga_control import StateVisit
from proof.port import PlayedStage

AT_REST: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})

_MADE_REFUNDS: Final = frozenset({"refunded", "refund_pending"})

_EVENTS: Final = {name: str(kind.event) for name, kind in ENTRY_KINDS.items() if kind.event is not None}
"""The event of each entry of the timeline that is one, at least sometimes."""

_SUBJECTS: Final = {
    "CONFIRMED": "Your order is confirmed",
    "FAILED": "Your order could not be completed",
    "CANCELLED": "Your order is cancelled",
    "CANCELLED returned": "Your return is complete",
}
"""The mail about each end; an end without one has that of its status."""

_RECOVERY: Final = re.compile(r"-r\d+$")
_MAX_RECOVERIES: Final = 3
_ALLOWED_ERRORS: Final = ("NeedsAttention", "States.ServiceRestart")
"""An execution fails only to call a human, or because the embedded AWS was restarted, which no state machine
can catch."""

REJECTIONS: Final = frozenset(
    {
        *("UnknownSku", "CurrencyMismatch", "OutOfStock", "AmountNotChargeable", "PriceChanged"),
        *("TooManyOrders", "PaymentDeclined", "PaymentExpired", "OrderCancelled", "UndoAlreadyBegun"),
    }
)
"""Errors that say that the order cannot be fulfilled: no retry changes that."""

_TURNS_BACK: Final = frozenset({"CancellationRequested", "UndoBegan"})
_GOES_FORWARD: Final = frozenset(
    {
        *(
            "OrderPriced",
            "ChargeScheduled",
            "PaymentIntentCreated",
            "PaymentActionRequired",
            "PaymentProcessing",
        ),
        *("PaymentAwaited", "PaymentSucceeded", "PaymentDeclined", "OrderConfirmed", "OrderFulfilled"),
        *("PaymentAuthorized", "PaymentCaptured", "FulfilmentRequested"),
    }
)
"""Entries of the timeline that only an order has that goes forward."""

_NO_MAIL: Final = frozenset({"CustomerNotNotified", "CustomerErased"})
"""Timeline entries of orders whose mail does not exist, or can't be found by its address any more."""


@dataclass(frozen=True)
class ExecutionHistory:
    """One execution of the saga.

    Attributes:
        status: Its status.
        visits: The states that it entered, in order.
        error: The error that it failed with; None if it did not fail.
    """

    status: str
    visits: tuple[StateVisit, ...]
    error: str | None = None

    def __str__(self) -> str:
        visits = (
            f"{each.name} x{each.attempts} {each.error}" if each.error else each.name for each in self.visits
        )
        return f"{self.status}: {', '.join(visits)}"


@dataclass(frozen=True)
class OrderHistory:
    """All that an order left behind.

    Attributes:
        record: The order's record in the orders table.
        events: The detail types of its events, oldest first.
        subjects: The subjects of the mails about it, oldest first.
        executions: Its executions by name, oldest first.
        pick: The state of its pick; None if it is not on the pick list.
        to_pick: The units that the warehouse must pick, by SKU.
    """

    record: Mapping[str, Any]
    events: tuple[str, ...]
    subjects: tuple[str, ...]
    executions: Mapping[str, ExecutionHistory]
    pick: str | None
    to_pick: Mapping[str, int]

    @property
    def order_id(self) -> str:
        """The order's id."""
        return str(self.record["order_id"])

    @property
    def status(self) -> str:
        """The order's status."""
        return str(self.record["status"])

    @property
    def failure(self) -> str | None:
        """The order's failure code; None if it has not failed."""
        code: str | None = self.record.get("failure", {}).get("code")
        return code

    @property
    def end(self) -> str:
        """Status and failure code: `CONFIRMED`, or `FAILED out_of_stock`."""
        return f"{self.status} {self.failure}" if self.failure else self.status

    @property
    def timeline(self) -> list[str]:
        """The entries of the timeline in order, without reasons."""
        return [str(entry["event"]).partition(":")[0] for entry in self.record["timeline"]]

    @property
    def announced(self) -> list[str]:
        """The events that the timeline announces, oldest first.

        A writer takes the time before it writes, so a later entry can have an earlier time. Its event then
        has the time of the entry before it, and events of one time are in the order of their names.
        """
        times = accumulate((str(entry["at"]) for entry in self.record["timeline"]), max)
        events = zip(times, _events_of(self.timeline), strict=True)
        return [event for _, event in sorted((at, event) for at, event in events if event is not None)]

    @property
    def all_events_arrived(self) -> bool:
        """Whether the consumer of the bus got exactly the events of the timeline, in order."""
        return list(self.events) == self.announced

    @property
    def pick_is_right(self) -> bool:
        """Whether the warehouse picks the goods of the order until they are handed over, if it is confirmed.

        What it does for an order that is not at rest does not matter.
        """
        match self.status:
            case "CONFIRMED" if "OrderFulfilled" in self.timeline:
                return self.pick == "PICKED"
            case "CONFIRMED":
                return self.pick == ("OPEN" if self.units_left else "DROPPED") and (
                    self.to_pick == self.units_left
                )
            case "FAILED" | "CANCELLED":
                return self.pick == "DROPPED"
        return True

    @property
    def units_left(self) -> dict[str, int]:
        """Units by SKU whose price was not refunded, and that did not go back into stock."""
        refunds = self.record.get("refunds", ())
        paid = self._units_without(each for each in refunds if each["status"] in _MADE_REFUNDS)
        return dict(paid & self._units_without(each for each in refunds if each.get("restocked_at")))

    def _units_without(self, refunds: Iterable[Mapping[str, Any]]) -> Counter[str]:
        left = Counter({line["sku"]: int(line["quantity"]) for line in self.record["items"]})
        for refund in refunds:
            left.subtract({sku: int(units) for sku, units in refund["items"].items()})
        return left

    @property
    def is_consumed(self) -> bool:
        """Whether the audit and the pick list have got all events."""
        return self.all_events_arrived and self.pick_is_right

    @property
    def was_mailed(self) -> bool:
        """Whether the mail about the order's end was sent."""
        return _SUBJECTS.get(self.end, _SUBJECTS.get(self.status)) in self.subjects

    @property
    def was_recovered(self) -> bool:
        """Whether a recovery was started, because an execution broke."""
        return any(map(_RECOVERY.search, self.executions))

    def lines(self) -> list[str]:
        """Everything, for a person who looks for the cause of a breach."""
        return [
            f"order {self.order_id}: {self.end}",
            *(f"  {entry['at']} {entry['event']}" for entry in self.record["timeline"]),
            *(f"  {name} {execution}" for name, execution in self.executions.items()),
            f"  events: {list(self.events)}, mail: {list(self.subjects)}, pick: {self.pick} {self.to_pick}",
        ]


def read_history(world: PlayedStage, order_id: str) -> OrderHistory | None:
    """Collect all that an order left behind; None if it has no record."""
    record = world.order_record(order_id)
    if record is None:
        return None
    pick = world.pick(order_id) or {}
    return OrderHistory(
        record=record,
        events=tuple(world.order_events(order_id)),
        subjects=tuple(world.subjects_of_mail(record.get("email", ""), order_id)),
        executions={
            name: ExecutionHistory(
                str(world.executions.status(name)),
                world.executions.visits(name),
                world.executions.error(name),
            )
            for name in world.executions.names(order_id)
        },
        pick=pick.get("state"),
        to_pick={line["sku"]: int(line["quantity"]) for line in pick.get("lines", ())},
    )


def broken_promises(order: OrderHistory, *, mail_is_read: bool = True) -> list[str]:
    """Name every broken promise; the list is empty if there is none.

    Args:
        order: The order.
        mail_is_read: Whether mail can be read; without it, the promise about mail is not checked.
    """
    breaches = [*_broken(order), *(_not_mailed(order) if mail_is_read else ())]
    return [f"order {order.order_id}: {breach}" for breach in breaches]


def _not_mailed(order: OrderHistory) -> Iterator[str]:
    if order.status in AT_REST and not order.was_mailed and not _NO_MAIL & set(order.timeline):
        yield f"the customer got no mail that it is {order.status}: {list(order.subjects)}"


def _broken(order: OrderHistory) -> Iterator[str]:
    record = order.record
    yield from _not_at_rest(order)
    if not order.all_events_arrived:
        yield f"the timeline announces {order.announced}, the events are {list(order.events)}"
    if not order.pick_is_right:
        yield f"it is {order.status}, and its pick is {order.pick} {order.to_pick}"
    if len(record["timeline"]) != record["version"]:
        yield f"{record['version']} writes left {len(record['timeline'])} entries in the timeline"
    yield from _forward_too_late(order.timeline)
    yield from _lost_goods(order)
    yield from _not_recovered(order.executions)
    for name, execution in order.executions.items():
        yield from _wrong_in(name, execution)


def _not_at_rest(order: OrderHistory) -> Iterator[str]:
    """An order comes to rest, and then nothing is left to do for it."""
    record = order.record
    is_watched = "unsettled_shard" in record
    if order.status not in AT_REST:
        yield f"it is {order.status}, not at rest"
        if not is_watched:
            yield "it is not at rest, and the index of such orders lacks it"
    elif is_watched:
        yield f"it is {order.status}, and still in the index of orders that are not at rest"
    if "cancel_requested_by" in record and order.status == "CONFIRMED":
        yield "it is CONFIRMED, although a cancellation was requested"
    for due in ("refund_due", "capture_due"):
        if due in record and order.status in AT_REST:
            yield f"it is {order.status}, and {due} is {record[due]}"


def _events_of(timeline: Sequence[str]) -> Iterator[str | None]:
    """The event that each entry announces; None if it announces none.

    Two entries do only sometimes: the first wait for a payment that the customer must approve, and a refund
    that is sent after the order was closed.
    """
    must_approve = waits = is_closed = False
    for entry in timeline:
        match entry:
            case "PaymentActionRequired":
                must_approve = True
            case "PaymentProcessing" | "PaymentDeclined" | "PaymentSucceeded":
                must_approve = False
            case "OrderFailed" | "OrderCancelled":
                is_closed = True
            case "OrderNeedsAttention" | "PaymentSettledOutside":
                waits = is_closed = False
        event = _EVENTS.get(entry)
        if entry == "PaymentAwaited":
            yield event if must_approve and not waits else None
            waits = True
        elif entry == "PaymentRefunded":
            yield event if is_closed else None
        else:
            yield event


def _forward_too_late(timeline: Sequence[str]) -> Iterator[str]:
    """From the moment that an order is to be undone, no execution goes forward."""
    turned = next((n for n, entry in enumerate(timeline) if entry in _TURNS_BACK), len(timeline))
    for entry in timeline[turned:]:
        if entry in _GOES_FORWARD:
            yield f"{entry} came after {timeline[turned]}"


def _lost_goods(order: OrderHistory) -> Iterator[str]:
    """Goods that were handed over are paid, until an operator has taken them back."""
    if "fulfilment" not in order.record:
        return
    if order.record.get("cancel_requested_by") == "customer":
        yield "it is fulfilled, and its customer has cancelled it"
    if order.failure not in {None, "returned"}:
        yield f"it is fulfilled, and {order.end}"


def _wrong_in(name: str, execution: ExecutionHistory) -> Iterator[str]:
    """An execution fails only to call a human, and retries no rejection."""
    if execution.status == "FAILED" and execution.error not in _ALLOWED_ERRORS:
        yield f"execution {name} failed with {execution.error}, and called no human"
    for visit in execution.visits:
        if retried := REJECTIONS.intersection(visit.retried):
            yield f"execution {name} retried {visit.name} after {', '.join(sorted(retried))}"


def _not_recovered(executions: Mapping[str, ExecutionHistory]) -> Iterator[str]:
    """An execution that was stopped or timed out must be run again: `X` as `X-r1`, then `X-r2` ..."""
    for name, execution in executions.items():
        base, _, number = name.rpartition("-r") if _RECOVERY.search(name) else (name, "", "0")
        if (
            execution.status in {"ABORTED", "TIMED_OUT"}
            and int(number) < _MAX_RECOVERIES
            and f"{base}-r{int(number) + 1}" not in executions
        ):
            yield f"execution {name} is {execution.status}, and it was not run again"
