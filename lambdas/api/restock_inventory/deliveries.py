"""Deliveries: units that are added to the stock, each delivery once."""

from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Attr

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.product import Product
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import from_attributes
from lambdas.shared.store.expressions import Update
from lambdas.shared.store.inventory import IS_IN_CATALOGUE, InventoryTable
from lambdas.shared.store.writes import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IS_NEW_DELIVERY: Final = Attr("id").not_exists()


class DeliveryDiffers(Exception):
    """The id of a delivery was used before, with another product or quantity."""


class Deliveries:
    """Adds deliveries to the stock, which orders can change at the same time.

    One transaction adds the units and writes a record of the delivery. Like an order, the record is never
    deleted: it has no `expiration`, by which DynamoDB deletes other records of the idempotency table. So a
    delivery that is sent again counts once, however much later. DynamoDB itself forgets the client token of a
    transaction after ten minutes
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
        StockContended: From every method, if an order is taking or giving back units of the product.
    """

    def __init__(self, client: "DynamoDBClient", inventory: InventoryTable, records: str) -> None:
        """Use the inventory, and the table of the deliveries' records."""
        self._client = client
        self._inventory = inventory
        self._records = records

    @classmethod
    def from_settings(cls, settings: Settings) -> "Deliveries":
        """The tables that the environment names."""
        return cls(dynamodb(), InventoryTable.from_settings(settings), settings.idempotency_table)

    def add(self, delivery_id: str, sku: str, quantity: int) -> Product | None:
        """Add units to a product, unless a delivery of this id has added them.

        Returns:
            The product as it is now; None if it does not exist.

        Raises:
            DeliveryDiffers: The id was used with another product or quantity.
        """
        record_id = f"restock#{delivery_id}"
        record = Update(IS_NEW_DELIVERY, set={"sku": sku, "quantity": quantity})
        units = Update(IS_IN_CATALOGUE, add={"available": quantity, "version": 1})
        refused = write_together(
            self._client,
            [
                record.request(self._records, id=record_id),
                units.request(self._inventory.table, sku=sku),
            ],
        )
        is_recorded = 0 in refused
        if is_recorded and self._recorded(record_id) != (sku, quantity):
            raise DeliveryDiffers(delivery_id)
        if refused and not is_recorded:
            return None
        return self._inventory.get(sku)

    def _recorded(self, record_id: str) -> tuple[str, int]:
        with transient_as(StoreUnavailable):
            answer = self._client.get_item(
                TableName=self._records, Key={"id": {"S": record_id}}, ConsistentRead=True
            )
        record = from_attributes(answer["Item"])
        return record["sku"], record["quantity"]
