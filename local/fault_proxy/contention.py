"""What the embedded DynamoDB lacks: writes that meet at an item conflict.

It serves one request after the other, so that nothing ever meets. On AWS a write to an item that a
transaction is just writing is refused, and it is up to the caller to come again
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import web

_CONFLICT: Final = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
_NO_REASON: Final = {"Code": "None"}


class Transactions:
    """The transactions under way."""

    def __init__(self) -> None:
        self._items: set[str] = set()

    @contextmanager
    def entered_by(self, operation: str, body: bytes) -> Iterator[web.Response | None]:
        """Have a write under way as long as the context lasts, or its refusal, which is yielded.

        Args:
            operation: DynamoDB's; whatever does not write is let through.
            body: Of the request.
        """
        if operation == "TransactWriteItems":
            items = [_item(next(iter(each.values()))) for each in json.loads(body)["TransactItems"]]
            if not self._items.isdisjoint(items):
                yield _cancelled([_CONFLICT if item in self._items else _NO_REASON for item in items])
                return
            self._items.update(items)
            try:
                yield None
            finally:
                self._items.difference_update(items)
        elif operation in {"UpdateItem", "DeleteItem"} and _item(json.loads(body)) in self._items:
            yield _refused("TransactionConflictException", {"message": _CONFLICT["Message"]})
        else:
            yield None


def _item(action: Mapping[str, Any]) -> str:
    return json.dumps([action["TableName"], action.get("Key") or action.get("Item")], sort_keys=True)


def _cancelled(reasons: list[dict[str, str]]) -> web.Response:
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    answer = {"message": message, "CancellationReasons": reasons}
    return _refused("TransactionCanceledException", answer)


def _refused(code: str, answer: Mapping[str, Any]) -> web.Response:
    return web.Response(
        status=400,
        body=json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **answer}),
        headers={"Content-Type": "application/x-amz-json-1.0"},
    )
