import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from lambdas.domain.order import OrderStatus
from lambdas.domain.vocabulary import Metric, RecoveryOutcome
from lambdas.recovery.recover_order.handler import handler
from lambdas.recovery.recover_order.logic import EndedExecution, TooEarly, recover_order
from lambdas.shared.aws import sqs
from lambdas.shared.metrics import Measure
from tests.unit.lambdas.builders import ORDER_ID, REQUEST_ID
from tests.unit.lambdas.fakes import FakeExecutions
from tests.unit.lambdas.invocations import CONTEXT, sqs_event
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import Shop

ENDED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAUSES = (timedelta(seconds=10), timedelta(seconds=60))
LATER = ENDED_AT + timedelta(hours=1)


def recover(
    shop: Shop, name: str = ORDER_ID, status: str = "ABORTED", now: datetime = LATER
) -> tuple[RecoveryOutcome, list[str]]:
    """Recover from the end of an execution, and return the names of the executions that were started."""
    executions = FakeExecutions()
    ended = EndedExecution(name, ORDER_ID, REQUEST_ID, status, ENDED_AT)
    outcome = recover_order(ended, now, PAUSES, shop.orders, executions)
    assert set(executions.started.values()) <= {ORDER_ID}
    assert set(executions.requests.values()) <= {REQUEST_ID}
    return outcome, list(executions.started)


@pytest.mark.parametrize(
    ("name", "next_name"),
    [
        (ORDER_ID, f"{ORDER_ID}-r1"),
        (f"{ORDER_ID}-r1", f"{ORDER_ID}-r2"),
        (f"{ORDER_ID}-cancel", f"{ORDER_ID}-cancel-r1"),
        (f"{ORDER_ID}-retry-v12-r1", f"{ORDER_ID}-retry-v12-r2"),
    ],
)
def test_an_execution_that_was_stopped_is_followed_by_another(shop: Shop, name: str, next_name: str) -> None:
    shop.priced()

    assert recover(shop, name) == (RecoveryOutcome.RUN_AGAIN, [next_name])


@pytest.mark.parametrize(("name", "pause"), [(ORDER_ID, PAUSES[0]), (f"{ORDER_ID}-r1", PAUSES[1])])
def test_each_recovery_has_its_own_pause(shop: Shop, name: str, pause: timedelta) -> None:
    shop.priced()

    with pytest.raises(TooEarly) as too_early:
        recover(shop, name, now=ENDED_AT + timedelta(seconds=4))

    assert too_early.value.wait == pause - timedelta(seconds=4)


def test_an_order_is_flagged_after_its_last_recovery(shop: Shop) -> None:
    shop.priced()

    assert recover(shop, f"{ORDER_ID}-r2") == (RecoveryOutcome.GIVEN_UP, [])
    assert shop.order().status is OrderStatus.NEEDS_ATTENTION
    assert shop.order().attention_may_pass


def test_a_confirmed_order_stays_confirmed_after_its_last_recovery(shop: Shop) -> None:
    confirmed = shop.confirmed()

    assert recover(shop, f"{ORDER_ID}-r2") == (RecoveryOutcome.GIVEN_UP, [])
    assert shop.order() == confirmed


def test_a_confirmed_order_that_is_not_at_rest_is_run_again(shop: Shop) -> None:
    shop.confirmed()

    assert recover(shop) == (RecoveryOutcome.RUN_AGAIN, [f"{ORDER_ID}-r1"])


def test_an_order_at_rest_whose_refund_of_lines_failed_is_not_run_again(shop: Shop) -> None:
    order = shop.refund_requested(shop.notified(shop.confirmed()))
    shop.fail_due_refund(order)

    assert recover(shop, status="FAILED") == (RecoveryOutcome.HUMAN_CALLED, [])


def test_an_order_that_the_saga_has_flagged_is_not_run_again(shop: Shop) -> None:
    shop.being_undone()
    shop.orders.flag(ORDER_ID, "Stripe is gone")

    assert recover(shop, status="FAILED") == (RecoveryOutcome.HUMAN_CALLED, [])


def test_an_execution_of_an_unknown_order_is_ignored(shop: Shop) -> None:
    assert recover(shop) == (RecoveryOutcome.UNKNOWN_ORDER, [])


@pytest.fixture
def queue() -> Iterator[Stubber]:
    with Stubber(sqs()) as stub:
        yield stub
        stub.assert_no_pending_responses()


def status_change(stopped_at: datetime) -> str:
    detail: dict[str, Any] = {
        "name": ORDER_ID,
        "status": "ABORTED",
        "stopDate": int(stopped_at.timestamp() * 1000),
        "input": json.dumps({"order_id": ORDER_ID}),
    }
    return json.dumps({"detail-type": "Step Functions Execution Status Change", "detail": detail})


def test_a_message_from_the_queue_starts_an_execution(
    shop: Shop, step_functions_stub: Stubber, emitted: Emitted
) -> None:
    shop.priced()
    step_functions_stub.add_response(
        "start_execution",
        {"executionArn": "arn:aws:states:::execution:any", "startDate": ENDED_AT},
        {
            "stateMachineArn": ANY,
            "name": f"{ORDER_ID}-r1",
            "input": json.dumps({"order_id": ORDER_ID, "request_id": REQUEST_ID}),
        },
    )

    assert handler(sqs_event(status_change(ENDED_AT)), CONTEXT) == {"batchItemFailures": []}
    assert emitted() == [Measure(Metric.ENDED_EXECUTIONS, "run_again")]


def test_a_message_that_is_too_early_is_hidden_for_the_pause(shop: Shop, queue: Stubber) -> None:
    shop.priced()
    queue.add_response(
        "change_message_visibility",
        {},
        {"QueueUrl": ANY, "ReceiptHandle": "handle-0", "VisibilityTimeout": 10},
    )

    answer = handler(sqs_event(status_change(datetime.now(UTC))), CONTEXT)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}


def test_a_message_stays_in_the_queue_if_step_functions_fails(
    shop: Shop, step_functions_stub: Stubber
) -> None:
    shop.priced()
    step_functions_stub.add_client_error("start_execution", "ThrottlingException")

    answer = handler(sqs_event(status_change(ENDED_AT)), CONTEXT)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
