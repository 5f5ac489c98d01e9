"""The inventory table: the catalogue and its stock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr

from lambdas.domain import clock
from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.product import Product
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import from_attributes
from lambdas.shared.store.expressions import Update, projection_parameters
from lambdas.shared.store.writes import write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IS_NEW: Final = Attr("sku").not_exists()
IS_IN_CATALOGUE: Final = Attr("sku").exists()

_ATTRIBUTES: Final = ("sku", "name", "unit_price", "currency", "available", "active", "version")
"""Attributes of a product; its item also counts the units that orders hold, see `reserved_on`."""


def reserved_on(day: str) -> str:
    """Name of the attribute, beside `available`, that counts the units which the orders of a day hold.

    The write that takes units or gives them back changes this count, too. So a day's count can be compared
    with the orders of that day; see docs/decisions/011-reconciliation.md. It begins with the product's
    `created_at`: a product that left the catalogue and is created again counts from 0.
    """
    return f"reserved_{day}"


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A page of the catalogue.

    Attributes:
        products: In no particular order.
        end: The SKU after which the next page begins; None on the last page.
    """

    products: list[Product]
    end: str | None


class InventoryTable:
    """Reads and writes products. `StockReservations` takes and gives back the stock of orders.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "InventoryTable":
        """The table that the environment names."""
        return cls(dynamodb(), settings.inventory_table)

    def find(self, skus: Iterable[str]) -> dict[str, Product]:
        """Read at most 100 products in one call; unknown SKUs are absent from the result."""
        keys: Any = [{"sku": {"S": sku}} for sku in skus]
        with transient_as(StoreUnavailable):
            answer = self._client.batch_get_item(
                RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
            )
        if answer["UnprocessedKeys"]:
            raise StoreUnavailable("DynamoDB returned only a part of the products")
        return {product.sku: product for product in map(_product, answer["Responses"].get(self.table, []))}

    def get(self, sku: str) -> Product | None:
        """Read one product; None if it does not exist."""
        with transient_as(StoreUnavailable):
            answer = self._client.get_item(TableName=self.table, Key={"sku": {"S": sku}}, ConsistentRead=True)
        return _product(answer["Item"]) if "Item" in answer else None

    def page(self, *, limit: int, after: str | None) -> ProductPage:
        """Read at most `limit` products, in no particular order, without the counts of reserved units.

        Args:
            limit: Maximum number of products.
            after: The SKU at the end of the previous page; None for the first page.
        """
        start: Any = {"ExclusiveStartKey": {"sku": {"S": after}}} if after else {}
        with transient_as(StoreUnavailable):
            answer = self._client.scan(
                TableName=self.table, Limit=limit, **projection_parameters(_ATTRIBUTES), **start
            )
        last = answer.get("LastEvaluatedKey")
        return ProductPage(
            [_product(item) for item in answer["Items"]], from_attributes(last)["sku"] if last else None
        )

    def put(self, product: Product, *, expected_version: int | None) -> Product | None:
        """Write a product, its stock included; the version of `product` does not matter.

        The write replaces the version `expected_version`, or creates the product if it is None. If the stored
        version is another one, even because of a sale, nothing is written.

        Returns:
            The product with its new version; None if nothing was written.
        """
        is_new = expected_version is None
        update = Update(
            IS_NEW if is_new else Attr("version").eq(expected_version),
            set={
                "name": product.name,
                "unit_price": product.unit_price,
                "currency": product.currency,
                "available": product.available,
                "active": product.active,
                **({"created_at": clock.now()} if is_new else {}),
            },
            add={"version": 1},
        )
        item = write(self._client, update.request(self.table, sku=product.sku))
        return _product(item) if item is not None else None

    def change(self, sku: str, fields: Mapping[str, str | int]) -> Product | None:
        """Write these fields of a product, whatever its version, and no others.

        Returns:
            The product as it is now; None if it does not exist.
        """
        update = Update(IS_IN_CATALOGUE, set=fields, add={"version": 1})
        item = write(self._client, update.request(self.table, sku=sku))
        return _product(item) if item is not None else None


def _product(attributes: Mapping[str, Any]) -> Product:
    """Read a product from its item; a product of an earlier version of this service is active."""
    item = from_attributes(attributes)
    return Product(**{"active": True} | {name: item[name] for name in _ATTRIBUTES if name in item})
