"""Overlapping writes to one item are rejected with DynamoDB's own errors, other writes are not."""

import json
from typing import Any

import pytest

from local.fault_proxy.contention import Transactions
from tests.unit.local.fault_proxy.conftest import as_botocore_reads


def update(sku: str) -> dict[str, Any]:
    return {"TableName": "inventory", "Key": {"sku": {"S": sku}}}


def transaction(*skus: str) -> bytes:
    return json.dumps({"TransactItems": [{"Update": update(sku)} for sku in skus]}).encode()


def test_a_transaction_is_cancelled_while_another_writes_the_item() -> None:
    transactions = Transactions()

    with (
        transactions.opened_by("TransactWriteItems", transaction("CHAIR", "LAMP")) as first,
        transactions.opened_by("TransactWriteItems", transaction("TABLE", "CHAIR")) as second,
    ):
        assert first is None
        assert second is not None
        error = as_botocore_reads(second, "dynamodb")
        assert error["Error"]["Code"] == "TransactionCanceledException"
        assert [each["Code"] for each in error["CancellationReasons"]] == ["None", "TransactionConflict"]


def test_a_single_write_is_rejected_while_a_transaction_writes_the_item() -> None:
    transactions = Transactions()

    with (
        transactions.opened_by("TransactWriteItems", transaction("CHAIR")),
        transactions.opened_by("UpdateItem", json.dumps(update("CHAIR")).encode()) as rejection,
    ):
        assert rejection is not None
        assert as_botocore_reads(rejection, "dynamodb")["Error"]["Code"] == "TransactionConflictException"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("TransactWriteItems", transaction("LAMP")),
        ("UpdateItem", json.dumps(update("LAMP")).encode()),
        ("GetItem", json.dumps(update("CHAIR")).encode()),
        ("POST /v1/refunds", b"amount=500"),
    ],
)
def test_other_calls_are_not_rejected(operation: str, body: bytes) -> None:
    transactions = Transactions()

    with (
        transactions.opened_by("TransactWriteItems", transaction("CHAIR")),
        transactions.opened_by(operation, body) as rejection,
    ):
        assert rejection is None


def test_an_item_is_free_after_its_transaction() -> None:
    transactions = Transactions()

    for _ in range(2):
        with transactions.opened_by("TransactWriteItems", transaction("CHAIR")) as rejection:
            assert rejection is None
