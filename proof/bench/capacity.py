"""The capacity units of calls to DynamoDB, which are what it bills.

An item's size and the units of a call follow these pages (November 2026):
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from proof.simulation.dynamodb import INDEXES, DynamoDB, Tables, key_of
from proof.simulation.functions import current_invocation

Item = Mapping[str, Any]
"""An item in DynamoDB's form."""

_WRITE_BYTES: Final = 1024
_READ_BYTES: Final = 4096
_CONTAINER_BYTES: Final = 3
"""Overhead of a list or a map, however many elements it has; each element has one more byte."""


def item_bytes(item: Item) -> int:
    """Size of an item."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(before: Item | None, after: Item | None) -> int:
    """Units of a write: those of the larger one of the item before and after it, at least one.

    A write whose condition does not hold costs as much as one that leaves the item as it is.
    """
    return max(1, ceil(max(item_bytes(before or {}), item_bytes(after or {})) / _WRITE_BYTES))


def index_units(before: Item | None, after: Item | None, indexes: Iterable[Collection[str]]) -> int:
    """Units of the writes to indexes whose entries are smaller than 1 KB.

    A write that changes an entry but not its keys is not counted: only a refund of a line that is not picked
    yet makes one, in the index of the pick list.

    Args:
        before: The item before the write; None if there was none.
        after: The item after the write; None if it was deleted.
        indexes: The attributes in the keys of each index. An item without one of them has no entry.
    """
    units = 0
    for keys in indexes:
        old, new = _entry(before, keys), _entry(after, keys)
        if old != new:  # an entry whose key changes is deleted and put
            units += (old is not None) + (new is not None)
    return units


def read_units(sizes: Iterable[int], *, consistent: bool) -> float:
    """Units of a read that adds up the sizes of its items; a read of nothing costs as much as a small one."""
    units = max(1, ceil(sum(sizes) / _READ_BYTES))
    return units if consistent else units / 2


def _entry(item: Item | None, keys: Collection[str]) -> Item | None:
    if item is None or not all(key in item for key in keys):
        return None
    return {key: item[key] for key in keys}


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "L":
            return _CONTAINER_BYTES + sum(1 + _value_bytes(each) for each in content)
        case "M":
            return _CONTAINER_BYTES + len(content) + item_bytes(content)
    raise NotImplementedError(kind)


def _number_bytes(number: str) -> int:
    """One byte for two significant digits, and one more; a minus takes another."""
    digits = number.lstrip("-").replace(".", "").strip("0")
    return ceil(len(digits) / 2) + 1 + number.startswith("-")


@dataclass(frozen=True)
class Units:
    """Capacity units; those of indexes are included in `writes`."""

    reads: float = 0
    writes: int = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.reads + other.reads, self.writes + other.writes)


class MeteredTables:
    """The simulated tables, whose calls are metered.

    Attributes:
        used: The units of each function.
    """

    def __init__(self, tables: DynamoDB) -> None:
        self.used: defaultdict[str, Units] = defaultdict(Units)
        self._dynamodb = tables

    def handle(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a call, and meter it, also if it is rejected; see `DynamoDB.handle`."""
        function = current_invocation().function
        before = {name: dict(items) for name, items in self._dynamodb.tables.items()}
        answer: dict[str, Any] = {}
        try:
            answer = self._dynamodb.handle(operation, params)
        finally:
            self.used[function] += self._units(operation, params, before, answer)
        return answer

    def _units(self, operation: str, params: Mapping[str, Any], before: Tables, answer: Item) -> Units:
        consistent = bool(params.get("ConsistentRead"))
        match operation:
            case "GetItem":
                return Units(read_units([item_bytes(answer.get("Item", {}))], consistent=consistent))
            case "BatchGetItem":  # each item is rounded up on its own
                return Units(
                    sum(
                        read_units(
                            [item_bytes(before[table].get(key_of(table, key), {}))],
                            consistent=bool(each.get("ConsistentRead")),
                        )
                        for table, each in params["RequestItems"].items()
                        for key in each["Keys"]
                    )
                )
            case "Query" | "Scan":
                return Units(read_units(map(item_bytes, answer.get("Items", ())), consistent=consistent))
            case "TransactWriteItems":
                actions = [action for each in params["TransactItems"] for action in each.values()]
                return Units(writes=sum(self._writes(action, before, factor=2) for action in actions))
            case _:
                return Units(writes=self._writes(params, before, factor=1))

    def _writes(self, action: Mapping[str, Any], before: Tables, *, factor: int) -> int:
        """Units of a write, which cost `factor` times as much as a single one; indexes cost the same."""
        table = action["TableName"]
        key = key_of(table, action.get("Key") or action["Item"])
        old, new = before[table].get(key), self._dynamodb.tables[table].get(key)
        indexes = INDEXES.get(table, {}).values()
        return factor * write_units(old, new) + index_units(old, new, indexes)
