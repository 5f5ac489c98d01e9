"""Lists orders page by page, the newest first.

Which orders there are, an index says; what became of them, the table. An order's place never changes, so who
follows the cursors gets every order once that was there when they began, and whose status stayed as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import chain, dropwhile, islice
from typing import Final

from lambdas.api.list_orders.cursor import Position
from lambdas.domain import clock
from lambdas.domain.order import Order, OrderStatus
from lambdas.shared.rest.caller import Caller
from lambdas.shared.store.listings import BATCH, Listed, OrderListing
from lambdas.shared.store.orders import SHARDS

OLDEST_DAY: Final = date(2026, 1, 1)
"""No order is older than this service."""

DAYS_AT_ONCE: Final = 31
"""How many days one request looks through: each costs a query, also a day without orders."""

ORDERS_AT_ONCE: Final = 5 * BATCH
"""How many orders one request reads to find those with a status."""

_NOW: Final = Position("9", "")
"""Before the newest order."""

_UNSETTLED: Final = frozenset(
    {OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT, OrderStatus.NEEDS_ATTENTION}
)
"""Every order with such a status is in the sparse index of orders that are not at rest."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders.

    Attributes:
        orders: The newest first; perhaps fewer than there could be, or none.
        end: Where the next page begins; None if there is none.
    """

    orders: list[Order]
    end: Position | None


def list_orders(
    caller: Caller,
    status: OrderStatus | None,
    *,
    limit: int,
    start: Position | None,
    listing: OrderListing,
) -> Page:
    """List a customer's own orders, or for an operator everybody's.

    Args:
        caller: Who asks.
        status: Leave out all others.
        limit: How many orders a page has at most.
        start: Where the page before ended.
        listing: Where the orders are.
    """
    start = start or _NOW
    at_once = limit if status is None else BATCH
    # Three more: the last order of the page before, and two that show whether there is another page.
    way = _way(caller, status, start, listing, at_once + 3)
    entries = dropwhile(lambda entry: _position(entry) >= start, way.entries)
    found: list[Order] = []
    read = 0
    while batch := list(islice(entries, at_once)):
        orders = listing.read(entry.order_id for entry in batch)
        for entry in batch:
            order = orders.get(entry.order_id)
            if order is None or status not in {None, order.status}:
                continue
            found.append(order)
            if len(found) == limit:
                is_last = entry is batch[-1] and way.end is None and next(entries, None) is None
                return Page(found, None if is_last else _position(entry))
        read += len(batch)
        if read >= ORDERS_AT_ONCE:
            return Page(found, _position(batch[-1]))
    return Page(found, way.end)


@dataclass(frozen=True, slots=True)
class _Way:
    """Orders in the order of the listing, and where they end, if that is not the end of all."""

    entries: Iterator[Listed]
    end: Position | None = None


def _way(
    caller: Caller, status: OrderStatus | None, start: Position, listing: OrderListing, limit: int
) -> _Way:
    until = start.created_at
    if not caller.is_operator:
        return _Way(listing.newest_first("by_customer", caller.customer_id, until=until, limit=limit))
    if status in _UNSETTLED:
        shards = (listing.newest_first("unsettled", shard, until=until, limit=limit) for shard in SHARDS)
        return _Way(merge(*shards, key=_position, reverse=True))
    return _through_days(start, listing, limit)


def _through_days(start: Position, listing: OrderListing, limit: int) -> _Way:
    """Day by day into the past, as far as one request goes."""
    newest = clock.now() if start == _NOW else start.created_at
    first = date.fromisoformat(newest[:10])
    last = max(first - timedelta(days=DAYS_AT_ONCE - 1), OLDEST_DAY)
    days = (first - timedelta(days=days) for days in range((first - last).days + 1))
    entries = chain.from_iterable(
        listing.newest_first("by_day", day.isoformat(), until=start.created_at, limit=limit) for day in days
    )
    # The end of the last day is the evening of the day before it.
    end = Position(f"{last - timedelta(days=1)}~", "") if last > OLDEST_DAY else None
    return _Way(entries, end)


def _position(entry: Listed) -> Position:
    return Position(entry.created_at, entry.order_id)
