"""Compiled expressions do what moto does."""

from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from proof.simulation.dynamodb import IDEMPOTENCY, DynamoDB, no_items
from proof.simulation.expressions import condition as compiled
from proof.simulation.network import Rejected
from proof.simulation.scheduler import Scheduler

KEY: Final = {"id": {"S": "item-1"}}
NAMES: Final = {"#a": "a", "#b": "b", "#m": "m"}

numbers = st.builds(lambda number: {"N": str(number)}, st.integers(-3, 3))
texts = st.builds(lambda text: {"S": text}, st.sampled_from(["x", "xy", "y"]))
scalars = numbers | texts  # no booleans: moto takes true for equal to 1
values = scalars | st.builds(lambda each: {"L": each}, st.lists(scalars, max_size=2))
attributes = values | st.builds(
    lambda members: {"SS": sorted(members)}, st.sets(st.sampled_from("xy"), min_size=1)
)
items = st.fixed_dictionaries(
    {}, optional={"a": attributes, "b": attributes, "m": st.builds(lambda a: {"M": {"a": a}}, scalars)}
)
paths = st.sampled_from(["#a", "#b", "#m.#a"])
comparisons = st.builds("{} {} :v".format, paths, st.sampled_from(["=", "<>"]))
functions = st.builds("{}({})".format, st.sampled_from(["attribute_exists", "attribute_not_exists"]), paths)
searches = st.builds("{}({}, :t)".format, st.sampled_from(["contains", "begins_with"]), paths)
lists = st.builds("{} IN (:v, :t)".format, paths)
simple = comparisons | functions | searches | lists
conditions = st.recursive(
    simple,
    lambda inner: (
        st.builds("({} AND {})".format, inner, inner)
        | st.builds("({} OR {})".format, inner, inner)
        | st.builds("(NOT {})".format, inner)
    ),
    max_leaves=4,
)
updates = st.sampled_from(
    [
        "SET #a = :v",
        "SET #m.#a = :v, #b = :t",
        "SET #a = list_append(#a, :l)",
        "SET #a = if_not_exists(#b, :v)",
        "SET #a = :v REMOVE #b",
        "SET #b = #a",
        "ADD #a :n",
        "ADD #a :s",
        "REMOVE #a, #b",
    ]
)


class Moto:
    """The same table in moto."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.backend = DynamoDBBackend("eu-central-1", DEFAULT_ACCOUNT_ID)
        self.handler = _Handler(self.backend)
        self.handle(
            "create_table",
            {
                "TableName": IDEMPOTENCY,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        )
        self.handle("put_item", {"TableName": IDEMPOTENCY, "Item": item})

    def handle(self, operation: str, params: dict[str, Any]) -> None:
        self.handler.body = params
        getattr(self.handler, operation)()

    @property
    def item(self) -> dict[str, Any]:
        item = self.backend.get_item(IDEMPOTENCY, KEY)
        assert item is not None
        attributes: dict[str, Any] = item.to_json()["Attributes"]
        return attributes


class _Handler(DynamoHandler):
    def __init__(self, backend: DynamoDBBackend) -> None:
        super().__init__()
        self._backend = backend

    @property
    def dynamodb_backend(self) -> DynamoDBBackend:
        return self._backend


def used(params: dict[str, Any], *texts: str) -> dict[str, Any]:
    """The parameters with the names and values that the expressions use; DynamoDB refuses others."""
    text = " ".join(texts)
    all_values = params.pop("values")
    names = {name: each for name, each in NAMES.items() if name in text}
    values = {name: each for name, each in all_values.items() if name in text}
    return {
        **params,
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


@settings(max_examples=300, deadline=None)
@given(item=items, condition=conditions, update=updates, value=scalars, text=texts, number=numbers)
def test_an_update_does_what_moto_does(  # noqa: PLR0913, PLR0917 - all that decides
    item: dict[str, Any],
    condition: str,
    update: str,
    value: dict[str, Any],
    text: dict[str, Any],
    number: dict[str, Any],
) -> None:
    before = {**KEY, **item}
    params = used(
        {
            "TableName": IDEMPOTENCY,
            "Key": KEY,
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "values": {":v": value, ":t": text, ":n": number, ":l": {"L": [value]}, ":s": {"SS": ["z"]}},
        },
        update,
        condition,
    )
    tables = no_items()
    tables[IDEMPOTENCY]["item-1",] = before
    dynamodb = DynamoDB(Scheduler("expressions"), lambda _: None, lambda _table, _item: None, tables)
    moto = Moto(before)

    with suppress(Rejected):
        dynamodb.handle("UpdateItem", params)
    with suppress(Exception):  # moto has many errors
        moto.handle("update_item", params)

    assert dynamodb.tables[IDEMPOTENCY]["item-1",] == moto.item


@pytest.mark.parametrize(
    ("condition", "fitting"),
    [
        ("#a < :v", ["9"]),
        ("#a <= :v", ["9", "10"]),
        ("#a > :v", ["100"]),
        ("#a >= :v", ["10", "100"]),
        ("#a BETWEEN :v AND :v", ["10"]),
    ],
)
def test_numbers_are_compared_as_numbers(condition: str, fitting: list[str]) -> None:
    fits = compiled(condition, (("#a", "a"),))

    assert [a for a in ("9", "10", "100") if fits({"a": {"N": a}}, {":v": {"N": "10"}})] == fitting
