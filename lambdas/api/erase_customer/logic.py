"""Removes a customer's personal data from their orders that are at rest."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from lambdas.domain import clock
from lambdas.shared.rest.problem import not_found
from lambdas.shared.store.listings import BATCH, OrderListing
from lambdas.shared.store.orders import OrderTable

MOST_ERASED: Final = 200
"""Orders that one request erases: two seconds of writes, far from the function's timeout."""


@dataclass(slots=True)
class Erasure:
    """What a request has done.

    Attributes:
        erased: Number of orders that this request erased.
        not_at_rest: Ids of orders that still need the data; they can be erased once they are at rest.
        more: Whether the customer has more orders to erase, beyond the limit of one request.
    """

    erased: int = 0
    not_at_rest: list[str] = field(default_factory=list)
    more: bool = False


def erase_customer(customer_id: str, listing: OrderListing, orders: OrderTable) -> Erasure:
    """Erase the orders of a customer, at most `MOST_ERASED` of them.

    A repeated request passes over the orders that are erased already. An order of the last seconds may not
    be listed yet; it is not at rest either.

    Raises:
        Problem: The customer has no orders (404), because the id is mistyped or nothing was ever ordered.
    """
    erasure = Erasure()
    listed = listing.newest_first("by_customer", customer_id, until=clock.now(), limit=BATCH)
    entries = list(islice(listed, BATCH))
    if not entries:
        raise not_found("customer")
    while entries:
        found = listing.read((entry.order_id for entry in entries), consistent=True)
        for order in found.values():
            if order.is_erased:
                continue
            if erasure.erased == MOST_ERASED:
                erasure.more = True
                return erasure
            if orders.erase(order.order_id) is None:
                erasure.not_at_rest.append(order.order_id)
            else:
                erasure.erased += 1
        entries = list(islice(listed, BATCH))
    return erasure
