"""DynamoDB: the tables, their indexes, and the stream of the orders table.

Items are in DynamoDB's form, and never changed; see `expressions`. So to copy a table is to copy a dict.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from proof.simulation.expressions import (
    InvalidExpression,
    Item,
    comparable,
    condition,
    update,
)
from proof.simulation.network import Rejected
from proof.simulation.scheduler import Scheduler

ORDERS: Final = "orders"
INVENTORY: Final = "inventory"
IDEMPOTENCY: Final = "idempotency"
AUDIT: Final = "audit"
PICKS: Final = "picks"

Parameters = Mapping[str, Any]
Answer = dict[str, Any]

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    ORDERS: ("order_id",),
    INVENTORY: ("sku",),
    IDEMPOTENCY: ("id",),
    AUDIT: ("order_id", "event_id"),
    PICKS: ("order_id",),
}
INDEXES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    ORDERS: {
        "by_customer": ("customer_id", "created_at"),
        "unsettled": ("unsettled_shard", "created_at"),
        "uncaptured": ("uncaptured_shard", "capture_before"),
        "by_day": ("day", "created_at"),
        "by_reference": ("reference", "created_at"),
    },
    PICKS: {"open_picks": ("state", "confirmed_at")},
}
"""The indexes of each table by their keys; no function reads that of the pick list."""

_OTHERS: Final = {"by_reference": ("customer_id",), "uncaptured": ("created_at",)}
"""What an index of the orders table has besides its keys."""

_LAGS_MS: Final = (20, 20, 20, 300, 3000)
"""How long indexes and eventually consistent reads miss a write at most; each is as likely."""

_CONFLICT: Final = "Transaction is ongoing for the item"

Key = tuple[str, ...]
Tables = dict[str, dict[Key, Item]]
"""The items of each table by key; all keys are text."""


def no_items() -> Tables:
    """Empty tables."""
    return {name: {} for name in KEYS}


class DynamoDB:
    """The tables.

    Args:
        scheduler: Simulated time.
        changed: Called with each record of the stream of the orders table.
        written: Called with the table's name and the item after each write; None if the item was deleted.
        tables: What the tables hold at first.

    Attributes:
        transaction_ms: The shortest and the longest duration of a transaction. Meanwhile other writes to its
            items are rejected
            (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
    """

    def __init__(
        self,
        scheduler: Scheduler,
        changed: Callable[[dict[str, Any]], None],
        written: Callable[[str, Item | None], None],
        tables: Tables,
    ) -> None:
        self.tables: Tables = {name: dict(items) for name, items in tables.items()}
        self.transaction_ms = (5, 30)
        self._scheduler = scheduler
        self._changed = changed
        self._written = written
        self._changes = 0
        self._outdated: Tables = {name: dict(items) for name, items in tables.items()}
        self._on_the_way: defaultdict[tuple[str, Key], deque[tuple[int, Item | None]]] = defaultdict(deque)
        self._tokens: set[str] = set()
        self._open_until: dict[tuple[str, Key], int] = {}
        self._operations: Mapping[str, Callable[[Parameters], Answer]] = {
            "BatchGetItem": self._batch_get,
            "DeleteItem": self._delete,
            "GetItem": self._get,
            "PutItem": self._put,
            "Query": self._query,
            "Scan": self._scan,
            "TransactWriteItems": self._transact,
            "UpdateItem": self._update,
        }

    def handle(self, operation: str, params: Parameters) -> Answer:
        """Carry out a call.

        Raises:
            Rejected: The call is rejected.
        """
        try:
            return self._operations[operation](params)
        except InvalidExpression as error:
            raise Rejected("ValidationException", str(error)) from error

    def copy(self, *tables: str) -> Tables:
        """What some tables hold now."""
        return {table: dict(self.tables[table]) for table in tables}

    def restore(self, copied: Tables) -> None:
        """Replace tables by new ones, which hold what was copied. New tables have new streams."""
        for table, items in copied.items():
            self.tables[table], self._outdated[table] = dict(items), dict(items)
        for table, key in list(self._on_the_way):
            if table in copied:
                del self._on_the_way[table, key]

    def items(self, table: str) -> list[Item]:
        """All items of a table, in DynamoDB's form."""
        return list(self.tables[table].values())

    def _get(self, params: Parameters) -> Answer:
        table = params["TableName"]
        item = self._readable(params)[table].get(key_of(table, params["Key"]))
        return {} if item is None else {"Item": _projected(item, params)}

    def _batch_get(self, params: Parameters) -> Answer:
        found = {}
        for table, wanted in params["RequestItems"].items():
            items = self._readable(wanted)[table]
            keys = (key_of(table, key) for key in wanted["Keys"])
            found[table] = [_projected(items[key], wanted) for key in keys if key in items]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _put(self, params: Parameters) -> Answer:
        self._ensure(params, params["Item"])
        self._write(params["TableName"], key_of(params["TableName"], params["Item"]), dict(params["Item"]))
        return {}

    def _delete(self, params: Parameters) -> Answer:
        self._ensure(params, params["Key"])
        self._write(params["TableName"], key_of(params["TableName"], params["Key"]), None)
        return {}

    def _update(self, params: Parameters) -> Answer:
        before = self._ensure(params, params["Key"])
        after = self._updated(params, before)
        self._write(params["TableName"], key_of(params["TableName"], params["Key"]), after)
        match params.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_NEW":
                return {"Attributes": after}
            case "ALL_OLD":
                return {"Attributes": before} if before else {}
        raise NotImplementedError(params["ReturnValues"])

    def _transact(self, params: Parameters) -> Answer:
        """Write all or nothing; a call that is repeated with its token writes nothing again."""
        token = params["ClientRequestToken"]
        if token in self._tokens:
            return {}
        actions = [next(iter(each.items())) for each in params["TransactItems"]]
        keys = [key_of(action["TableName"], action["Key"]) for _, action in actions]
        if len(set(keys)) < len(keys):
            raise Rejected(
                "ValidationException", "Transaction request cannot include multiple operations on one item"
            )
        reasons, writes = [], []
        for (kind, action), key in zip(actions, keys, strict=True):
            if kind != "Update":
                raise NotImplementedError(kind)
            before = self.tables[action["TableName"]].get(key)
            if self._is_open(action["TableName"], key):
                reasons.append({"Code": "TransactionConflict", "Message": _CONFLICT})
            elif _fits(action, before):
                reasons.append({"Code": "None"})
                writes.append((action["TableName"], key, self._updated(action, before)))
            else:
                reasons.append(
                    {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
                )
        if len(writes) < len(actions):
            raise cancelled(reasons)
        closed_at = self._scheduler.now + self._scheduler.random.randint(*self.transaction_ms)
        for table, key, after in writes:
            self._write(table, key, after)
            self._open_until[table, key] = closed_at
        self._tokens.add(token)
        return {}

    def _query(self, params: Parameters) -> Answer:
        table = params["TableName"]
        items = self._readable(params)[table]
        keys = INDEXES[table][params["IndexName"]] if "IndexName" in params else KEYS[table]
        entries = [
            item
            for item in items.values()
            if all(key in item for key in keys) and _fits(params, item, "KeyConditionExpression")
        ]
        order = (*keys[1:], *KEYS[table])

        def place(item: Mapping[str, Any]) -> tuple[Any, ...]:
            return tuple(comparable(item[name]) for name in order)

        forward = params.get("ScanIndexForward", True)
        entries.sort(key=place, reverse=not forward)
        start = params.get("ExclusiveStartKey")
        if start is not None:
            at = place(start)
            entries = [each for each in entries if (place(each) > at if forward else place(each) < at)]
        names = dict.fromkeys((*keys, *KEYS[table]))
        shown = (*names, *_OTHERS.get(params.get("IndexName", ""), ()))
        found = (
            [{name: each[name] for name in shown} for each in entries] if "IndexName" in params else entries
        )
        return _page(found, params, names)

    def _scan(self, params: Parameters) -> Answer:
        table = params["TableName"]
        found = sorted(self._readable(params)[table].items())
        if "ExclusiveStartKey" in params:
            after = key_of(table, params["ExclusiveStartKey"])
            found = [(key, item) for key, item in found if key > after]
        return _page([item for _, item in found], params, KEYS[table])

    def _readable(self, params: Parameters) -> Tables:
        """The tables as a read sees them, which can miss the latest writes unless it is consistent."""
        if params.get("ConsistentRead"):
            return self.tables
        now = self._scheduler.now
        for (table, key), writes in list(self._on_the_way.items()):
            while writes and writes[0][0] <= now:
                _store(self._outdated[table], key, writes.popleft()[1])
            if not writes:
                del self._on_the_way[table, key]
        return self._outdated

    def _ensure(self, params: Parameters, key: Mapping[str, Any]) -> Item | None:
        """The item as it is, if the condition of a write holds for it.

        Raises:
            Rejected: The condition does not hold, or a transaction is writing the item.
        """
        table = params["TableName"]
        if self._is_open(table, key_of(table, key)):
            raise Rejected("TransactionConflictException", _CONFLICT)
        before = self.tables[table].get(key_of(table, key))
        if _fits(params, before):
            return before
        returned = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before is not None
        raise Rejected(
            "ConditionalCheckFailedException",
            "The conditional request failed",
            **({"Item": before} if returned else {}),
        )

    def _is_open(self, table: str, key: Key) -> bool:
        """Whether a transaction that is not over yet has written the item."""
        return self._open_until.get((table, key), 0) > self._scheduler.now

    @staticmethod
    def _updated(params: Parameters, before: Item | None) -> Item:
        change = update(params["UpdateExpression"], _names(params))
        return change(before or dict(params["Key"]), params.get("ExpressionAttributeValues", {}))

    def _write(self, table: str, key: Key, after: Item | None) -> None:
        before = self.tables[table].get(key)
        _store(self.tables[table], key, after)
        lag = self._scheduler.random.randint(1, self._scheduler.random.choice(_LAGS_MS))
        earlier = self._on_the_way[table, key]
        earlier.append((max(self._scheduler.now + lag, earlier[-1][0] if earlier else 0), after))
        self._written(table, after)
        if table == ORDERS and before != after:
            self._tell(key, before, after)

    def _tell(self, key: Key, before: Item | None, after: Item | None) -> None:
        self._changes += 1
        change: dict[str, Any] = {
            "Keys": {"order_id": {"S": key[0]}},
            "SequenceNumber": f"{self._changes:021}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if before is not None:
            change["OldImage"] = before
        if after is not None:
            change["NewImage"] = after
        name = "INSERT" if before is None else "MODIFY" if after is not None else "REMOVE"
        self._changed(
            {
                "eventID": f"change-{self._changes}",
                "eventName": name,
                "eventSource": "aws:dynamodb",
                "dynamodb": change,
            }
        )


def cancelled(reasons: Sequence[Mapping[str, str]]) -> Rejected:
    """The error of a transaction that is cancelled."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Rejected("TransactionCanceledException", message, CancellationReasons=list(reasons))


def _store(items: dict[Key, Item], key: Key, item: Item | None) -> None:
    if item is None:
        items.pop(key, None)
    else:
        items[key] = item


def key_of(table: str, item: Mapping[str, Any]) -> Key:
    """The key of an item, or of the part of one that a call names."""
    return tuple(item[name]["S"] for name in KEYS[table])


def _names(params: Parameters) -> tuple[tuple[str, str], ...]:
    return tuple(params.get("ExpressionAttributeNames", {}).items())


def _fits(params: Parameters, item: Item | None, field: str = "ConditionExpression") -> bool:
    if field not in params:
        return True
    return condition(params[field], _names(params))(item, params.get("ExpressionAttributeValues", {}))


def _projected(item: Item, params: Parameters) -> Item:
    """The attributes that are asked for, which are at the top level."""
    if "ProjectionExpression" not in params:
        return item
    names = params.get("ExpressionAttributeNames", {})
    wanted = [names.get(each, each) for each in params["ProjectionExpression"].split(", ")]
    return {name: item[name] for name in wanted if name in item}


def _page(found: Sequence[Item], params: Parameters, keys: Iterable[str]) -> Answer:
    """A page of items; there is a key for the next one whenever the page is full, as at AWS."""
    limit = params.get("Limit", len(found) + 1)
    page = found[:limit]
    answer: Answer = {"Items": [_projected(item, params) for item in page], "Count": len(page)}
    if len(page) == limit:
        answer["LastEvaluatedKey"] = {name: page[-1][name] for name in keys}
    return answer
