"""The catalogue and its stock in DynamoDB."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.product import Product
from lambdas.shared.aws import dynamodb, error_code, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import attribute_names, from_attributes, to_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_CONDITION_FAILED = "ConditionalCheckFailedException"


class RestockedOtherwise(Exception):
    """A delivery came again, and is not the same."""


def reserved_on(day: str) -> str:
    """The attribute that counts the units which orders of a day hold, beside `available`.

    Whoever takes units or gives them back moves it in the same write, so the books of a day can be checked
    against its orders; see docs/decisions/011-the-books-are-closed-by-day.md.
    """
    return f"reserved_{day}"


class InventoryTable:
    """Reads and writes products. Orders take stock and give it back elsewhere: see `StockReservations`.

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

    def put(self, product: Product, *, expected_version: int | None) -> Product | None:
        """Write a product as it shall be from now on, its stock included.

        Args:
            product: As it shall be; its own version does not matter.
            expected_version: The version that it replaces; None if there must not be such a product yet.

        Returns:
            The product with its new version; None where it has another version, and nothing is written.
        """
        values = {
            ":name": product.name,
            ":unit_price": product.unit_price,
            ":currency": product.currency,
            ":available": product.available,
            ":one": 1,
        }
        if expected_version is not None:
            values[":expected"] = expected_version
        return self._update(
            product.sku,
            "SET #name = :name, #unit_price = :unit_price, #currency = :currency, #available = :available"
            " ADD #version :one",
            "attribute_not_exists(#sku)" if expected_version is None else "#version = :expected",
            values,
        )

    def restock(self, sku: str, quantity: int, *, token: str) -> Product | None:
        """Add units to what is there, whatever orders take meanwhile.

        Args:
            sku: The product.
            quantity: How many units.
            token: Who comes again with it within ten minutes adds nothing more; at most 36 characters.

        Returns:
            The product as it is now; None where there is none.

        Raises:
            RestockedOtherwise: The token was used with another product or quantity.
        """
        update, condition = "ADD #available :quantity, #version :one", "attribute_exists(#sku)"
        delivery: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self.table,
                "Key": {"sku": {"S": sku}},
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": attribute_names(update, condition),
                "ExpressionAttributeValues": to_attributes({":quantity": quantity, ":one": 1}),
            }
        }
        try:
            with transient_as(StoreUnavailable):
                # Only a transaction can be repeated safely: an update has no token.
                self._client.transact_write_items(TransactItems=[delivery], ClientRequestToken=token)
        except ClientError as error:
            if error_code(error) == "IdempotentParameterMismatchException":
                raise RestockedOtherwise(sku) from error
            if error_code(error) != "TransactionCanceledException":
                raise
            # The stubs know the reasons only on the exception class of the client.
            response: Mapping[str, Any] = error.response
            [reason] = response["CancellationReasons"]
            if reason["Code"] != "ConditionalCheckFailed":
                raise StoreUnavailable(f"the transaction was cancelled: {reason['Code']}") from error
            return None
        return self.get(sku)

    def _update(self, sku: str, update: str, condition: str, values: "Mapping[str, Any]") -> Product | None:
        """Change one product; None where the condition does not hold."""
        try:
            with transient_as(StoreUnavailable):
                answer = self._client.update_item(
                    TableName=self.table,
                    Key={"sku": {"S": sku}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=attribute_names(update, condition),
                    ExpressionAttributeValues=to_attributes(values),
                    ReturnValues="ALL_NEW",
                )
        except ClientError as error:
            if error_code(error) != _CONDITION_FAILED:
                raise
            return None
        return _product(answer["Attributes"])


def _product(attributes: "Mapping[str, Any]") -> Product:
    item = from_attributes(attributes)
    return Product(
        item["sku"], item["name"], item["unit_price"], item["currency"], item["available"], item["version"]
    )
