import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.api.get_order.handler import handler
from lambdas.domain.order import PaymentStatus
from lambdas.shared.aws import dynamodb
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, EMAIL, ORDER_ID, TASK_TOKEN, TIMED_OUT
from tests.unit.lambdas.fakes import CLIENT_SECRET, NEXT_ACTION, SLOW_CARD, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop


def get(
    order_id: str = ORDER_ID, *, customer: str = CUSTOMER, groups: str = "customers"
) -> tuple[int, dict[str, Any]]:
    event = api_event("GET", f"/orders/{order_id}", customer=customer, groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_customer_sees_their_order(shop: Shop) -> None:
    order = shop.confirmed()

    status, body = get(customer=CUSTOMER)

    assert status == 200
    assert body == {
        "order_id": ORDER_ID,
        "status": "CONFIRMED",
        "currency": "usd",
        "items": [{"sku": ARMCHAIR.sku, "quantity": 2, "unit_price": ARMCHAIR.unit_price}],
        "amount": 2 * ARMCHAIR.unit_price,
        "payment": {"status": "succeeded", "intent_id": "pi_paid"},
        "timeline": [{"at": entry.at, "event": entry.event} for entry in order.timeline],
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def test_a_customer_sees_why_their_order_failed(shop: Shop) -> None:
    shop.closed()

    _status, body = get()

    assert (body["status"], body["failure"]) == (
        "FAILED",
        {"code": "out_of_stock", "message": "Nothing is left."},
    )


def test_an_order_is_shown_without_the_customers_address_and_card(shop: Shop) -> None:
    order = shop.paid()

    _status, body = get()

    assert EMAIL not in str(body)
    assert order.payment_method not in str(body)


# A payment that waits for its customer


def test_a_customer_who_has_to_approve_sees_what_to_do(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)

    _status, body = get(customer=CUSTOMER)

    assert body["status"] == "AWAITING_PAYMENT"
    assert body["payment"] == {
        "status": "requires_action",
        "intent_id": "pi_1",
        "next_action": NEXT_ACTION,
        "client_secret": CLIENT_SECRET,
    }


def test_a_customer_whose_bank_takes_its_time_has_nothing_to_do(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe, SLOW_CARD)

    _status, body = get()

    assert body["payment"] == {"status": "processing", "intent_id": "pi_1"}


def a_confirmed(shop: Shop) -> None:
    shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    shop.stock.take(shop.order())


def a_closed(shop: Shop) -> None:
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.CANCELED, "PaymentCanceled")
    shop.orders.close(ORDER_ID, TIMED_OUT)


def a_flagged(shop: Shop) -> None:
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    shop.orders.flag(ORDER_ID, "RefundRefused")


@pytest.mark.parametrize("end", [a_confirmed, a_closed, a_flagged])
def test_an_order_that_waits_no_more_shows_no_client_secret(
    shop: Shop, stripe: FakeStripe, end: Callable[[Shop], None]
) -> None:
    shop.awaiting_payment(stripe)
    end(shop)

    _status, body = get()

    assert body["payment"].keys() == {"status", "intent_id"}
    assert CLIENT_SECRET not in str(body)


def test_nobody_ever_sees_the_token_of_a_waiting_saga(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)

    assert TASK_TOKEN not in str(get())


def test_somebody_elses_client_secret_is_not_shown(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)

    status, body = get(customer="sally")

    assert status == 404
    assert CLIENT_SECRET not in str(body)


# Only their own


def test_somebody_elses_order_looks_like_none_at_all(shop: Shop) -> None:
    shop.placed(customer_id="sally")

    somebody_elses = get(customer="harry")

    assert somebody_elses == get("b1b2b3b4-0000-5000-8000-000000000002", customer="harry")
    assert somebody_elses[0] == 404
    assert somebody_elses[1]["type"] == "urn:problem-type:order-saga:not-found"


@pytest.mark.usefixtures("untouched_store")
def test_what_is_no_order_id_is_not_looked_for() -> None:
    assert get("no-such-order")[0] == 404


def test_an_operator_sees_everybodys_orders(shop: Shop) -> None:
    shop.placed(customer_id="sally")

    assert get(customer="olivia", groups="operators")[0] == 200


def test_while_the_store_is_down_the_caller_is_asked_to_come_back() -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error("get_item", "InternalServerError", http_status_code=500)

        assert get()[0] == 503
