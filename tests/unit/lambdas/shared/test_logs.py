"""Log lines have the ids of the order and the execution, and nothing that must stay private."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.api.get_order.handler import handler as get_order
from lambdas.api.receive_stripe_webhook.handler import handler as receive_stripe_webhook
from lambdas.api.submit_order.handler import handler as submit_order
from lambdas.domain.errors import MailRejected, OrderSagaError
from lambdas.domain.vocabulary import MAILED_EVENTS
from lambdas.events.audit_order_events.handler import handler as audit_order_events
from lambdas.events.mail_customers.handler import handler as mail_customers
from lambdas.events.publish_order_events.handler import handler as publish_order_events
from lambdas.shared.aws import dynamodb
from lambdas.shared.log import logger
from tests.unit.lambdas.builders import ARMCHAIR, EMAIL, ORDER_ID, TASK_TOKEN, TIMED_OUT, caught
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import (
    CARD_WITH_3DS,
    CLIENT_SECRET,
    DECLINED_CARD,
    GOOD_CARD,
    FakeEventBridge,
    FakeMailer,
    FakeStripe,
)
from tests.unit.lambdas.invocations import CONTEXT, api_event, call_step, sqs_event, step_payload
from tests.unit.lambdas.shop import Shop
from tests.unit.lambdas.webhooks import SIGNING_SECRET, an_event, webhook_request

RETURN_URL = "https://shop.example/paid?session=secret"


def submit(payment_method: str = GOOD_CARD) -> str:
    body = {
        "currency": "usd",
        "items": [{"sku": ARMCHAIR.sku, "quantity": 2}],
        "payment_method": payment_method,
        "return_url": RETURN_URL,
    }
    answer = submit_order(api_event("POST", "/orders", body, headers={"Idempotency-Key": "k"}), CONTEXT)
    order_id: str = json.loads(answer["body"])["order_id"]
    return order_id


# Ids


def test_each_line_has_the_version_of_the_service() -> None:
    program = (
        "from lambdas.shared.log import logger; logger.append_keys(order_id='o'); logger.info('a');"
        " logger.clear_state(); logger.info('b')"
    )

    done = subprocess.run(  # noqa: S603 - our own code: the version is read when the log is imported
        [sys.executable, "-c", program],
        env={"SERVICE_VERSION": "1.2.3", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [json.loads(line)["service_version"] for line in done.stdout.splitlines()] == ["1.2.3", "1.2.3"]


def test_an_accepted_order_is_logged_with_its_id(shop: Shop, log: Log) -> None:
    order_id = submit()

    assert [line["order_id"] for line in log.lines] == [order_id]
    assert shop.order(order_id).order_id == order_id


def test_a_published_event_is_logged_with_its_order(
    shop: Shop, event_bridge: FakeEventBridge, log: Log
) -> None:
    shop.confirmed()

    publish_order_events({"Records": shop.stream()}, CONTEXT)

    line = log.lines[-1]
    assert (line["order_id"], line["event"]) == (ORDER_ID, "OrderConfirmed")
    assert line["event_id"] == json.loads(event_bridge.entries[0]["Detail"])["event_id"]


def test_the_ids_of_one_call_are_not_in_the_lines_of_the_next(shop: Shop, log: Log) -> None:
    shop.being_undone()
    call_step("flag_for_operator", step_payload(TIMED_OUT))
    before = len(log.lines)

    with Stubber(dynamodb()) as stub:
        stub.add_client_error("get_item", "ThrottlingException")
        get_order(api_event("GET", f"/orders/{ORDER_ID}", request_id="another-request"), CONTEXT)

    [line] = log.lines[before:]
    assert "an undo, a capture or a refund failed" in log.text
    assert "execution" not in line
    assert (line["order_id"], line["request_id"]) == (ORDER_ID, "another-request")


# Private values, in our lines and in the errors that Lambda logs


def run(*steps: str, payload: Mapping[str, Any]) -> None:
    """Call steps, and log the errors that they raise, as Lambda does."""
    for step in steps:
        try:
            call_step(step, payload)
        except OrderSagaError:
            logger.exception("as Lambda logs it")


@pytest.mark.parametrize("payment_method", [GOOD_CARD, DECLINED_CARD, CARD_WITH_3DS])
@pytest.mark.parametrize("fate", ["confirmed", "undone", "mail is refused"])
@pytest.mark.usefixtures("callback", "signing_secret")
def test_no_line_has_a_secret_an_address_or_a_card(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop,
    stripe: FakeStripe,
    mailer: FakeMailer,
    event_bridge: FakeEventBridge,
    log: Log,
    capsys: pytest.CaptureFixture[str],
    payment_method: str,
    fate: str,
) -> None:
    order_id = submit(payment_method)
    get_order(api_event("GET", f"/orders/{order_id}"), CONTEXT)
    payload = step_payload(order_id=order_id)
    undo_payload = step_payload(caught(RuntimeError("something else")), order_id=order_id)
    if fate == "mail is refused":
        mailer.refusal = MailRejected("SES returned MessageRejected")
    if fate == "undone":
        stripe.before["confirm_intent"] = lambda: shop.orders.begin_undo(order_id, TIMED_OUT)

    run("validate_order", "charge_payment", payload=payload)
    run("await_payment", payload={**payload, "task_token": TASK_TOKEN})
    if payment_method == CARD_WITH_3DS:
        stripe.settle("pi_1")
    for event_id in ("evt_1", "evt_2"):
        receive_stripe_webhook(webhook_request(an_event(event_id)), CONTEXT)
    run("reserve_inventory", payload=payload)
    run("release_inventory", "refund_payment", "close_order", "flag_for_operator", payload=undo_payload)
    run("notify_customer", payload=payload)
    publish_order_events({"Records": shop.stream()}, CONTEXT)
    audit_order_events(sqs_event(*(_delivered(entry) for entry in event_bridge.entries)), CONTEXT)
    for entry in event_bridge.entries:
        if entry["DetailType"] in MAILED_EVENTS:
            mail_customers(sqs_event(_delivered(entry)), CONTEXT)

    written = log.text + capsys.readouterr().out
    assert order_id in written
    assert EMAIL not in written
    assert payment_method not in written
    assert RETURN_URL not in written
    for secret in (TASK_TOKEN, CLIENT_SECRET, SIGNING_SECRET):
        assert secret not in written


def _delivered(entry: dict[str, str]) -> str:
    return json.dumps({"detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])})
