"""The catalogue and its stock in DynamoDB."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.errors import StoreUnavailable
from lambdas.shared.items import from_attributes, to_attributes
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Product:
    """What the shop sells under one SKU.

    Attributes:
        sku: The catalogue's key.
        name: For people.
        unit_price: Minor units of `currency`.
        currency: ISO 4217 code, lower case.
        available: Units that nobody has taken.
    """

    sku: str
    name: str
    unit_price: int
    currency: str
    available: int


class InventoryTable:
    """Reads and writes products. Stock moves only together with an order: see `StockReservations`.

    Raises:
        StoreUnavailable: From every method, when DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "InventoryTable":
        """The table that the environment names."""
        return cls(dynamodb(), settings.inventory_table)

    def find(self, skus: Iterable[str]) -> dict[str, Product]:
        """Read several products (at most 100) in one call; what is not there is absent from the answer."""
        pending: Mapping[str, Any] = {
            self.table: {"Keys": [{"sku": {"S": sku}} for sku in skus], "ConsistentRead": True}
        }
        found: dict[str, Product] = {}
        with transient_as(StoreUnavailable):
            answer = self._client.batch_get_item(RequestItems=pending)
        if answer["UnprocessedKeys"]:
            raise StoreUnavailable("DynamoDB answered only a part of the products")
        for item in answer["Responses"].get(self.table, []):
            product = _product(item)
            found[product.sku] = product
        return found

    def get(self, sku: str) -> Product | None:
        """Read one product; None where there is none."""
        with transient_as(StoreUnavailable):
            answer = self._client.get_item(TableName=self.table, Key={"sku": {"S": sku}}, ConsistentRead=True)
        return _product(answer["Item"]) if "Item" in answer else None

    def all(self) -> list[Product]:
        """Read the whole catalogue, ordered by SKU."""
        with transient_as(StoreUnavailable):
            pages = self._client.get_paginator("scan").paginate(TableName=self.table)
            items = [item for page in pages for item in page["Items"]]
        return sorted(map(_product, items), key=lambda product: product.sku)

    def put(self, product: Product) -> None:
        """Write a product as it shall be from now on, its stock included."""
        with transient_as(StoreUnavailable):
            self._client.put_item(TableName=self.table, Item=to_attributes(asdict(product)))


def _product(attributes: "Mapping[str, Any]") -> Product:
    item = from_attributes(attributes)
    return Product(item["sku"], item["name"], item["unit_price"], item["currency"], item["available"])
