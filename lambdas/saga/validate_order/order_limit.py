"""The number of orders that one customer may place within an hour.

It limits card testing, and fees for orders that are placed to be cancelled: Stripe keeps its fee of a payment
that is refunded.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from lambdas.domain import clock
from lambdas.domain.errors import TooManyOrders
from lambdas.domain.order import Order
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing

_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OrderLimit:
    """The limit of a stage.

    Attributes:
        listing: Finds the customer's orders.
        per_hour: Number of orders that a customer may place within an hour.
    """

    listing: OrderListing
    per_hour: int

    @classmethod
    def from_settings(cls, settings: Settings) -> "OrderLimit":
        """The limit that the environment names."""
        return cls(OrderListing.from_settings(settings), settings.orders_per_customer_hour)

    def enforce(self, order: Order) -> None:
        """Reject an order if the limit is used up by those that its customer placed in the hour before it.

        All of them count, whatever became of them. Of two orders of the same millisecond, the one with the
        lower id is the earlier one. The index that lists them lags behind the table, so more orders than the
        limit can pass if they are placed at the same moment.

        Raises:
            TooManyOrders: The limit is used up.
        """
        recent = self.listing.newest_first(
            "by_customer",
            order.customer_id,
            since=clock.earlier(order.created_at, _WINDOW),
            until=order.created_at,
            limit=self.per_hour + 1,  # with the order itself
        )
        own = (order.created_at, order.order_id)
        earlier = (each for each in recent if (each.created_at, each.order_id) < own)
        if len(list(islice(earlier, self.per_hour))) == self.per_hour:
            raise TooManyOrders(
                f"At most {self.per_hour} orders can be placed within an hour. Please try again later."
            )
