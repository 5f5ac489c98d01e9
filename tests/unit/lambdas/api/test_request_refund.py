import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.api.request_refund.handler import handler
from lambdas.api.request_refund.logic import MOST_REFUNDS
from lambdas.domain.line_refund import LineRefundStatus
from lambdas.domain.order import Order
from lambdas.saga.capture_payment.logic import capture_payment
from lambdas.saga.start_saga.logic import requested_execution
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.store.orders import MOST_DELAYS
from lambdas.shared.submission.request import MAX_LINES
from lambdas.shared.work import at_work
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, ORDER_ID, REQUEST_ID, two
from tests.unit.lambdas.fakes import FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop

ONE = {"items": [{"sku": ARMCHAIR.sku, "quantity": 1}], "restock": True, "reason": "A leg was broken."}
"""The order has two."""

BOTH = {**ONE, "items": [{"sku": ARMCHAIR.sku, "quantity": 2}]}


def refund(body: object = ONE, key: str = "key-1", groups: str = "operators") -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": key}
    event = api_event(
        "POST", f"/orders/{ORDER_ID}/refunds", body, headers=headers, customer="the-boss", groups=groups
    )
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_units_are_refunded_at_the_price_that_was_paid(shop: Shop) -> None:
    shop.confirmed()

    status, body = refund()

    (requested,) = body["refunds"]
    assert (status, body["status"], requested["status"]) == (202, "CONFIRMED", "requested")
    assert requested["items"] == ONE["items"]
    assert requested["amount"] == ARMCHAIR.unit_price
    assert (requested["reason"], requested["requested_by"]) == ("A leg was broken.", "the-boss")


def test_a_refund_leaves_the_rest_and_asks_for_an_execution(shop: Shop) -> None:
    shop.notified(shop.confirmed())

    refund()

    order = shop.order()
    asked = requested_execution(shop.stream()[-1]["dynamodb"])
    assert (order.unsettled, order.refund_due) == (True, order.refunds[0].refund_id)
    assert asked is not None
    assert asked.name == f"{ORDER_ID}-refund-v{order.version}"


def test_the_attempt_is_recorded_before_the_refund_is_made(shop: Shop) -> None:
    shop.confirmed()

    refund()

    order = shop.order()
    assert order.payment.refund_attempts == {order.refunds[0].refund_id}


def test_a_repeated_request_has_the_same_result(shop: Shop) -> None:
    shop.confirmed()
    first = refund()

    assert refund() == first
    assert len(shop.order().refunds) == 1


def test_a_key_that_was_used_for_another_refund_is_refused(shop: Shop) -> None:
    shop.confirmed()
    refund()

    status, body = refund(BOTH)

    assert (status, body["type"]) == (422, "urn:problem-type:order-saga:idempotency-key-reused")


def test_units_are_refunded_until_none_are_left(shop: Shop) -> None:
    shop.lines_refunded(shop.confirmed())

    assert refund(BOTH)[1]["detail"] == "Units of CRUNCHY-ARMCHAIR left to refund: 1."
    assert refund(ONE, key="key-2")[0] == 202


def test_an_amount_is_refunded_until_nothing_is_left(shop: Shop) -> None:
    shop.refunded_outside(shop.lines_refunded(shop.confirmed()), 30_000)

    assert refund({"amount": 7_901, "reason": "Late."})[1]["detail"] == "Amount left to refund: 79.00 USD."
    assert refund({"amount": 7_900, "reason": "Late."}, key="key-2")[0] == 202


def test_a_refund_has_an_amount_that_stripe_takes(shop: Shop) -> None:
    fork = replace(ARMCHAIR, unit_price=1_005, currency="kwd")  # the price of two is a multiple of 10
    shop.put(fork)
    shop.confirmed(currency="kwd")

    detail = "The amount 1.005 KWD is not a multiple of 0.010 KWD, as the payment provider requires."
    assert refund()[1]["detail"] == detail
    assert refund(BOTH, key="key-2")[0] == 202


def test_an_order_has_a_limited_number_of_refunds(shop: Shop) -> None:
    shop.confirmed()
    for n in range(MOST_REFUNDS):
        assert refund(key=f"key-{n}")[0] == 202
        _fail(shop)

    assert refund(key="one-more")[1]["detail"] == f"An order can have at most {MOST_REFUNDS} refunds."


def test_all_refunds_of_the_largest_order_fit_into_its_record(shop: Shop) -> None:
    wide = "\U0001f600"  # four bytes
    products = [replace(ARMCHAIR, sku=f"{n:064}", name=wide * 200) for n in range(MAX_LINES)]
    for product in products:
        shop.put(product)
    shop.confirmed(*map(two, products))
    before = _bytes_of_order(shop)

    items = [{"sku": product.sku, "quantity": 1} for product in products]
    assert refund({"items": items, "restock": True, "reason": wide * 500})[0] == 202
    requested = _bytes_of_order(shop)
    with at_work(order_id=ORDER_ID, execution=f"{ORDER_ID}-refund-v999-r3", request_id=REQUEST_ID):
        shop.orders.delay_line_refund(shop.order(), "PaymentProviderUnavailable")
    delay = _bytes_of_order(shop) - requested
    _fail(shop)
    one_refund = _bytes_of_order(shop) - before - delay

    assert before + MOST_REFUNDS * one_refund + MOST_DELAYS * delay < 400 * 1024


def _bytes_of_order(shop: Shop) -> int:
    """Size of the order's record as JSON, which is more than DynamoDB counts."""
    record = shop.client.get_item(TableName=ORDERS_TABLE, Key={"order_id": {"S": ORDER_ID}})["Item"]
    return len(json.dumps(record, ensure_ascii=False).encode())


def _fail(shop: Shop) -> None:
    """Stripe refuses the refund that is due."""
    order = shop.order()
    for due in filter(None, [order.due_refund]):
        failed = replace(due, status=LineRefundStatus.FAILED)
        shop.orders.record_line_refund(order, failed, f"LineRefundFailed: {'x' * 100}", is_over=True)


def test_units_go_back_into_stock_only_once(shop: Shop) -> None:
    order = shop.lines_refunded(shop.confirmed())
    order = _returned_by_the_bank(shop, order)

    assert refund(BOTH)[1]["detail"] == "Units of CRUNCHY-ARMCHAIR that can go back into stock: 1."
    assert refund({**BOTH, "restock": False}, key="key-2")[0] == 202


def test_a_unit_that_is_back_already_is_refunded_again_without_restock(shop: Shop) -> None:
    _returned_by_the_bank(shop, shop.lines_refunded(shop.confirmed()))

    assert refund()[1]["detail"] == "Units of CRUNCHY-ARMCHAIR that can go back into stock: 0."
    assert refund({**ONE, "restock": False}, key="key-2")[0] == 202


def _returned_by_the_bank(shop: Shop, order: Order) -> Order:
    """The units are back, but the money is not: the refund has failed."""
    failed = replace(order.refunds[0], status=LineRefundStatus.FAILED)
    reopened = shop.orders.reopen_line_refund(order, failed, "LineRefundReturned")
    assert reopened is not None
    closed = shop.orders.record_line_refund(reopened, failed, "LineRefundFailed: returned", is_over=True)
    assert closed is not None
    return closed


def test_one_refund_is_made_after_the_other(shop: Shop) -> None:
    shop.refund_requested(shop.confirmed())

    status, body = refund()

    assert (status, body["type"]) == (409, "urn:problem-type:order-saga:refund-not-possible")
    assert "Another refund of the order is being made" in body["detail"]


def test_two_requests_at_once_refund_no_unit_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = shop.confirmed()
    shop.lines_refunded(stale, items={ARMCHAIR.sku: 2}, amount=2 * ARMCHAIR.unit_price)
    monkeypatch.setattr("lambdas.api.request_refund.handler.order_for", lambda *_: stale)

    assert refund()[1]["detail"] == "Units of CRUNCHY-ARMCHAIR left to refund: 0."


@pytest.mark.parametrize("given", [Shop.paid, Shop.closed, Shop.needs_attention])
def test_only_a_confirmed_order_has_something_to_refund(shop: Shop, given: Any) -> None:  # noqa: ANN401 - a method
    order = given(shop)

    status, body = refund()

    assert status == 409
    assert body["detail"].startswith(f"The order is {order.status}.")


def test_an_order_that_is_being_cancelled_is_refunded_as_a_whole(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    assert refund()[1]["detail"] == "The order is being cancelled, and everything is refunded."


def test_nothing_is_refunded_before_the_capture(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)

    assert refund()[1]["detail"] == (
        "The payment is not captured yet, so there is nothing to refund: fulfil or cancel the order."
    )
    shop.orders.fulfil(ORDER_ID, "the-boss", None, None)
    assert refund()[1]["detail"] == "The payment is being captured. Try again when the order is fulfilled."
    capture_payment(ORDER_ID, shop.orders, stripe)
    assert refund()[0] == 202


def test_a_disputed_payment_is_not_refunded(shop: Shop) -> None:
    shop.disputed(shop.confirmed())

    assert refund()[0] == 409


INVALID = {
    "neither items nor an amount": {"reason": "Late."},
    "items and an amount": {**ONE, "amount": 5},
    "an amount that is restocked": {"amount": 5, "restock": True, "reason": "Late."},
    "no items": {"items": [], "reason": "Late."},
    "an item twice": {**ONE, "items": ONE["items"] * 2},  # type: ignore[operator] # a list
    "no reason": {"amount": 5},
    "a blank reason": {"amount": 5, "reason": " "},
    "no amount": {"amount": 0, "reason": "Late."},
}


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
def test_a_malformed_request_is_refused(shop: Shop, body: object) -> None:
    shop.confirmed()

    assert refund(body)[0] == 400


def test_customers_may_not_refund(shop: Shop) -> None:
    shop.confirmed()

    assert refund(groups="customers")[0] == 403


def test_a_customer_does_not_see_the_reason(shop: Shop) -> None:
    order = shop.lines_refunded(shop.confirmed())

    shown = represent(order, Caller(CUSTOMER, is_operator=False))

    assert "broken" not in json.dumps(shown)
    assert "the-boss" not in json.dumps(shown)
