"""The books of the stock: the units that the orders of each day hold, as the products count them.

`StockReservations` changes these counts together with the orders. This module only reads and deletes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import from_attributes
from lambdas.shared.store.expressions import Update
from lambdas.shared.store.inventory import IS_IN_CATALOGUE, reserved_on

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX: Final = reserved_on("")
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class ProductBooks:
    """The stock of a product, as its record has it.

    Attributes:
        available: Units that are not sold.
        version: Grows with every write that changes units.
        reserved: Units that orders hold, by the day of the orders. They were counted from `since` on.
        since: When the product was created; empty for a product that an earlier version created.
    """

    sku: str
    available: int
    version: int
    reserved: Mapping[str, int]
    since: str


class StockBooks:
    """Reads the books and deletes those of old days.

    Raises:
        StoreUnavailable: From every method, when DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "StockBooks":
        """The table that the environment names."""
        return cls(dynamodb(), settings.inventory_table)

    def page(self, after: str | None) -> tuple[list[ProductBooks], str | None]:
        """Read some products, in no particular order.

        This scans the table of products, whose size depends on the catalogue and not on the orders.

        Args:
            after: The SKU at the end of the previous page; None for the first page.

        Returns:
            The products, and the SKU at the end of the page; None if it was the last.
        """
        start: Any = {"ExclusiveStartKey": {"sku": {"S": after}}} if after else {}
        with transient_as(StoreUnavailable):
            answer = self._client.scan(TableName=self._table, Limit=_PAGE, **start)
        last = answer.get("LastEvaluatedKey")
        return [_books(item) for item in answer["Items"]], from_attributes(last)["sku"] if last else None

    def read(self, skus: Iterable[str]) -> dict[str, ProductBooks]:
        """Read at most 100 products, with strong consistency; products that do not exist are left out."""
        keys: Any = [{"sku": {"S": sku}} for sku in skus]
        with transient_as(StoreUnavailable):
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        if answer["UnprocessedKeys"]:
            raise StoreUnavailable("DynamoDB returned only a part of the products")
        return {books.sku: books for books in map(_books, answer["Responses"].get(self._table, []))}

    def delete(self, sku: str, days: Iterable[str]) -> None:
        """Delete the books of a product for these days."""
        # The version stays the same, because nothing changes for readers of the product.
        update = Update(IS_IN_CATALOGUE, remove=map(reserved_on, days))
        with transient_as(StoreUnavailable):
            self._client.update_item(**update.request(self._table, sku=sku))


def _books(attributes: Mapping[str, Any]) -> ProductBooks:
    item = from_attributes(attributes)
    reserved = {name.removeprefix(_PREFIX): units for name, units in item.items() if name.startswith(_PREFIX)}
    return ProductBooks(item["sku"], item["available"], item["version"], reserved, item.get("created_at", ""))
