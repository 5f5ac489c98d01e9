"""The books of the stock: how many units the orders of each day hold, as the products themselves count it.

`StockReservations` moves these numbers together with the orders; here they are only read, and closed.
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
    """What a product's record says of its stock.

    Attributes:
        sku: The catalogue's key.
        available: Units that nobody has taken.
        version: Grows with every write that moves units.
        reserved: Units that orders hold, by the orders' day.
    """

    sku: str
    available: int
    version: int
    reserved: Mapping[str, int]


class StockBooks:
    """Reads and closes the books.

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
        """Some products of the catalogue, in no order that means anything.

        This walks the table of products: it is as long as the catalogue, however many orders there are.

        Args:
            after: The SKU that the page before ended with; None for the first page.

        Returns:
            The products, and the SKU that the page ended with; None if it was the last.
        """
        start: Any = {"ExclusiveStartKey": {"sku": {"S": after}}} if after else {}
        with transient_as(StoreUnavailable):
            answer = self._client.scan(TableName=self._table, Limit=_PAGE, **start)
        last = answer.get("LastEvaluatedKey")
        return [_books(item) for item in answer["Items"]], from_attributes(last)["sku"] if last else None

    def read(self, skus: Iterable[str]) -> dict[str, ProductBooks]:
        """Read at most 100 products as they are after every write so far; what is not there is absent."""
        keys: Any = [{"sku": {"S": sku}} for sku in skus]
        with transient_as(StoreUnavailable):
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        if answer["UnprocessedKeys"]:
            raise StoreUnavailable("DynamoDB answered only a part of the products")
        return {books.sku: books for books in map(_books, answer["Responses"].get(self._table, []))}

    def close(self, sku: str, days: Iterable[str]) -> None:
        """Strike out the books of these days."""
        # The version stays: nothing changes for a reader of the product.
        update = Update(IS_IN_CATALOGUE, remove=map(reserved_on, days))
        with transient_as(StoreUnavailable):
            self._client.update_item(**update.request(self._table, sku=sku))


def _books(attributes: Mapping[str, Any]) -> ProductBooks:
    item = from_attributes(attributes)
    reserved = {name.removeprefix(_PREFIX): units for name, units in item.items() if name.startswith(_PREFIX)}
    return ProductBooks(item["sku"], item["available"], item["version"], reserved)
