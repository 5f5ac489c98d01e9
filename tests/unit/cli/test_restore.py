"""`orders restore`: tables of an earlier moment, and the orders that have lost changes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from cli.event_replay import AuditedEvent
from cli.restored_orders import RestoredRecord, outdated_orders
from lambdas.shared.store.attributes import to_attributes
from tests.unit.cli.conftest import FakeCloudFormation, FakeShop, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

KEYS = {"Orders": "order_id", "Inventory": "sku", "Idempotency": "id", "Audit": "event_id"}
STAMP = "20260301T120000Z"
AT = ("--at", "2026-03-01T12:00:00Z")
RESTORE = ("restore", "tables", "--stage", "dev")
COMPARE = ("restore", "compare", "--stage", "dev", "--since", "2026-03-01")


class Stage:
    """The tables of a stage, in an account in memory."""

    def __init__(self) -> None:
        self.dynamodb: DynamoDBClient = boto3.client("dynamodb")
        for name, key in KEYS.items():
            self.dynamodb.create_table(
                TableName=name.lower(),
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                StreamSpecification=(
                    {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
                    if name == "Orders"
                    else {"StreamEnabled": False}
                ),
                DeletionProtectionEnabled=name == "Inventory",
            )
            self.dynamodb.update_continuous_backups(
                TableName=name.lower(), PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        self.dynamodb.update_time_to_live(
            TableName="idempotency",
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"},
        )

    def put(self, table: str, **item: object) -> None:
        self.dynamodb.put_item(TableName=table, Item=to_attributes(item))

    def table(self, name: str) -> "TableDescriptionTypeDef":
        return self.dynamodb.describe_table(TableName=name)["Table"]

    def items(self, name: str) -> Sequence[Mapping[str, Any]]:
        return self.dynamodb.scan(TableName=name)["Items"]

    def expiry(self, name: str) -> str | None:
        return self.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get(
            "AttributeName"
        )

    def can_go_back(self, name: str) -> bool:
        backups = self.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        return backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"

    def tags(self, name: str) -> dict[str, str]:
        tags = self.dynamodb.list_tags_of_resource(ResourceArn=self.table(name)["TableArn"])["Tags"]
        return {each["Key"]: each["Value"] for each in tags}


class FakeBus:
    """A bus that the commands look for and do not use."""

    def describe_event_bus(self, *, Name: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        return {"Arn": f"arn:aws:events:eu-central-1:123456789012:event-bus/{Name}"}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_REGION", raising=False)
    with mock_aws():
        stage = Stage()
        outputs = {f"{name}TableName": name.lower() for name in KEYS}
        stacks = {"orders-dev-data": {**outputs, "EventBusName": "orders-dev"}}
        clients: dict[str, object] = {
            "dynamodb": stage.dynamodb,
            "cloudformation": FakeCloudFormation(stacks),
            "events": FakeBus(),
        }
        monkeypatch.setattr(boto3, "client", lambda service, **_options: clients.get(service))
        yield stage


def test_the_tables_are_restored_to_the_same_second_into_new_ones(orders: Run, stage: Stage) -> None:
    stage.put("orders", order_id="o-1", status="CONFIRMED")

    result = orders(*RESTORE, *AT)

    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f'restored_tables = ["orders-dev-Orders-{STAMP}", "orders-dev-Inventory-{STAMP}",'
        f' "orders-dev-Idempotency-{STAMP}"]\n'
    )
    assert stage.items(f"orders-dev-Orders-{STAMP}") == stage.items("orders")


def test_a_restored_table_has_all_that_a_restore_leaves_out(orders: Run, stage: Stage) -> None:
    orders(*RESTORE, *AT)

    for name in ("Orders", "Inventory", "Idempotency"):
        restored, own = stage.table(f"orders-dev-{name}-{STAMP}"), stage.table(name.lower())
        assert restored.get("StreamSpecification") == own.get("StreamSpecification"), name
        assert restored["DeletionProtectionEnabled"] == own["DeletionProtectionEnabled"], name
        assert stage.expiry(f"orders-dev-{name}-{STAMP}") == stage.expiry(name.lower()), name
        assert stage.can_go_back(f"orders-dev-{name}-{STAMP}"), name
        assert stage.tags(f"orders-dev-{name}-{STAMP}") == {"service": "orders", "stage": "dev"}, name


def test_without_a_time_all_tables_go_back_to_the_latest_second_that_all_have(
    orders: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    latest = {"orders": 9, "inventory": 7, "idempotency": 8}

    def describe(*, TableName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        moment = datetime(2026, 3, 1, 12, 0, latest[TableName], tzinfo=UTC)
        description = {"PointInTimeRecoveryDescription": {"LatestRestorableDateTime": moment}}
        return {"ContinuousBackupsDescription": description}

    monkeypatch.setattr(stage.dynamodb, "describe_continuous_backups", describe)

    result = orders(*RESTORE, "--json")

    names = json.loads(result.stdout)
    assert {name.rpartition("-")[2] for name in names} == {"20260301T120007Z"}
    assert all(stage.table(name)["TableStatus"] == "ACTIVE" for name in names)


def test_all_tables_are_restored_at_the_same_time(orders: Run, stage: Stage) -> None:
    del stage

    progress = orders(*RESTORE, *AT).stderr.splitlines()

    assert [" is restored into " in line for line in progress] == [True] * 3 + [False] * 3


def test_a_new_table_may_refuse_continuous_backups_for_a_while(
    orders: Run, stage: Stage, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_on = stage.dynamodb.update_continuous_backups
    unavailable = stage.dynamodb.exceptions.ContinuousBackupsUnavailableException({}, "")
    refusals = [unavailable, unavailable]

    def refuse_twice(**parameters: Any) -> object:  # noqa: ANN401 - those of boto3
        if refusals:
            raise refusals.pop()
        return turn_on(**parameters)

    monkeypatch.setattr(stage.dynamodb, "update_continuous_backups", refuse_twice)

    result = orders(*RESTORE, *AT, "--table", "Inventory")

    assert result.exit_code == 0, result.output
    assert stage.can_go_back(f"orders-dev-Inventory-{STAMP}")
    assert len(shop.pauses) == 2


def test_an_interrupted_restore_is_continued(orders: Run, stage: Stage) -> None:
    stage.dynamodb.restore_table_to_point_in_time(
        SourceTableName="orders", TargetTableName=f"orders-dev-Orders-{STAMP}", UseLatestRestorableTime=True
    )

    continued = orders(*RESTORE, *AT)

    assert continued.exit_code == 0, continued.output
    assert stage.table(f"orders-dev-Orders-{STAMP}")["StreamSpecification"]["StreamEnabled"]


def test_a_deleted_table_is_restored_from_its_last_backup(orders: Run, stage: Stage) -> None:
    for order_id in ("o-1", "o-2"):
        stage.put("orders", order_id=order_id)
        stage.dynamodb.create_backup(TableName="orders", BackupName=order_id)
    stage.dynamodb.delete_table(TableName="orders")

    result = orders(*RESTORE, *AT, "--table", "Orders")

    assert result.exit_code == 0, result.output
    restored = f"orders-dev-Orders-{STAMP}"
    assert sorted(item["order_id"]["S"] for item in stage.items(restored)) == ["o-1", "o-2"]
    assert stage.table(restored)["DeletionProtectionEnabled"]


def test_a_table_without_any_backup_is_an_error(orders: Run, stage: Stage) -> None:
    stage.dynamodb.delete_table(TableName="orders")

    result = orders(*RESTORE, *AT, "--table", "Orders")

    assert result.exit_code == 4
    assert "orders does not exist, and there is no backup of it" in result.stderr


def test_an_unknown_table_is_wrong_usage_that_names_the_tables(orders: Run, stage: Stage) -> None:
    del stage

    result = orders(*RESTORE, *AT, "--table", "Order")

    assert result.exit_code == 2
    assert "Audit, Idempotency, Inventory, Orders" in result.stderr


# Orders that have lost changes


def lost(event_type: str, version: int = 7, order_id: str = "o-1") -> AuditedEvent:
    detail = {"order_id": order_id, "order_version": version}
    return AuditedEvent(f"event-{version}", event_type, "2026-03-01T12:00:00.000Z", detail)


CONFIRMED = RestoredRecord("CONFIRMED", 6)
CANCEL, FULFIL = "orders cancel o-1 --as operator", "orders fulfil o-1 --as operator"


@pytest.mark.parametrize(
    ("record", "events", "advice"),
    [
        (RestoredRecord("PENDING", 1), ["OrderConfirmed"], "The reconciliation runs it again."),
        (RestoredRecord("AWAITING_PAYMENT", 5), ["OrderCancelled"], "The reconciliation runs it again."),
        (CONFIRMED, ["OrderCancelled"], CANCEL),
        (CONFIRMED, ["OrderFulfilled", "OrderCancelled"], CANCEL),
        (CONFIRMED, ["OrderFulfilled"], FULFIL),
        (CONFIRMED, ["OrderLinesRefunded"], "Let Stripe send the events of its refunds again"),
        (CONFIRMED, ["PaymentDisputed"], "Let Stripe send the events of its disputes again"),
        (RestoredRecord("FAILED", 6), ["PaymentRefundSent"], "Nothing."),
        (None, ["OrderConfirmed"], "Ask the customer to send it again with the same key, or refund"),
        (None, ["OrderConfirmed", "OrderFulfilled"], "Otherwise keep the payment"),
        (None, ["OrderConfirmed", "OrderCancelled"], "Nothing: its money was given back."),
        (None, ["PaymentApprovalNeeded"], "The reconciliation cancels its payment."),
    ],
)
def test_the_lost_changes_of_an_order_say_what_to_do(
    record: RestoredRecord | None, events: list[str], advice: str
) -> None:
    audited = [lost(event_type, 7 + number) for number, event_type in enumerate(events)]

    (order,) = outdated_orders(audited, {} if record is None else {"o-1": record})

    assert order.lost == tuple(events)
    assert advice in order.advice


def test_an_order_whose_record_has_all_its_events_lost_nothing() -> None:
    assert outdated_orders([lost("OrderConfirmed", 6)], {"o-1": CONFIRMED}) == []


def test_an_event_of_an_earlier_version_is_older_than_every_record() -> None:
    old = AuditedEvent("event", "OrderConfirmed", "2026-03-01T12:00:00.000Z", {"order_id": "o-1"})

    assert outdated_orders([old], {"o-1": CONFIRMED}) == []


def test_the_orders_that_lost_changes_are_listed(orders: Run, stage: Stage) -> None:
    for order_id, version in (("o-1", 7), ("o-2", 5), ("o-3", 9)):
        event = lost("OrderCancelled", version, order_id)
        item = {"event": event.type, "occurred_at": event.occurred_at, "detail": event.detail}
        stage.put("audit", event_id=order_id, **item)
    stage.put("orders", order_id="o-1", status="CONFIRMED", version=6)
    stage.put("orders", order_id="o-2", status="CANCELLED", version=5)

    result = orders(*COMPARE, "--json")

    assert result.exit_code == 0, result.output
    listed = {each["order_id"]: (each["status"], each["lost"]) for each in json.loads(result.stdout)}
    assert listed == {"o-1": ("CONFIRMED", ["OrderCancelled"]), "o-3": (None, ["OrderCancelled"])}
    assert CANCEL in orders(*COMPARE).stdout
