import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.api.get_order.handler import handler
from lambdas.domain.order import PaymentStatus
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, EMAIL, ORDER_ID, REQUEST_ID, TASK_TOKEN, TIMED_OUT
from tests.unit.lambdas.fakes import CLIENT_SECRET, NEXT_ACTION, SLOW_CARD, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, api_event, call_step, step_payload
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


# What only operators see


def test_an_operator_sees_who_the_customer_is_and_their_address(shop: Shop) -> None:
    shop.confirmed()

    body = get(customer="the-boss", groups="operators")[1]

    assert {**body, "timeline": []} == {
        **get()[1],
        "timeline": [],
        "customer_id": CUSTOMER,
        "email": EMAIL,
    }


def test_only_operators_see_what_wrote_an_entry(shop: Shop) -> None:
    shop.placed()
    call_step("validate_order", step_payload())

    operators, customers = get(groups="operators")[1]["timeline"], get()[1]["timeline"]

    assert [(each.get("execution"), each.get("request_id")) for each in operators] == [
        (None, REQUEST_ID),
        (ORDER_ID, None),
    ]
    assert [set(each) for each in customers] == [{"at", "event"}] * 2


@pytest.mark.parametrize(
    ("groups", "event"),
    [
        ("customers", "OrderNeedsAttention"),
        ("operators", "OrderNeedsAttention: RefundRefused: Stripe returned charge_disputed"),
    ],
)
def test_only_operators_see_the_names_of_internal_errors(shop: Shop, groups: str, event: str) -> None:
    shop.needs_attention()

    timeline = get(groups=groups)[1]["timeline"]

    assert timeline[-1]["event"] == event
    assert "UndoBegan: out_of_stock" in [entry["event"] for entry in timeline]


# A payment that waits for its customer


def test_a_customer_who_must_approve_the_payment_sees_how(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)

    _status, body = get(customer=CUSTOMER)

    assert body["status"] == "AWAITING_PAYMENT"
    assert body["payment"] == {
        "status": "requires_action",
        "intent_id": "pi_1",
        "next_action": NEXT_ACTION,
        "client_secret": CLIENT_SECRET,
    }
    assert TASK_TOKEN not in str(body)


def test_an_operator_does_not_see_the_client_secret(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)

    _status, body = get(customer="olivia", groups="operators")

    assert body["payment"] == {"status": "requires_action", "intent_id": "pi_1"}


def test_a_payment_that_the_bank_processes_needs_no_action(shop: Shop, stripe: FakeStripe) -> None:
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
def test_a_payment_that_waits_no_longer_has_no_client_secret(
    shop: Shop, stripe: FakeStripe, end: Callable[[Shop], None]
) -> None:
    shop.awaiting_payment(stripe)
    end(shop)

    _status, body = get()

    assert body["payment"].keys() == {"status", "intent_id"}
    assert CLIENT_SECRET not in str(body)


# Who can see an order


def test_the_order_of_another_customer_looks_like_no_order(shop: Shop) -> None:
    shop.placed(customer_id="sally")

    response = get(customer="harry")

    assert response == get("b1b2b3b4-0000-5000-8000-000000000002", customer="harry")
    assert response[0] == 404
    assert response[1]["type"] == "urn:problem-type:order-saga:not-found"


@pytest.mark.usefixtures("untouched_store")
def test_a_malformed_order_id_is_not_looked_up() -> None:
    assert get("no-such-order")[0] == 404


def test_an_order_id_in_capitals_is_the_same_order(shop: Shop) -> None:
    shop.confirmed()

    status, body = get(ORDER_ID.upper())

    assert (status, body["order_id"]) == (200, ORDER_ID)


def test_an_operator_sees_every_order(shop: Shop) -> None:
    shop.placed(customer_id="sally")

    assert get(customer="olivia", groups="operators")[0] == 200
