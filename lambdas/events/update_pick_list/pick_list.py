"""The pick list: for each order, what its newest event means for the warehouse."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.order_events import OrderEventDetail
from lambdas.domain.vocabulary import PICK_STATES, EventType, PickState
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import to_attributes
from lambdas.shared.store.expressions import condition_parameters

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class PickList:
    """Keeps one item for each order.

    Only an open pick has `lines` and `confirmed_at`, the sort key of the index `open_picks`. So the index has
    the open picks only. The other items stay: they tell an old event of the order, whenever it comes.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "PickList":
        """The table that the environment names."""
        return cls(dynamodb(), settings.picks_table)

    def update(self, event: Mapping[str, Any]) -> bool:
        """Write what an event means, unless the item has a newer event of its order, or this one.

        Args:
            event: As EventBridge delivers it, with `detail-type` and `detail`.

        Returns:
            Whether the event is new.
        """
        detail: OrderEventDetail = event["detail"]
        state = PICK_STATES[EventType(event["detail-type"])]
        version = _version(detail, state)
        item = {
            "order_id": detail["order_id"],
            "order_version": version,
            "state": state,
            **(_goods(detail) if state is PickState.OPEN else {}),
        }
        is_newer = Attr("order_id").not_exists() | Attr("order_version").lt(version)
        try:
            with transient_as(StoreUnavailable):
                self._client.put_item(
                    TableName=self._table, Item=to_attributes(item), **condition_parameters(is_newer)
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _version(detail: OrderEventDetail, state: PickState) -> int:
    """The order's version.

    An event of an earlier version of this service has none. It is older than every event that has one, whose
    version is at least 2, and an order is confirmed before anything else happens to its pick.
    """
    return detail.get("order_version", 0 if state is PickState.OPEN else 1)


def _goods(detail: OrderEventDetail) -> dict[str, Any]:
    lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in detail["items"]]
    return {"lines": lines, "confirmed_at": detail["occurred_at"]}
