"""The pick list: the goods that the warehouse must pick for confirmed orders."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cli.shapes import PickJson

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INDEX: Final = "open_picks"
"""Index of the open picks by time. A pick that has just changed can be missing for a moment."""


class PickList:
    """The pick list of a stage.

    Args:
        client: A client of DynamoDB.
        table: Name of the table.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def oldest(self, limit: int) -> tuple[list[PickJson], bool]:
        """Read what must be picked, the order that was confirmed first at the beginning.

        Returns:
            The picks of this many orders at most, and whether there are more.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=_INDEX,
            KeyConditionExpression="#state = :open",
            ExpressionAttributeNames={"#state": "state"},  # `state` is a reserved word
            ExpressionAttributeValues={":open": {"S": "OPEN"}},
            PaginationConfig={"MaxItems": limit},
        )
        found = pages.build_full_result()
        return [_pick(item) for item in found["Items"]], "NextToken" in found


def _pick(item: Mapping[str, Any]) -> PickJson:
    lines = (line["M"] for line in item["lines"]["L"])
    return {
        "order_id": item["order_id"]["S"],
        "confirmed_at": item["confirmed_at"]["S"],
        "items": [{"sku": line["sku"]["S"], "quantity": int(line["quantity"]["N"])} for line in lines],
    }
