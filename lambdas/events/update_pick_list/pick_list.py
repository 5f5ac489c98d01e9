"""The pick list: for each order, what its newest event means for the warehouse."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.vocabulary import PICK_STATES, EventType, PickState
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import to_attributes
from lambdas.shared.store.expressions import Update, condition_parameters

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class PickList:
    """Keeps one item for each order.

    Only an open pick has `lines` and `confirmed_at`, the sort key of the index `open_picks`. So the index has
    the open picks only. The other items stay: they tell an old event of the order, whenever it comes. A
    refund of lines that comes before its confirmation has its own time as `confirmed_at`.

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
        event_type, detail = EventType(event["detail-type"]), event["detail"]
        state = _state(event_type, detail)
        version = _version(event_type, detail)
        is_newer = Attr("order_version").lt(version)
        item = {"order_id": detail["order_id"], "order_version": version, "state": state}
        if state is PickState.OPEN:
            item |= {"lines": _lines(detail), "confirmed_at": detail["occurred_at"]}
        is_about_lines = "refund" in detail and state is PickState.OPEN
        with transient_as(StoreUnavailable):
            return (is_about_lines and self._change_lines(item, is_newer)) or self._replace(item, is_newer)

    def _change_lines(self, item: Mapping[str, Any], is_newer: ConditionBase) -> bool:
        """Change the lines of an open pick, which keeps its place in the list."""
        new = {name: item[name] for name in ("lines", "order_version")}
        change = Update(Attr("state").eq(PickState.OPEN) & is_newer, set=new)
        try:
            self._client.update_item(**change.request(self._table, order_id=item["order_id"]))
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _replace(self, item: Mapping[str, Any], is_newer: ConditionBase) -> bool:
        condition = Attr("order_id").not_exists() | is_newer
        try:
            self._client.put_item(
                TableName=self._table, Item=to_attributes(item), **condition_parameters(condition)
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _state(event_type: EventType, detail: Mapping[str, Any]) -> PickState:
    state = PICK_STATES[event_type]
    if "refund" in detail and "fulfilment" in detail:
        return PickState.PICKED
    return PickState.DROPPED if state is PickState.OPEN and not _lines(detail) else state


def _version(event_type: EventType, detail: Mapping[str, Any]) -> int:
    """The order's version.

    An event of an earlier version of this service has none. It is older than every event that has one, whose
    version is at least 2, and an order is confirmed before anything else happens to its pick.
    """
    version: int = detail.get("order_version", 0 if event_type is EventType.ORDER_CONFIRMED else 1)
    return version


def _lines(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The units to pick: after a refund of lines, those that are left.

    An event of an earlier version has them in `refund` only.
    """
    kept = detail.get("items_kept", detail.get("refund", {}).get("items_kept"))
    items = detail["items"] if kept is None else kept
    return [{"sku": item["sku"], "quantity": item["quantity"]} for item in items]
