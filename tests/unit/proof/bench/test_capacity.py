"""Capacity units are those of DynamoDB's documentation.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from typing import Any

import pytest

from proof.bench.capacity import Item, index_units, item_bytes, read_units, write_units

SMALL = {"id": {"S": "1"}}
KILOBYTE = {"id": {"S": "x" * 1022}}
LARGER = {"id": {"S": "x" * 1023}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "ä"}, 2),
        ({"N": "1"}, 2),
        ({"N": "1200"}, 2),
        ({"N": "-123"}, 4),
        ({"N": "0.5"}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 7),
        ({"M": {"k": {"S": "v"}}}, 6),
    ],
)
def test_an_attribute_has_the_size_of_its_name_and_value(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"name": value}) == len("name") + size


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, SMALL, 1),
        (None, KILOBYTE, 1),
        (None, LARGER, 2),
        (LARGER, SMALL, 2),
        (LARGER, None, 2),
        (None, None, 1),
    ],
)
def test_a_write_costs_what_the_larger_item_takes(
    before: Item | None, after: Item | None, units: int
) -> None:
    assert write_units(before, after) == units


@pytest.mark.parametrize(
    ("sizes", "consistent", "units"),
    [([4096], True, 1), ([4097], True, 2), ([3000, 3000], True, 2), ([10], False, 0.5), ([], True, 1)],
)
def test_a_read_is_rounded_up_to_four_kilobytes(sizes: list[int], consistent: bool, units: float) -> None:  # noqa: FBT001 - a row of the table
    assert read_units(sizes, consistent=consistent) == units


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, {"day": "1", "at": "1"}, 1),
        ({"day": "1", "at": "1"}, {"day": "1", "at": "1", "other": "2"}, 0),
        ({"day": "1", "at": "1"}, {"day": "2", "at": "1"}, 2),
        ({"day": "1", "at": "1"}, {"at": "1"}, 1),
        (None, {"at": "1"}, 0),
    ],
)
def test_an_index_is_written_when_its_entry_changes(
    before: Item | None, after: Item | None, units: int
) -> None:
    assert index_units(before, after, [("day", "at")]) == units
