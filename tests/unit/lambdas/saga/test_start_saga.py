import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.domain.errors import OrderCancelled, SagaUnavailable
from lambdas.saga.start_saga.handler import handler
from tests.unit.lambdas.builders import ORDER_ID, caught
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.shop import Shop

OTHER_ORDER_ID = "b1b2b3b4-0000-5000-8000-000000000002"


def expect_start(step_functions_stub: Stubber, order_id: str, name: str | None = None) -> None:
    step_functions_stub.add_response(
        "start_execution",
        {"executionArn": f"arn:aws:states:::execution:{order_id}", "startDate": "2026-03-01T12:00:00Z"},
        {
            "stateMachineArn": "arn:aws:states:eu-central-1:123456789012:stateMachine:order-saga",
            "name": name or order_id,
            "input": json.dumps({"order_id": order_id}),
        },
    )


def start(records: list[dict[str, Any]]) -> Mapping[str, object]:
    return handler({"Records": records}, CONTEXT)


def test_a_new_order_starts_an_execution_named_after_it(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.placed()
    shop.placed(order_id=OTHER_ORDER_ID)
    expect_start(step_functions_stub, ORDER_ID)
    expect_start(step_functions_stub, OTHER_ORDER_ID)

    assert start(shop.stream()) == {"batchItemFailures": []}


def test_an_execution_that_was_started_before_is_no_failure(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.placed()
    step_functions_stub.add_client_error("start_execution", "ExecutionAlreadyExists")

    assert start(shop.stream()) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", SagaUnavailable), ("StateMachineDoesNotExist", ClientError)]
)
def test_an_order_whose_execution_did_not_start_is_retried(
    shop: Shop, step_functions_stub: Stubber, code: str, error: type[Exception]
) -> None:
    shop.placed()
    step_functions_stub.add_client_error("start_execution", code)

    with pytest.raises(error, match=code):
        start(shop.stream())


def test_the_orders_before_a_failure_are_not_started_again(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.placed()
    shop.placed(order_id=OTHER_ORDER_ID)
    records = shop.stream()
    expect_start(step_functions_stub, ORDER_ID)
    step_functions_stub.add_client_error("start_execution", "ThrottlingException")

    assert start(records) == {
        "batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]
    }


def test_a_cancellation_starts_its_own_execution(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.confirmed()
    shop.cancel()
    *_, cancellation = shop.stream()
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-cancel")

    assert start([cancellation]) == {"batchItemFailures": []}


def test_every_retry_starts_its_own_execution(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.being_undone()
    shop.orders.request_retry(ORDER_ID)
    shop.orders.request_retry(ORDER_ID)
    *_, first, second = shop.stream()
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-retry-v3")
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-retry-v4")

    assert start([first, second]) == {"batchItemFailures": []}


@pytest.mark.usefixtures("step_functions_stub")
def test_other_changes_start_no_execution(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()
    shop.orders.request_retry(ORDER_ID)
    shop.orders.begin_undo(ORDER_ID, caught(OrderCancelled("It was cancelled.")))
    *_, undo = shop.stream()

    assert start([undo]) == {"batchItemFailures": []}
