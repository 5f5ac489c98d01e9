"""Conflicts between DynamoDB writes to the same item.

The embedded AWS serves one request after the other, so writes never overlap. On AWS a write is rejected while
a transaction writes to the same item, and the caller has to try again
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
    """The transactions that are open."""

    def __init__(self) -> None:
        self._items: set[str] = set()

    @contextmanager
    def opened_by(self, operation: str, body: bytes) -> Iterator[web.Response | None]:
        """Keep the transaction of a call open as long as the context lasts.

        Args:
            operation: The operation of the call. Only DynamoDB's writes can conflict.
            body: The body of the request.

        Yields:
            None; or the answer with which DynamoDB rejects the call, if it conflicts.
        """
        if operation == "TransactWriteItems":
            items = [_item(next(iter(each.values()))) for each in json.loads(body)["TransactItems"]]
            if not self._items.isdisjoint(items):
                yield _transaction_cancelled(
                    [_CONFLICT if item in self._items else _NO_REASON for item in items]
                )
                return
            self._items.update(items)
            try:
                yield None
            finally:
                self._items.difference_update(items)
        elif operation in {"UpdateItem", "DeleteItem"} and _item(json.loads(body)) in self._items:
            yield _rejected("TransactionConflictException", {"message": _CONFLICT["Message"]})
        else:
            yield None


def _item(action: Mapping[str, Any]) -> str:
    return json.dumps([action["TableName"], action.get("Key") or action.get("Item")], sort_keys=True)


def _transaction_cancelled(reasons: list[dict[str, str]]) -> web.Response:
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    answer = {"message": message, "CancellationReasons": reasons}
    return _rejected("TransactionCanceledException", answer)


def _rejected(code: str, answer: Mapping[str, Any]) -> web.Response:
    return web.Response(
        status=400,
        body=json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **answer}),
        headers={"Content-Type": "application/x-amz-json-1.0"},
    )
