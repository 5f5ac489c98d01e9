import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.api.retry_order.handler import handler
from lambdas.domain.order import OrderStatus
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop


def retry(*, groups: str = "operators") -> tuple[int, dict[str, Any]]:
    event = api_event("POST", f"/orders/{ORDER_ID}/retry", customer="the-boss", groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_order_that_needs_attention_becomes_pending(shop: Shop) -> None:
    shop.being_undone()
    shop.orders.flag(ORDER_ID, "Stripe is gone")

    status, body = retry()

    assert (status, body["status"]) == (202, "PENDING")
    assert body["timeline"][-1]["event"] == "RetryRequested"


def test_an_order_can_be_flagged_again_after_a_retry(shop: Shop) -> None:
    shop.being_undone()
    shop.orders.flag(ORDER_ID, "Stripe is gone")
    retry()

    order = shop.orders.flag(ORDER_ID, "Stripe is still gone")

    assert order.status is OrderStatus.NEEDS_ATTENTION
    assert order.timeline[-1].event == "OrderNeedsAttention: Stripe is still gone"


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_confirmed_order_that_is_not_at_rest_keeps_its_status(shop: Shop, *, is_cancelled: bool) -> None:
    shop.confirmed()
    if is_cancelled:
        shop.cancel()

    status, body = retry()

    assert (status, body["status"]) == (202, "CONFIRMED")


@pytest.mark.parametrize("rest", [Shop.confirmed, Shop.closed])
def test_an_order_at_rest_cannot_be_retried(shop: Shop, rest: Callable[[Shop], object]) -> None:
    rest(shop)
    before = shop.notified(shop.order())

    status, body = retry()

    assert (status, body["type"]) == (409, "urn:problem-type:order-saga:order-at-rest")
    assert shop.order() == before


def test_a_customer_cannot_retry(shop: Shop) -> None:
    shop.being_undone()

    assert retry(groups="customers")[0] == 403


@pytest.mark.usefixtures("shop")
def test_an_unknown_order_cannot_be_retried() -> None:
    assert retry()[0] == 404
