"""Every log line about an order, and every entry of its timeline, names what wrote it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.stub import Stubber

import lambdas
from lambdas.api.cancel_order.handler import handler as cancel_order
from lambdas.api.erase_customer.handler import handler as erase_customer
from lambdas.api.fulfil_order.handler import handler as fulfil_order
from lambdas.api.receive_stripe_webhook.handler import handler as receive_stripe_webhook
from lambdas.api.republish_events.handler import handler as republish_events
from lambdas.api.request_refund.handler import handler as request_refund
from lambdas.api.retry_order.handler import handler as retry_order
from lambdas.api.settle_order.handler import handler as settle_order
from lambdas.api.submit_order.handler import handler as submit_order
from lambdas.domain.order import Order
from lambdas.domain.vocabulary import MailFeedback
from lambdas.events.audit_order_events.handler import handler as audit_order_events
from lambdas.events.record_mail_feedback.handler import handler as record_mail_feedback
from lambdas.recovery.reconcile_orders.handler import handler as reconcile_orders
from lambdas.recovery.recover_order.handler import handler as recover_order
from lambdas.shared.aws import dynamodb
from lambdas.shared.log import logger
from lambdas.shared.work import at_work, writer
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, ORDER_ID, REQUEST_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import CARD_WITH_3DS, GOOD_CARD, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, api_event, sqs_event
from tests.unit.lambdas.saga.play import ExecutionFailed, Moment, play
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop
from tests.unit.lambdas.webhooks import an_event, webhook_request

EXECUTION: Final = f"{ORDER_ID}-retry-v2"
OWN: Final = "the-request"


def writers(order: Order, start: int = 0) -> list[tuple[str | None, str | None]]:
    """The execution and the request of each entry, from one on."""
    return [(entry.execution, entry.request_id) for entry in order.timeline[start:]]


# Where the names come from


def test_what_is_at_work_is_forgotten_afterwards(log: Log) -> None:
    with at_work(order_id="o", execution="e", request_id="r"):
        with at_work(order_id="other"):
            assert writer() == {}
            logger.info("within")
        assert writer() == {"execution": "e"}
        logger.info("without")
    logger.info("after")

    ids = [{name: line.get(name) for name in ("order_id", "execution", "request_id")} for line in log.lines]
    assert ids == [
        {"order_id": "other", "execution": None, "request_id": None},
        {"order_id": "o", "execution": "e", "request_id": "r"},
        {"order_id": None, "execution": None, "request_id": None},
    ]
    assert writer() == {}


ABOUT_NO_ORDER: Final = {"enroll_customer", "take_turn"}


def test_every_function_names_what_it_works_for() -> None:
    edges = (
        "@endpoint",
        "@step_handler",
        "@reconciliation_handler",
        "process_in_order(",
        "process_messages(",
        "consume_events(",
        "consume_once(",
    )

    silent = {
        handler.parent.name
        for handler in Path(*lambdas.__path__).glob("*/*/handler.py")
        if not any(edge in handler.read_text(encoding="utf-8") for edge in edges)
    }

    assert silent == ABOUT_NO_ORDER


# Entries of executions


def nothing_fails(_state: str, _number: int) -> Moment | None:
    return None


def stock_is_never_taken(state: str, _number: int) -> Moment | None:
    return "before" if state == "ReserveInventory" else None


def the_undo_fails(state: str, _number: int) -> Moment | None:
    return "before" if state in {"ReserveInventory", "RefundPayment"} else None


@pytest.mark.parametrize("payment_method", [GOOD_CARD, CARD_WITH_3DS])
@pytest.mark.parametrize("strike", [nothing_fails, stock_is_never_taken, the_undo_fails])
@pytest.mark.usefixtures("stripe", "mailer", "callback")
def test_every_entry_of_a_step_names_its_execution(
    shop: Shop, payment_method: str, strike: Callable[[str, int], Moment | None]
) -> None:
    shop.placed(payment_method=payment_method)

    try:
        play("States.Timeout", strike, execution=EXECUTION)
    except ExecutionFailed:
        assert strike is the_undo_fails

    received, *others = writers(shop.order())
    assert received == (None, REQUEST_ID)
    assert set(others) == {(EXECUTION, None)}


@pytest.mark.parametrize("execution", [ORDER_ID, f"{ORDER_ID}-r1", "a-run"])
def test_the_id_of_the_order_is_not_stored_again_in_its_timeline(shop: Shop, execution: str) -> None:
    shop.placed()
    with at_work(execution=execution):
        shop.cancel()

    assert writers(shop.order(), 1) == [(execution, None)]
    [item] = shop.all_items(ORDERS_TABLE)
    assert ORDER_ID not in str(item["timeline"])


@pytest.mark.usefixtures("step_functions_stub")
def test_what_the_recovery_writes_names_the_execution_that_ended(shop: Shop) -> None:
    shop.priced()
    ended = {
        "name": f"{ORDER_ID}-r2",
        "status": "ABORTED",
        "stopDate": 1_772_366_400_000,
        "input": json.dumps({"order_id": ORDER_ID}),
    }

    recover_order(sqs_event(json.dumps({"detail": ended})), CONTEXT)

    assert shop.order().timeline[-1].event.startswith("OrderNeedsAttention: 3 executions")
    assert writers(shop.order())[-1] == (f"{ORDER_ID}-r2", None)


def test_what_the_reconciliation_writes_names_its_run(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.placed()
    step_functions_stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    step_functions_stub.add_response(
        "describe_execution",
        {"executionArn": "arn:aws:s", "stateMachineArn": "arn:aws:s", "status": "SUCCEEDED", "startDate": 0},
    )

    reconcile_orders(
        {
            "started_at": "2026-03-01T13:00:00.000Z",
            "execution": "run-1",
            "scope": "full",
            "cursor": None,
            "report": {},
        },
        CONTEXT,
    )

    assert writers(shop.order(), 1) == [("run-1", None)]


# Entries of requests


def test_the_first_entry_names_the_request_of_the_submission(shop: Shop) -> None:
    body = {
        "currency": "usd",
        "items": [{"sku": ARMCHAIR.sku, "quantity": 2}],
        "payment_method": GOOD_CARD,
    }

    def submit(request_id: str) -> str:
        headers = {"Idempotency-Key": "k"}
        event = api_event("POST", "/orders", body, headers=headers, request_id=request_id)
        order_id: str = json.loads(submit_order(event, CONTEXT)["body"])["order_id"]
        return order_id

    order_id = submit("the-first")
    submit("the-same-again")

    order = shop.order(order_id)
    assert (writers(order), order.request_id) == ([(None, "the-first")], "the-first")
    assert order.as_submitted().request_id == "the-first"


CALLS: Final = [
    (Shop.confirmed, cancel_order, f"/orders/{ORDER_ID}/cancel", None),
    (Shop.confirmed, retry_order, f"/orders/{ORDER_ID}/retry", None),
    (Shop.confirmed, republish_events, f"/orders/{ORDER_ID}/republish", None),
    (Shop.confirmed, fulfil_order, f"/orders/{ORDER_ID}/fulfil", None),
    (Shop.confirmed, request_refund, f"/orders/{ORDER_ID}/refunds", {"amount": 1, "reason": "Late."}),
    (Shop.needs_attention, settle_order, f"/orders/{ORDER_ID}/settle", {"reason": "Paid back in cash."}),
    (
        lambda shop: shop.notified(shop.closed()),
        erase_customer,
        f"/customers/{CUSTOMER}/erase",
        None,
    ),
]


@pytest.mark.parametrize(("given", "handler", "path", "body"), CALLS)
def test_every_entry_of_a_call_names_its_request(
    shop: Shop, given: Callable[[Shop], Order], handler: Callable[..., Any], path: str, body: object
) -> None:
    before = given(shop)

    headers = {"Idempotency-Key": "key-1"}
    handler(api_event("POST", path, body, headers=headers, groups="operators", request_id=OWN), CONTEXT)

    assert writers(shop.order(), len(before.timeline)) == [(None, OWN)]


@pytest.mark.usefixtures("signing_secret", "callback")
def test_what_a_webhook_writes_names_the_request_of_the_webhook(
    shop: Shop, stripe: FakeStripe, log: Log
) -> None:
    before = shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    event = webhook_request(an_event())
    event["requestContext"]["extendedRequestId"] = OWN

    receive_stripe_webhook(event, CONTEXT)

    assert writers(shop.order(), len(before.timeline)) == [(None, OWN)]
    [line] = log.lines
    assert (line["order_id"], line["request_id"], line["webhook_request_id"]) == (ORDER_ID, REQUEST_ID, OWN)


def test_what_becomes_of_a_mail_is_written_by_neither(shop: Shop, log: Log) -> None:
    before = shop.confirmed()
    detail_type = MailFeedback.BOUNCED.detail_type

    record_mail_feedback(
        sqs_event(json.dumps({"event_id": "e", "detail_type": detail_type, "order_ids": [ORDER_ID]})), CONTEXT
    )

    assert writers(shop.order(), len(before.timeline)) == [(None, None)]
    assert (log.lines[-1]["order_id"], log.lines[-1]["request_id"]) == (ORDER_ID, REQUEST_ID)


# Lines of consumers


def a_message(detail: dict[str, str]) -> str:
    return json.dumps({"detail-type": "OrderConfirmed", "detail": detail})


DETAIL: Final = {
    "order_id": ORDER_ID,
    "event_id": "event-1",
    "occurred_at": "2026-03-01T12:00:04.000Z",
    "request_id": REQUEST_ID,
}


@pytest.mark.usefixtures("shop")
def test_a_consumer_of_the_bus_logs_the_ids_of_the_event(log: Log) -> None:
    earlier = {name: value for name, value in DETAIL.items() if name != "request_id"}

    audit_order_events(sqs_event(a_message(DETAIL), a_message(earlier)), CONTEXT)

    assert [(line["order_id"], line.get("request_id")) for line in log.lines] == [
        (ORDER_ID, REQUEST_ID),
        (ORDER_ID, None),
    ]


def test_a_message_that_fails_is_logged_with_its_ids(log: Log) -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error("put_item", "ThrottlingException")
        stub.add_response("put_item", {})
        audit_order_events(sqs_event(a_message(DETAIL), a_message(DETAIL)), CONTEXT)

    failed, _kept = log.lines
    assert (failed["level"], failed["order_id"], failed["request_id"]) == ("ERROR", ORDER_ID, REQUEST_ID)
    assert failed["exception_name"] == "StoreUnavailable"
