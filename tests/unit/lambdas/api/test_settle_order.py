import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.api.settle_order.handler import handler
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.saga.start_saga.logic import requested_execution
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.order_representation import represent
from tests.unit.lambdas.builders import CUSTOMER, ORDER_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop

REASON = "Paid back in cash."


def settle(*, groups: str = "operators", body: object = None) -> tuple[int, dict[str, Any]]:
    body = {"reason": REASON} if body is None else body
    event = api_event("POST", f"/orders/{ORDER_ID}/settle", body, customer="the-boss", groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def cancelled_and_flagged(shop: Shop) -> Order:
    shop.confirmed()
    shop.cancel()
    return shop.orders.flag(ORDER_ID, "StoreUnavailable")


@pytest.mark.parametrize("given", [Shop.needs_attention, cancelled_and_flagged])
def test_a_payment_that_stripe_cannot_refund_is_settled(shop: Shop, given: Callable[[Shop], Order]) -> None:
    given(shop)

    status, body = settle()

    assert (status, body["status"], body["payment"]["status"]) == (202, "PENDING", "settled_outside")
    assert body["timeline"][-1]["event"] == "PaymentSettledOutside"
    assert body["settlement"] == {
        "by": "the-boss",
        "reason": REASON,
        "at": shop.order().retry_requested_at,
    }


def test_a_settlement_asks_for_one_more_execution(shop: Shop) -> None:
    shop.needs_attention()

    settle()

    change = shop.stream()[-1]["dynamodb"]
    asked = requested_execution(change)
    assert asked is not None
    assert asked.name == f"{ORDER_ID}-retry-v{shop.order().version}"


def test_a_settled_order_is_closed_without_a_refund(shop: Shop) -> None:
    order = shop.settled()

    assert (order.status, order.payment.status) == (OrderStatus.FAILED, PaymentStatus.SETTLED_OUTSIDE)


def test_a_repeated_settlement_changes_nothing(shop: Shop) -> None:
    shop.needs_attention()
    first = settle()

    assert settle(body={"reason": "Another one."}) == first


@pytest.mark.parametrize(
    "given",
    [Shop.placed, Shop.confirmed, Shop.being_undone, Shop.closed, Shop.refund_pending],
)
def test_an_order_that_does_not_need_attention_is_not_settled(
    shop: Shop, given: Callable[[Shop], Order]
) -> None:
    before = given(shop)

    status, body = settle()

    assert (status, body["type"]) == (409, "urn:problem-type:order-saga:nothing-to-settle")
    assert shop.order() == before


def test_an_order_that_goes_forward_again_is_not_settled(shop: Shop) -> None:
    shop.paid()
    before = shop.orders.flag(ORDER_ID, "4 executions did not succeed")

    status, body = settle()

    assert (status, body["detail"]) == (409, "The order is not being undone. If it must be, cancel it first.")
    assert shop.order() == before


def test_an_order_without_a_payment_is_not_settled(shop: Shop) -> None:
    shop.being_undone()
    shop.orders.flag(ORDER_ID, "UndoIncomplete")

    status, body = settle()

    assert (status, body["detail"]) == (409, "The order is NEEDS_ATTENTION, and its payment is not_started.")


def test_only_operators_see_how_a_payment_was_settled(shop: Shop, log: Log) -> None:
    shop.needs_attention()
    settle()

    order = shop.order()
    assert "settlement" not in represent(order, Caller(CUSTOMER, is_operator=False))
    assert "settlement" in represent(order, Caller("the-boss", is_operator=True))
    assert REASON not in log.text


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, 7, None])
def test_a_settlement_needs_a_reason(shop: Shop, reason: object) -> None:
    shop.needs_attention()

    status, body = settle(body={"reason": reason})

    assert (status, [error["field"] for error in body["errors"]]) == (400, ["reason"])


def test_a_customer_cannot_settle(shop: Shop) -> None:
    shop.needs_attention()

    assert settle(groups="customers")[0] == 403


@pytest.mark.usefixtures("shop")
def test_the_payment_of_an_unknown_order_cannot_be_settled() -> None:
    assert settle()[0] == 404
