import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.domain.errors import OrderCancelled, SagaUnavailable
from lambdas.domain.order import TimelineEntry
from lambdas.saga.capture_payment.logic import capture_payment
from lambdas.saga.start_saga.handler import handler
from lambdas.shared.work import at_work
from tests.unit.lambdas.builders import ORDER_ID, REQUEST_ID, SUBMITTED_AT, caught
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import FakeStripe
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.shop import Shop

OTHER_ORDER_ID = "b1b2b3b4-0000-5000-8000-000000000002"


def expect_start(
    step_functions_stub: Stubber,
    order_id: str,
    name: str | None = None,
    request_id: str | None = REQUEST_ID,
) -> None:
    given = {"order_id": order_id} | ({"request_id": request_id} if request_id else {})
    step_functions_stub.add_response(
        "start_execution",
        {"executionArn": f"arn:aws:states:::execution:{order_id}", "startDate": "2026-03-01T12:00:00Z"},
        {
            "stateMachineArn": "arn:aws:states:eu-central-1:123456789012:stateMachine:order-saga",
            "name": name or order_id,
            "input": json.dumps(given),
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
    with at_work(request_id="the-cancellation"):
        shop.cancel()
    *_, cancellation = shop.stream()
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-cancel", "the-cancellation")

    assert start([cancellation]) == {"batchItemFailures": []}


def test_a_refund_of_lines_starts_its_own_execution(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.confirmed()
    with at_work(request_id="the-refund"):
        order = shop.refund_requested(shop.order())
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-refund-v{order.version}", "the-refund")

    assert start(shop.stream()[-1:]) == {"batchItemFailures": []}


def test_a_fulfilment_starts_an_execution_only_if_the_payment_is_to_be_captured(
    shop: Shop, stripe: FakeStripe, step_functions_stub: Stubber
) -> None:
    shop.confirmed_uncaptured(stripe)
    with at_work(request_id="the-fulfilment"):
        shop.orders.fulfil(ORDER_ID, "the-boss", None, None)
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-fulfil", "the-fulfilment")
    start(shop.stream()[-1:])

    capture_payment(ORDER_ID, shop.orders, stripe)
    start(shop.stream()[-1:])


def test_a_retry_that_no_request_asks_for_has_the_request_of_the_order(
    shop: Shop, step_functions_stub: Stubber
) -> None:
    shop.being_undone()
    with at_work(execution="a-reconciliation"):
        shop.orders.request_retry(ORDER_ID, by="reconciliation")
    *_, retry = shop.stream()
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-retry-v3", REQUEST_ID)

    start([retry])


def test_an_order_of_an_earlier_version_starts_without_a_request(
    shop: Shop, step_functions_stub: Stubber
) -> None:
    shop.placed(timeline=(TimelineEntry(SUBMITTED_AT, "OrderReceived"),))
    shop.cancel()
    for name in (ORDER_ID, f"{ORDER_ID}-cancel"):
        expect_start(step_functions_stub, ORDER_ID, name, None)

    start(shop.stream())


def test_a_malformed_order_is_started_too(step_functions_stub: Stubber) -> None:
    expect_start(step_functions_stub, ORDER_ID, request_id=None)
    change = {"Keys": {"order_id": {"S": ORDER_ID}}, "NewImage": {"order_id": {"S": ORDER_ID}}}

    assert start([{"dynamodb": change}]) == {"batchItemFailures": []}


def test_the_log_names_what_was_started(shop: Shop, step_functions_stub: Stubber, log: Log) -> None:
    shop.confirmed()
    with at_work(request_id="the-cancellation"):
        shop.cancel()
    expect_start(step_functions_stub, ORDER_ID)
    expect_start(step_functions_stub, ORDER_ID, f"{ORDER_ID}-cancel", "the-cancellation")

    start(shop.stream())

    started = [line for line in log.lines if line["message"] == "execution requested"]
    assert [(line["order_id"], line["execution"], line["request_id"]) for line in started] == [
        (ORDER_ID, ORDER_ID, REQUEST_ID),
        (ORDER_ID, f"{ORDER_ID}-cancel", "the-cancellation"),
    ]


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
