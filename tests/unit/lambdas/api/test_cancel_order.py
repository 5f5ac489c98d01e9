import json
from typing import Any

import pytest

from lambdas.api.cancel_order.handler import handler
from lambdas.domain.errors import OutOfStock
from tests.unit.lambdas.builders import CUSTOMER, ORDER_ID, caught
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import EarlyReader, Shop


def cancel(*, customer: str = CUSTOMER, groups: str = "customers") -> tuple[int, dict[str, Any]]:
    event = api_event("POST", f"/orders/{ORDER_ID}/cancel", customer=customer, groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("stage", ["placed", "priced", "paid", "confirmed"])
def test_an_order_can_be_cancelled_at_any_moment(shop: Shop, stage: str) -> None:
    getattr(shop, stage)()

    status, body = cancel()

    assert status == 202
    assert body["timeline"][-1]["event"] == "CancellationRequested: customer"
    assert shop.order().cancel_requested_by == "customer"
    assert shop.unsettled() == [ORDER_ID]


def test_an_operator_can_cancel_every_order(shop: Shop) -> None:
    shop.confirmed()

    status, _ = cancel(customer="the-boss", groups="operators")

    assert status == 202
    assert shop.order().cancel_requested_by == "operator"


def test_the_order_of_another_customer_is_not_found(shop: Shop) -> None:
    shop.confirmed()

    status, _ = cancel(customer="mallory")

    assert status == 404
    assert shop.order().cancel_requested_by is None


def test_a_repeated_request_changes_nothing(shop: Shop) -> None:
    shop.confirmed()
    cancel()
    first = shop.order()

    assert cancel(customer="the-boss", groups="operators")[0] == 202
    assert shop.order() == first


def test_a_request_for_a_cancelled_order_is_accepted_again(shop: Shop) -> None:
    shop.confirmed()
    shop.close_cancelled()

    status, body = cancel()

    assert (status, body["status"]) == (202, "CANCELLED")


def test_an_order_that_failed_cannot_be_cancelled(shop: Shop) -> None:
    shop.closed()

    status, body = cancel()

    assert (status, body["type"]) == (409, "urn:problem-type:order-saga:nothing-to-cancel")
    assert body["detail"] == "The order is FAILED."


def test_an_order_that_is_being_undone_cannot_be_cancelled(shop: Shop) -> None:
    shop.being_undone()

    status, body = cancel()

    assert status == 409
    assert body["detail"] == "The order could not be completed and is already being undone."
    assert shop.order().cancel_requested_by is None


def test_an_undo_that_begins_just_before_a_cancellation_wins(shop: Shop) -> None:
    # The cancellation reads the order as it was before its undo began.
    before = shop.placed()
    shop.orders.begin_undo(ORDER_ID, caught(OutOfStock("Nothing is left.")))

    order = EarlyReader(shop, before).request_cancellation(ORDER_ID, "customer")

    assert order.cancel_requested_by is None
