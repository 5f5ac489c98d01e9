"""Lists orders page by page, newest first.

An index finds the orders; the table supplies their state. An order never changes its position, so a caller
that follows the cursors gets exactly once each order that existed at the start and kept its status.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import chain, dropwhile, islice
from typing import Final

from lambdas.api.list_orders.cursor import Position
from lambdas.api.list_orders.request import ListOrdersQuery
from lambdas.domain import clock
from lambdas.domain.order import Order, OrderStatus
from lambdas.shared.rest.caller import Caller
from lambdas.shared.store.listings import BATCH, Listed, OrderListing
from lambdas.shared.store.order_item import SHARDS

OLDEST_DAY: Final = date(2026, 1, 1)
"""No order is older than this service."""

DAYS_AT_ONCE: Final = 31
"""Days that one request searches; each day costs a query, even without orders."""

ORDERS_AT_ONCE: Final = 5 * BATCH
"""Orders that one request reads to find those with a status."""

_NOW: Final = Position("9", "")
"""Before the newest order."""

_UNSETTLED: Final = frozenset(
    {OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT, OrderStatus.NEEDS_ATTENTION}
)
"""Statuses whose orders are all in the sparse index of orders that are not at rest."""


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """A page of orders.

    Attributes:
        orders: Newest first; can be fewer than the limit, even none, although more pages follow.
        end: The position at which the next page begins; None on the last page.
    """

    orders: list[Order]
    end: Position | None


def list_orders(
    caller: Caller,
    query: ListOrdersQuery,
    *,
    start: Position | None,
    listing: OrderListing,
) -> OrdersPage:
    """List a customer's own orders or, for an operator, all orders.

    Only orders with the query's status and reference are listed, if it has them. The page has at most `limit`
    orders and begins at `start`, the end of the previous page.
    """
    status, limit = query.status, query.limit
    start = start or _NOW
    # References of customers can be the same, so not every candidate of a customer has to be one.
    is_filtered = status is not None or (query.reference is not None and not caller.is_operator)
    at_once = BATCH if is_filtered else limit
    # Three more: the last order of the previous page, and two that show whether another page follows.
    candidates = _candidates(caller, query, start, listing, at_once + 3)
    entries = dropwhile(lambda entry: _position(entry) >= start, candidates.entries)
    found: list[Order] = []
    read = 0
    while batch := list(islice(entries, at_once)):
        orders = listing.read(entry.order_id for entry in batch)
        for entry in batch:
            order = orders.get(entry.order_id)
            if order is None or status not in {None, order.status}:
                continue
            if query.reference not in {None, order.reference}:
                continue
            found.append(order)
            if len(found) == limit:
                is_last = entry is batch[-1] and candidates.end is None and next(entries, None) is None
                return OrdersPage(found, None if is_last else _position(entry))
        read += len(batch)
        if read >= ORDERS_AT_ONCE:
            return OrdersPage(found, _position(batch[-1]))
    return OrdersPage(found, candidates.end)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Index entries that one request looks at.

    Attributes:
        entries: In the order of the listing.
        end: Where the next request continues; None if these are all the entries that remain.
    """

    entries: Iterator[Listed]
    end: Position | None = None


def _candidates(
    caller: Caller, query: ListOrdersQuery, start: Position, listing: OrderListing, limit: int
) -> _Candidates:
    until = start.created_at
    if query.reference is not None:
        found = listing.newest_first("by_reference", query.reference, until=until, limit=limit)
        if caller.is_operator:
            return _Candidates(found)
        # No page and no cursor has an order of another customer, or tells that there is one.
        looked_at = list(islice(found, ORDERS_AT_ONCE))
        if len(looked_at) < ORDERS_AT_ONCE:
            return _Candidates(each for each in looked_at if each.customer_id == caller.customer_id)
    if not caller.is_operator:  # of an often used reference, too: the customer's own orders are fewer
        return _Candidates(listing.newest_first("by_customer", caller.customer_id, until=until, limit=limit))
    if query.status in _UNSETTLED:
        shards = (listing.newest_first("unsettled", shard, until=until, limit=limit) for shard in SHARDS)
        return _Candidates(merge(*shards, key=_position, reverse=True))
    return _by_day(start, listing, limit)


def _by_day(start: Position, listing: OrderListing, limit: int) -> _Candidates:
    """The entries of a number of days, each day queried once the entries of the day after it are used up."""
    newest = clock.now() if start == _NOW else start.created_at
    first = date.fromisoformat(newest[:10])
    last = max(first - timedelta(days=DAYS_AT_ONCE - 1), OLDEST_DAY)
    days = (first - timedelta(days=days) for days in range((first - last).days + 1))
    entries = chain.from_iterable(
        listing.newest_first("by_day", day.isoformat(), until=start.created_at, limit=limit) for day in days
    )
    # The next request starts after every order of the day before the last one: "~" sorts behind any time.
    end = Position(f"{last - timedelta(days=1)}~", "") if last > OLDEST_DAY else None
    return _Candidates(entries, end)


def _position(entry: Listed) -> Position:
    return Position(entry.created_at, entry.order_id)
