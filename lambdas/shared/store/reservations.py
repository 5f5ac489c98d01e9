"""The pivot and its undo: stock and order change together, in one DynamoDB transaction.

A transaction takes at most 100 items: 99 lines and the order
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas.domain.errors import OutOfStock, StockContended, StoreUnavailable
from lambdas.domain.order import Order, OrderLine, OrderStatus, PaymentStatus
from lambdas.shared.aws import dynamodb, error_code, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import attribute_names, to_attributes
from lambdas.shared.store.inventory import reserved_on
from lambdas.shared.store.orders import CONDITION_FAILED, MAY_GO_FORWARD, Change, OrderTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_NO_REASON: Final = "None"
_CONTENTION: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""The reasons that a retry can solve."""

_CONFIRM: Final = Change(
    event="OrderConfirmed",
    values={"#status": OrderStatus.CONFIRMED, "#stock_taken": True},
    condition=(
        f"{MAY_GO_FORWARD} AND #payment.#status = :paid AND #stock_taken = :no"
        " AND attribute_not_exists(#payment.#refunded_outside)"
    ),
    condition_values={":paid": PaymentStatus.SUCCEEDED, ":no": False},
)

_RELEASE: Final = Change(
    event="StockReleased",
    values={"#status": OrderStatus.PENDING, "#stock_taken": False},
    condition="attribute_exists(#failure) AND #stock_taken = :yes",
    condition_values={":yes": True},
)


class StockReservations:
    """Takes and gives back the stock of whole orders.

    Raises:
        StoreUnavailable: From every method, when DynamoDB throttles, fails or does not answer.
        StockContended: From every method, when another transaction touches the same items right now.
    """

    def __init__(self, client: "DynamoDBClient", orders_table: str, inventory_table: str) -> None:
        self._client = client
        self._orders_table = orders_table
        self._inventory_table = inventory_table
        self._orders = OrderTable(client, orders_table)

    @classmethod
    def from_settings(cls, settings: Settings) -> "StockReservations":
        """The tables that the environment names."""
        return cls(dynamodb(), settings.orders_table, settings.inventory_table)

    def take(self, order: Order) -> Order:
        """Take every line's units and confirm the order, or do nothing at all.

        Returns:
            The order as it is now: confirmed, or, when it was changed by somebody else meanwhile, as they
            left it.

        Raises:
            OutOfStock: A line asks for more than is there.
        """
        lines = [self._move(order, line, line.quantity, "#available >= :taken") for line in order.lines]
        reasons = self._write(order, lines, _CONFIRM)
        if reasons and reasons[-1] != CONDITION_FAILED and CONDITION_FAILED in reasons:
            line = order.lines[reasons.index(CONDITION_FAILED)]
            raise OutOfStock(f"{line.sku} is out of stock.")
        return self._orders.get(order.order_id)

    def give_back(self, order: Order) -> Order:
        """Give back every line's units, if the order holds any, or do nothing at all.

        Returns:
            The order as it is now. It still holds its units where a product has left the catalogue.
        """
        if order.stock_taken:
            lines = [
                self._move(order, line, -line.quantity, "attribute_exists(#sku)") for line in order.lines
            ]
            self._write(order, lines, _RELEASE)
        return self._orders.get(order.order_id)

    def _move(self, order: Order, line: OrderLine, taken: int, condition: str) -> "TransactWriteItemTypeDef":
        """Take units off the shelf, and note them in the books of the order's day; a negative number back."""
        update = "SET #available = #available - :taken ADD #reserved :taken, #version :one"
        return {
            "Update": {
                "TableName": self._inventory_table,
                "Key": {"sku": {"S": line.sku}},
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {
                    **attribute_names(update, condition),
                    "#reserved": reserved_on(order.day),
                },
                "ExpressionAttributeValues": to_attributes({":taken": taken, ":one": 1}),
            }
        }

    def _write(self, order: Order, lines: "list[TransactWriteItemTypeDef]", change: Change) -> list[str]:
        """Write all or nothing.

        Returns:
            Nothing when all was written, otherwise why not: a reason for each line, then the order's.
        """
        order_update: TransactWriteItemTypeDef = {
            "Update": change.as_update(self._orders_table, order.order_id)
        }
        try:
            with transient_as(StoreUnavailable):
                self._client.transact_write_items(TransactItems=[*lines, order_update])
        except ClientError as error:
            if error_code(error) != "TransactionCanceledException":
                raise
            # The stubs know the reasons only on the exception class of the client.
            response: Mapping[str, Any] = error.response
            reasons = [reason.get("Code", _NO_REASON) for reason in response["CancellationReasons"]]
            if _CONTENTION.intersection(reasons):
                raise StockContended(f"the transaction was cancelled: {', '.join(reasons)}") from error
            if not {_NO_REASON, CONDITION_FAILED}.issuperset(reasons):
                raise
            return reasons
        return []
