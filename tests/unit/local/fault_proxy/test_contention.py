"""Writes that meet at an item are refused in DynamoDB's own words, and others are not."""

import json
from collections.abc import Mapping
from typing import Any

import botocore.parsers
import botocore.session
import pytest
from aiohttp import web

from local.fault_proxy.contention import Transactions


def update(sku: str) -> dict[str, Any]:
    return {"TableName": "inventory", "Key": {"sku": {"S": sku}}}


def transaction(*skus: str) -> bytes:
    return json.dumps({"TransactItems": [{"Update": update(sku)} for sku in skus]}).encode()


def as_botocore_reads(answer: web.Response) -> Mapping[str, Any]:
    model = botocore.session.Session().get_service_model("dynamodb")
    response: dict[str, Any] = {
        "status_code": answer.status,
        "headers": answer.headers,
        "body": answer.body,
    }
    parser = botocore.parsers.create_parser("json")
    shape = model.operation_model("TransactWriteItems").output_shape
    assert shape is not None
    parsed = parser.parse(response, shape)
    return {**parsed, **parser.parse(response, model.shape_for_error_code(parsed["Error"]["Code"]))}


def test_a_transaction_is_cancelled_where_it_meets_another_one() -> None:
    transactions = Transactions()

    with (
        transactions.entered_by("TransactWriteItems", transaction("CHAIR", "LAMP")) as first,
        transactions.entered_by("TransactWriteItems", transaction("TABLE", "CHAIR")) as second,
    ):
        assert first is None
        assert second is not None
        error = as_botocore_reads(second)
        assert error["Error"]["Code"] == "TransactionCanceledException"
        assert [each["Code"] for each in error["CancellationReasons"]] == ["None", "TransactionConflict"]


def test_a_single_write_is_refused_where_it_meets_a_transaction() -> None:
    transactions = Transactions()

    with (
        transactions.entered_by("TransactWriteItems", transaction("CHAIR")),
        transactions.entered_by("UpdateItem", json.dumps(update("CHAIR")).encode()) as refusal,
    ):
        assert refusal is not None
        assert as_botocore_reads(refusal)["Error"]["Code"] == "TransactionConflictException"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("TransactWriteItems", transaction("LAMP")),
        ("UpdateItem", json.dumps(update("LAMP")).encode()),
        ("GetItem", json.dumps(update("CHAIR")).encode()),
        ("POST /v1/refunds", b"amount=500"),
    ],
)
def test_nothing_else_is_refused(operation: str, body: bytes) -> None:
    transactions = Transactions()

    with (
        transactions.entered_by("TransactWriteItems", transaction("CHAIR")),
        transactions.entered_by(operation, body) as refusal,
    ):
        assert refusal is None


def test_an_item_is_free_again_when_its_transaction_is_over() -> None:
    transactions = Transactions()

    for _ in range(2):
        with transactions.entered_by("TransactWriteItems", transaction("CHAIR")) as refusal:
            assert refusal is None
