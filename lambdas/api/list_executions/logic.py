"""Finds every execution of an order's saga, and what each one did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from lambdas.api.list_executions.history import (
    ErrorOutput,
    ExecutionEnd,
    StateVisit,
    end_of,
    time_of,
    visits_of,
)
from lambdas.api.list_executions.reader import History, HistoryState, Read
from lambdas.domain import clock
from lambdas.domain.execution_names import (
    execution_asked_for,
    recovery_after,
    rerun_of,
    split_recovery,
)
from lambdas.domain.order import Order


class Reason(StrEnum):
    """Why an execution was started."""

    SUBMISSION = "submission"
    CANCELLATION = "cancellation"
    RETRY = "retry"
    REFUND = "refund"
    FULFILMENT = "fulfilment"
    RECOVERY = "recovery"
    RECONCILIATION = "reconciliation"


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution of an order's saga; times are UTC, ISO 8601.

    Attributes:
        status: As Step Functions reports it; `UNKNOWN` if its history cannot be read.
        started_at: None if its history cannot be read.
        stopped_at: None while it runs.
        error: Why it did not succeed.
        history: How much of its history could be read.
        states: Its visits to states, in order.
    """

    name: str
    reason: Reason
    status: str
    started_at: str | None
    stopped_at: str | None
    error: ErrorOutput | None
    history: HistoryState
    states: tuple[StateVisit, ...]


@dataclass(slots=True)
class _Known:
    """An execution that the record names, or that may exist.

    Attributes:
        at: When the record first tells of it.
        was_asked_for: Whether an entry asks for it: it is started soon after.
        wrote: Whether it wrote an entry, or an execution that recovered the order after it did.
    """

    name: str
    reason: Reason
    at: str
    was_asked_for: bool = False
    wrote: bool = False

    def exists(self, history: History) -> bool:
        """Whether it exists, or existed and is forgotten by now."""
        if self.wrote or history.events:
            return True
        was_started = history.state is not HistoryState.EXPIRED or self.at < _a_day_ago()
        return self.was_asked_for and was_started


def _a_day_ago() -> str:
    """Until then a change waits for its execution, because the stream keeps it for a day."""
    return clock.earlier(clock.now(), timedelta(days=1))


def list_executions(order: Order, read: Read) -> list[Execution]:
    """List the executions of an order, the oldest first.

    The record names all that it asked for and all that wrote an entry. A recovery follows an execution that
    did not succeed, and may have written nothing, so it is looked for; so is a rerun by the reconciliation,
    which is named after the version of the record. `ListExecutions` is not called: it lists the executions of
    all orders.
    """
    found: dict[str, tuple[str, Execution]] = {}
    waiting = list(_known_from(order).values())
    while waiting:
        known = waiting.pop(0)
        if known.name in found:
            continue
        history = read(known.name)
        if not known.exists(history):
            continue
        execution = _execution(known, history)
        found[known.name] = (execution.started_at or known.at, execution)
        if execution.status in {"FAILED", "TIMED_OUT", "ABORTED"}:
            recovery = recovery_after(known.name)
            waiting.append(_Known(recovery, Reason.RECOVERY, execution.stopped_at or known.at))
    return [execution for _at, execution in sorted(found.values(), key=lambda each: each[0])]


def _known_from(order: Order) -> dict[str, _Known]:
    """The executions that the record tells of, by name."""
    known: dict[str, _Known] = {}
    for mention in _mentions(order):
        each = known.setdefault(mention.name, mention)
        each.wrote = each.wrote or mention.wrote
    return known


def _mentions(order: Order) -> Iterator[_Known]:
    for version, entry in order.versions:
        asked = execution_asked_for(entry.event, order.order_id, version)
        if asked is not None:
            by_reconciliation = entry.event == "RetryRequested: reconciliation"
            reason = Reason.RECONCILIATION if by_reconciliation else _reason(asked, order.order_id)
            yield _Known(asked, reason, entry.at, was_asked_for=True)
        if entry.execution is None:
            continue
        if entry.execution.startswith(order.order_id):
            for name in dict.fromkeys([split_recovery(entry.execution)[0], entry.execution]):
                yield _Known(name, _reason(name, order.order_id), entry.at, wrote=True)
        elif asked is None:  # a run of the reconciliation writes when a rerun did not help
            yield _Known(rerun_of(order.order_id, version - 1), Reason.RECONCILIATION, entry.at)
    yield _Known(rerun_of(order.order_id, order.version), Reason.RECONCILIATION, order.updated_at)


def _reason(name: str, order_id: str) -> Reason:
    first, recoveries = split_recovery(name)
    if recoveries:
        return Reason.RECOVERY
    suffix = first.removeprefix(order_id)
    if not suffix:
        return Reason.SUBMISSION
    if suffix == "-cancel":
        return Reason.CANCELLATION
    if suffix == "-fulfil":
        return Reason.FULFILMENT
    if suffix.startswith("-refund-"):
        return Reason.REFUND
    return Reason.RECONCILIATION if suffix.startswith("-v") else Reason.RETRY


def _execution(known: _Known, history: History) -> Execution:
    end = end_of(history.last) if history.last is not None else ExecutionEnd("UNKNOWN")
    is_complete = history.state is HistoryState.COMPLETE
    return Execution(
        name=known.name,
        reason=known.reason,
        status=end.status,
        started_at=time_of(history.events[0]) if history.events else None,
        stopped_at=end.stopped_at,
        error=end.error,
        history=history.state,
        states=tuple(visits_of(history.events, is_complete=is_complete)),
    )
