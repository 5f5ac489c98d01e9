"""The simulated DynamoDB: transactions, streams and pages."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from proof.simulation.dynamodb import INVENTORY, ORDERS, DynamoDB, no_items
from proof.simulation.network import Rejected
from proof.simulation.scheduler import Scheduler, current_strand

Records = list[dict[str, Any]]

LATER_MS: Final = 100
MUCH_LATER_MS: Final = 5_000


def play(run: Callable[[DynamoDB, Records], None]) -> None:
    records: Records = []
    with Scheduler("dynamodb") as scheduler:
        tables = no_items()
        tables[ORDERS]["order-1",] = {"order_id": {"S": "order-1"}, "version": {"N": "1"}}
        for sku, units in (("LAMP", "2"), ("CHAIR", "0")):
            tables[INVENTORY][sku,] = {"sku": {"S": sku}, "available": {"N": units}}
        dynamodb = DynamoDB(scheduler, records.append, lambda _table, _item: None, tables)
        scheduler.play(lambda: run(dynamodb, records))


def take(sku: str) -> dict[str, Any]:
    return {
        "TableName": INVENTORY,
        "Key": {"sku": {"S": sku}},
        "UpdateExpression": "ADD available :less",
        "ConditionExpression": "available >= :one",
        "ExpressionAttributeValues": {":less": {"N": "-1"}, ":one": {"N": "1"}},
    }


def next_version() -> dict[str, Any]:
    return {
        "TableName": ORDERS,
        "Key": {"order_id": {"S": "order-1"}},
        "UpdateExpression": "ADD version :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


def transaction(*updates: dict[str, Any], token: str = "token-1") -> dict[str, Any]:  # noqa: S107 - no secret
    return {"TransactItems": [{"Update": each} for each in updates], "ClientRequestToken": token}


def codes(rejected: pytest.ExceptionInfo[Rejected]) -> list[str]:
    reasons: Any = rejected.value.body["CancellationReasons"]
    return [reason["Code"] for reason in reasons]


def units(dynamodb: DynamoDB, sku: str) -> str:
    return str(dynamodb.tables[INVENTORY][sku,]["available"]["N"])


def test_a_transaction_writes_nothing_if_a_condition_fails() -> None:
    def run(dynamodb: DynamoDB, records: Records) -> None:
        with pytest.raises(Rejected, match="TransactionCanceledException") as rejected:
            dynamodb.handle("TransactWriteItems", transaction(take("LAMP"), take("CHAIR"), next_version()))

        assert codes(rejected) == ["None", "ConditionalCheckFailed", "None"]
        assert (units(dynamodb, "LAMP"), records) == ("2", [])

    play(run)


def test_a_transaction_that_is_repeated_with_its_token_writes_once() -> None:
    def run(dynamodb: DynamoDB, _: Records) -> None:
        for _try in range(2):
            dynamodb.handle("TransactWriteItems", transaction(take("LAMP")))

        assert units(dynamodb, "LAMP") == "1"

    play(run)


def test_writes_conflict_with_a_transaction_under_way() -> None:
    def run(dynamodb: DynamoDB, _: Records) -> None:
        dynamodb.handle("TransactWriteItems", transaction(take("LAMP"), next_version()))

        with pytest.raises(Rejected) as rejected:
            dynamodb.handle("TransactWriteItems", transaction(take("LAMP"), token="token-2"))  # noqa: S106 - no secret
        with pytest.raises(Rejected, match="TransactionConflictException"):
            dynamodb.handle("UpdateItem", next_version())
        assert codes(rejected) == ["TransactionConflict"]

        current_strand().sleep(LATER_MS)
        dynamodb.handle("UpdateItem", next_version())

    play(run)


def test_the_stream_has_both_images_of_each_change() -> None:
    def run(dynamodb: DynamoDB, records: Records) -> None:
        dynamodb.handle("UpdateItem", next_version())
        dynamodb.handle("PutItem", {"TableName": ORDERS, "Item": {"order_id": {"S": "order-2"}}})

        changed, added = (record["dynamodb"] for record in records)
        assert [record["eventName"] for record in records] == ["MODIFY", "INSERT"]
        assert (changed["OldImage"]["version"], changed["NewImage"]["version"]) == ({"N": "1"}, {"N": "2"})
        assert "OldImage" not in added
        assert changed["SequenceNumber"] < added["SequenceNumber"]

    play(run)


def test_only_a_consistent_read_sees_each_write_at_once() -> None:
    def run(dynamodb: DynamoDB, _: Records) -> None:
        def version(**read: object) -> str:
            key = {"TableName": ORDERS, "Key": {"order_id": {"S": "order-1"}}}
            return str(dynamodb.handle("GetItem", {**key, **read})["Item"]["version"]["N"])

        dynamodb.handle("UpdateItem", next_version())

        assert (version(), version(ConsistentRead=True)) == ("1", "2")
        current_strand().sleep(MUCH_LATER_MS)
        assert version() == "2"

    play(run)


def test_a_full_page_has_the_key_of_the_next_one() -> None:
    def run(dynamodb: DynamoDB, _: Records) -> None:
        first = dynamodb.handle("Scan", {"TableName": INVENTORY, "Limit": 1})
        start = {"ExclusiveStartKey": first["LastEvaluatedKey"]}
        second = dynamodb.handle("Scan", {"TableName": INVENTORY, "Limit": 2, **start})

        assert [item["sku"]["S"] for item in (*first["Items"], *second["Items"])] == ["CHAIR", "LAMP"]
        assert "LastEvaluatedKey" not in second

    play(run)
