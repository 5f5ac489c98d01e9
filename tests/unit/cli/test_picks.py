"""`orders picks`: what the warehouse must pick."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from lambdas.shared.store.attributes import to_attributes
from tests.unit.cli.conftest import FakeCloudFormation, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "picks-dev"
PICKS = ("picks", "--stage", "dev")


class Warehouse:
    """The pick list of a stage, in an account in memory."""

    def __init__(self) -> None:
        self.dynamodb: DynamoDBClient = boto3.client("dynamodb")
        self.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("order_id", "state", "confirmed_at")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "open_picks",
                    "KeySchema": [
                        {"AttributeName": "state", "KeyType": "HASH"},
                        {"AttributeName": "confirmed_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )

    def must_pick(self, order_id: str, confirmed_at: str, **quantities: int) -> None:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
        self._put(order_id=order_id, state="OPEN", confirmed_at=confirmed_at, lines=lines)

    def need_not_pick(self, order_id: str, state: str) -> None:
        self._put(order_id=order_id, state=state)

    def _put(self, **item: object) -> None:
        self.dynamodb.put_item(TableName=TABLE, Item=to_attributes({"order_version": 7, **item}))


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_REGION", raising=False)
    with mock_aws():
        warehouse = Warehouse()
        stacks = {"orders-dev-events": {"EventBusName": "orders-dev", "PicksTableName": TABLE}}
        clients = {"dynamodb": warehouse.dynamodb, "cloudformation": FakeCloudFormation(stacks)}
        monkeypatch.setattr(boto3, "client", lambda service, **_options: clients[service])
        yield warehouse


def test_what_must_be_picked_is_listed_the_oldest_order_first(orders: Run, warehouse: Warehouse) -> None:
    warehouse.must_pick("newer", "2026-03-01T12:00:09.000Z", LAMP=1)
    warehouse.must_pick("older", "2026-03-01T12:00:04.120Z", CHAIR=2, LAMP=3)

    listed = json.loads(orders(*PICKS, "--json").stdout)

    assert listed == [
        {
            "order_id": "older",
            "confirmed_at": "2026-03-01T12:00:04.120Z",
            "items": [{"sku": "CHAIR", "quantity": 2}, {"sku": "LAMP", "quantity": 3}],
        },
        {
            "order_id": "newer",
            "confirmed_at": "2026-03-01T12:00:09.000Z",
            "items": [{"sku": "LAMP", "quantity": 1}],
        },
    ]


@pytest.mark.parametrize("state", ["HELD", "DROPPED", "PICKED"])
def test_an_order_that_must_not_be_picked_is_not_listed(
    orders: Run, warehouse: Warehouse, state: str
) -> None:
    warehouse.need_not_pick("order", state)

    assert orders(*PICKS).stdout.strip() == "Nothing must be picked."


def test_the_table_has_a_row_for_each_line_of_an_order(orders: Run, warehouse: Warehouse) -> None:
    warehouse.must_pick("older", "2026-03-01T12:00:04.120Z", CHAIR=2, LAMP=3)

    _head, _rule, *rows = orders(*PICKS).stdout.splitlines()

    assert [row.split() for row in rows if row] == [
        ["2026-03-01", "12:00:04", "older", "2", "CHAIR"],
        ["2026-03-01", "12:00:04", "older", "3", "LAMP"],
    ]


@pytest.mark.parametrize(("limit", "remark"), [(1, "There are more: raise --limit."), (2, "")])
def test_the_list_says_whether_there_is_more(
    orders: Run, warehouse: Warehouse, limit: int, remark: str
) -> None:
    warehouse.must_pick("a", "2026-03-01T12:00:04.120Z", CHAIR=2)
    warehouse.must_pick("b", "2026-03-01T12:00:05.120Z", CHAIR=2)

    result = orders(*PICKS, "--json", "--limit", str(limit))

    assert len(json.loads(result.stdout)) == limit
    assert result.stderr.strip() == remark


def test_a_stage_without_stacks_has_no_pick_list(orders: Run, warehouse: Warehouse) -> None:
    assert warehouse.dynamodb

    result = orders("picks", "--stage", "prod")

    assert result.exit_code == 5
    assert "The stage prod was not found" in result.stderr
