"""Tells one order's story: the entries of its record and the lines of all functions, in the order of time."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from lambdas.api.get_story.log_search import FoundLines
from lambdas.api.get_story.story_entry import StoryEntry, StorySource, entries_of_line
from lambdas.domain.order import Order
from lambdas.shared.store.audit import AuditedEvent

_AUDIT: Final = "audit_order_events"

_AFTERMATH: Final = timedelta(days=4)
"""How long after its last change there can be lines about an order at rest. Stripe repeats an event for three
days (https://docs.stripe.com/webhooks#retries), and so long does the nightly reconciliation compare it."""


@dataclass(frozen=True, slots=True)
class Period:
    """The period of a story.

    Attributes:
        is_cut: Whether lines of its beginning have expired.
    """

    since: datetime
    until: datetime
    is_cut: bool


def period_of(order: Order, now: datetime, log_retention_days: int) -> Period:
    """The period in which there can be lines about an order, as far as they are still kept."""
    created = datetime.fromisoformat(order.created_at)
    kept_since = now - timedelta(days=log_retention_days)
    until = now
    if order.is_at_rest:
        until = min(now, datetime.fromisoformat(order.updated_at) + _AFTERMATH)
    return Period(max(created, kept_since), until, is_cut=created < kept_since)


def story_of(
    order: Order,
    events: Iterable[AuditedEvent],
    found: FoundLines | None,
    period: Period,
    functions: Sequence[str],
) -> dict[str, Any]:
    """The story as the JSON object that the REST API shows.

    Args:
        order: The order.
        events: The order's events in the audit.
        found: Lines of the logs; None if they cannot be read.
        period: The period that was searched.
        functions: The functions that were searched, each as `room/name`.
    """
    entries = [
        StoryEntry(
            entry.at,
            StorySource.RECORD,
            entry.event,
            execution=entry.execution,
            request_id=entry.request_id,
        )
        for entry in order.timeline
    ]
    lines = found.lines if found else []
    for line in lines:
        entries += entries_of_line(line, order, functions)
    consumed = {line.get("event_id") for line in lines if line.get("consumer") == _AUDIT}
    entries += [_audited(event) for event in events if event.event_id not in consumed]
    logs = "complete"
    if found is None:
        logs = "unavailable"
    elif period.is_cut or not found.is_complete:
        logs = "truncated"
    return {"logs": logs, "entries": [asdict(each) for each in sorted(entries, key=_place)]}


def _place(entry: StoryEntry) -> tuple[str, bool]:
    """The place of an entry: within a millisecond, a call to Stripe comes before the record of it."""
    return entry.at, entry.source is not StorySource.STRIPE


def _audited(event: AuditedEvent) -> StoryEntry:
    """The consumption of an event whose line is not found."""
    return StoryEntry(
        event.audited_at or event.occurred_at,
        StorySource.CONSUMER,
        f"{event.event} consumed by {_AUDIT}",
        function=_AUDIT,
        details={"event_id": event.event_id},
    )
