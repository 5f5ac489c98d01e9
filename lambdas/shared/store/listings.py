"""Finds orders through the indexes of the orders table, page by page.

An index supplies only keys, and by reference the customer. It lags behind the table, for a time that has no
upper limit, so a caller that needs the state of an order reads the order itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Literal

from boto3.dynamodb.conditions import ConditionBase, Key

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.order import Order
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import from_attributes, to_attributes
from lambdas.shared.store.expressions import key_condition_parameters
from lambdas.shared.store.order_item import order_from_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH: Final = 100
"""Maximum number of items that DynamoDB reads in one call."""

Index = Literal["by_customer", "by_day", "by_reference", "unsettled", "uncaptured"]

_PARTITION_KEY: Final[Mapping[Index, str]] = {
    "by_customer": "customer_id",
    "by_day": "day",
    "by_reference": "reference",
    "unsettled": "unsettled_shard",
    "uncaptured": "uncaptured_shard",
}

PageKey = dict[str, str]
"""Position between two pages: the keys of an order in the table and in the index."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An order's entry in an index.

    Attributes:
        created_at: UTC, ISO 8601.
        customer_id: The order's customer; None in an index that does not have it.
    """

    order_id: str
    created_at: str
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, oldest first.

    Attributes:
        orders: At most the requested number.
        next_key: Where the next page begins; None if this is the last page.
    """

    orders: list[Listed]
    next_key: PageKey | None


class OrderListing:
    """Lists orders.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "OrderListing":
        """The table that the environment names."""
        return cls(dynamodb(), settings.orders_table)

    def unsettled(self, shard: str, *, before: str, start: PageKey | None, limit: int = BATCH) -> Page:
        """Find the orders of a shard that are not at rest and were created before a time."""
        keys = Key("unsettled_shard").eq(shard) & Key("created_at").lt(before)
        return self._query("unsettled", keys, start, limit)

    def uncaptured(self, shard: str, *, before: str, start: PageKey | None, limit: int = BATCH) -> Page:
        """Find the orders of a shard whose money is only authorized, until a time or an earlier one."""
        keys = Key("uncaptured_shard").eq(shard) & Key("capture_before").lt(before)
        return self._query("uncaptured", keys, start, limit)

    def of_day(self, day: str, *, since: str = "", start: PageKey | None, limit: int = BATCH) -> Page:
        """Find the orders of a day (`Order.day`) that were created at a time or later."""
        keys = Key("day").eq(day) & Key("created_at").gte(since or day)
        return self._query("by_day", keys, start, limit)

    def newest_first(
        self, index: Index, partition: str, *, until: str, since: str | None = None, limit: int
    ) -> Iterator[Listed]:
        """Iterate over the orders of one partition of an index; a page is read when it is needed.

        Orders of the same millisecond are sorted by id, the highest first.

        Args:
            index: The index.
            partition: The customer, day, reference or shard.
            until: Orders that were created later are left out.
            since: Orders that were created earlier are left out; None for no limit.
            limit: Number of orders in a page.
        """
        for _at, simultaneous in groupby(
            self._backwards(index, partition, until, since, limit), key=lambda order: order.created_at
        ):
            yield from sorted(simultaneous, key=lambda order: order.order_id, reverse=True)

    def _backwards(
        self, index: Index, partition: str, until: str, since: str | None, limit: int
    ) -> Iterator[Listed]:
        created_at = Key("created_at")
        span = created_at.lte(until) if since is None else created_at.between(since, until)
        keys = Key(_PARTITION_KEY[index]).eq(partition) & span
        start: PageKey | None = None
        while True:
            page = self._query(index, keys, start, limit, forward=False)
            yield from page.orders
            start = page.next_key
            if start is None:
                return

    def read(self, order_ids: Iterable[str], *, consistent: bool = False) -> dict[str, Order]:
        """Read any number of orders by their ids; unknown ids are absent from the result.

        A consistent read returns the orders as they are after every write so far, at twice the price.
        """
        found: dict[str, Order] = {}
        keys = [{"order_id": {"S": order_id}} for order_id in dict.fromkeys(order_ids)]
        while keys:
            request: Any = {self._table: {"Keys": keys[:BATCH], "ConsistentRead": consistent}}
            with transient_as(StoreUnavailable):
                answer = self._client.batch_get_item(RequestItems=request)
            left: Any = answer["UnprocessedKeys"]
            unprocessed = left[self._table]["Keys"] if left else []
            if len(unprocessed) == len(keys[:BATCH]):
                raise StoreUnavailable("DynamoDB read none of the orders")
            keys = [*unprocessed, *keys[BATCH:]]
            for item in answer["Responses"].get(self._table, []):
                order = order_from_item(item)
                found[order.order_id] = order
        return found

    def _query(
        self, index: Index, keys: ConditionBase, start: PageKey | None, limit: int, *, forward: bool = True
    ) -> Page:
        resume: Any = {"ExclusiveStartKey": to_attributes(start)} if start else {}
        with transient_as(StoreUnavailable):
            answer = self._client.query(
                TableName=self._table,
                IndexName=index,
                Limit=limit,
                ScanIndexForward=forward,
                **key_condition_parameters(keys),
                **resume,
            )
        last = answer.get("LastEvaluatedKey")
        items = map(from_attributes, answer["Items"])
        return Page(
            [Listed(item["order_id"], item["created_at"], item.get("customer_id")) for item in items],
            from_attributes(last) if last else None,
        )
