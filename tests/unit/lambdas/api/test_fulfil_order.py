import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.api.cancel_order.handler import handler as cancel_order
from lambdas.api.fulfil_order.handler import handler
from lambdas.domain.order import Fulfilment, Order, OrderStatus
from lambdas.saga.capture_payment.logic import capture_payment
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.store.order_change import Change
from lambdas.shared.store.orders import OrderTable
from tests.unit.lambdas.builders import CUSTOMER, ORDER_ID
from tests.unit.lambdas.fakes import FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop

PARCEL = {"carrier": "DHL", "tracking_number": "00340434161094"}


def fulfil(body: object = None, *, groups: str = "operators") -> tuple[int, dict[str, Any]]:
    event = api_event("POST", f"/orders/{ORDER_ID}/fulfil", body, customer="the-boss", groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def cancel(groups: str = "customers") -> tuple[int, dict[str, Any]]:
    customer = CUSTOMER if groups == "customers" else "the-boss"
    event = api_event("POST", f"/orders/{ORDER_ID}/cancel", customer=customer, groups=groups)
    answer = cancel_order(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def a_returned_order(shop: Shop) -> Order:
    shop.fulfilled()
    return shop.close_returned()


@pytest.mark.parametrize("body", [PARCEL, {"carrier": "DHL"}, {}, None])
def test_a_confirmed_order_is_fulfilled(shop: Shop, body: dict[str, str] | None) -> None:
    shop.notified(shop.confirmed())

    status, answer = fulfil(body)

    recorded = shop.order().fulfilment
    assert recorded is not None
    assert (status, answer["status"]) == (200, "CONFIRMED")
    assert answer["fulfilment"] == {"at": recorded.at, "by": "the-boss", **(body or {})}
    assert answer["timeline"][-1]["event"] == "OrderFulfilled"
    assert shop.unsettled() == []


@pytest.mark.parametrize("body", [PARCEL, None])
def test_a_repeated_fulfilment_changes_nothing(shop: Shop, body: dict[str, str] | None) -> None:
    shop.confirmed()
    first = fulfil(body)

    assert fulfil(body) == first
    assert shop.order().version == len(first[1]["timeline"])


@pytest.mark.parametrize("body", [None, {"carrier": "DHL"}, {**PARCEL, "tracking_number": "7"}])
def test_another_delivery_is_rejected_with_what_is_recorded(shop: Shop, body: dict[str, str] | None) -> None:
    shop.confirmed()
    fulfil(PARCEL)
    before = shop.order()

    status, answer = fulfil(body)

    assert before.fulfilment is not None
    assert (status, answer["type"]) == (409, "urn:problem-type:order-saga:nothing-to-fulfil")
    assert answer["detail"] == (
        f"The order was fulfilled at {before.fulfilment.at}: carrier DHL, tracking number 00340434161094."
    )
    assert shop.order() == before


@pytest.mark.parametrize("given", [Shop.placed, Shop.paid, Shop.being_undone, Shop.closed])
def test_only_a_confirmed_order_is_fulfilled(shop: Shop, given: Callable[[Shop], Order]) -> None:
    before = given(shop)

    status, answer = fulfil(PARCEL)

    assert (status, answer["type"]) == (409, "urn:problem-type:order-saga:nothing-to-fulfil")
    assert answer["detail"] == f"The order is {before.status}. Only a confirmed order can be fulfilled."
    assert shop.order() == before


def test_a_cancellation_that_comes_first_keeps_the_goods_here(shop: Shop) -> None:
    shop.confirmed()
    cancel()

    status, answer = fulfil(PARCEL)

    assert (status, answer["detail"]) == (409, "The customer has cancelled the order. Do not send the goods.")
    assert shop.order().fulfilment is None


def test_a_fulfilment_that_comes_first_keeps_the_sale(shop: Shop) -> None:
    shop.confirmed()
    fulfil(PARCEL)
    before = shop.order()

    status, answer = cancel()

    assert (status, answer["type"]) == (409, "urn:problem-type:order-saga:nothing-to-cancel")
    assert answer["detail"] == "The order has been sent. To send it back, contact the shop."
    assert shop.order() == before


def test_an_operator_takes_fulfilled_goods_back(shop: Shop) -> None:
    shop.confirmed()
    fulfil(PARCEL)

    status, answer = cancel("operators")

    assert (status, answer["timeline"][-1]["event"]) == (202, "CancellationRequested: operator")
    assert shop.unsettled() == [ORDER_ID]


def test_a_return_undoes_the_order_and_keeps_what_was_sent(shop: Shop) -> None:
    order = a_returned_order(shop)

    assert order.failure is not None
    assert (order.status, order.failure.code) == (OrderStatus.CANCELLED, "returned")
    assert order.fulfilment is not None


def test_an_order_that_was_returned_is_not_sent_again(shop: Shop) -> None:
    before = a_returned_order(shop)

    assert fulfil(PARCEL)[0] == 409
    assert shop.order() == before


def test_only_operators_see_who_fulfilled_an_order(shop: Shop) -> None:
    shop.confirmed()
    fulfil(PARCEL)

    order = shop.order()
    assert isinstance(order.fulfilment, Fulfilment)
    assert represent(order, Caller(CUSTOMER, is_operator=False))["fulfilment"] == {
        "at": order.fulfilment.at,
        **PARCEL,
    }


# Orders that are captured at their fulfilment


def test_the_fulfilment_of_an_authorized_order_is_accepted(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)

    status, answer = fulfil(PARCEL)

    assert (status, answer["payment"]["status"]) == (202, "requires_capture")
    assert "fulfilment" not in answer
    assert answer["timeline"][-1]["event"] == "FulfilmentRequested"
    assert shop.unsettled() == [ORDER_ID]
    assert fulfil(PARCEL) == (status, answer)


def test_a_request_after_the_capture_returns_the_fulfilled_order(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)
    fulfil(PARCEL)
    capture_payment(ORDER_ID, shop.orders, stripe)

    status, answer = fulfil(PARCEL)

    assert (status, answer["payment"]["status"]) == (200, "succeeded")
    assert answer["fulfilment"].items() >= PARCEL.items()


def test_a_payment_captured_in_the_dashboard_is_not_captured_again(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)
    shop.orders.record_captured(ORDER_ID)

    assert fulfil(PARCEL)[0] == 200


def test_a_capture_in_the_dashboard_between_two_writes_is_no_refusal(
    shop: Shop, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.confirmed_uncaptured(stripe)
    change = OrderTable._try  # noqa: SLF001 - the moment between its writes

    def change_after_a_capture(orders: OrderTable, order_id: str, wanted: Change) -> Order | None:
        if wanted.event == "FulfilmentRequested":
            shop.orders.record_captured(order_id)
        return change(orders, order_id, wanted)

    monkeypatch.setattr(OrderTable, "_try", change_after_a_capture)

    assert fulfil(PARCEL)[0] == 200


def test_another_delivery_is_rejected_with_what_is_requested(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)
    fulfil(PARCEL)

    status, answer = fulfil()

    assert status == 409
    assert answer["detail"].startswith("The fulfilment was requested at 2026-")


def test_a_customer_cannot_cancel_while_the_payment_is_captured(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)
    fulfil(PARCEL)

    status, answer = cancel()

    assert (status, answer["detail"]) == (409, "The order is being sent. To cancel it, contact the shop.")
    assert cancel("operators")[0] == 202


def test_an_order_whose_authorization_has_ended_is_not_sent(shop: Shop, stripe: FakeStripe) -> None:
    shop.confirmed_uncaptured(stripe)
    shop.orders.request_cancellation(ORDER_ID, "payment_provider")

    status, answer = fulfil(PARCEL)

    assert (status, answer["detail"]) == (
        409,
        "The authorization of the payment has ended. Do not send the goods.",
    )


@pytest.mark.parametrize("text", ["", " ", " DHL", "x" * 65, "D\nL", "D\u202eL", 7])
@pytest.mark.parametrize("field", ["carrier", "tracking_number"])
def test_carrier_and_number_are_short_plain_text(shop: Shop, field: str, text: object) -> None:
    shop.confirmed()

    status, answer = fulfil({field: text})

    assert (status, [error["field"] for error in answer["errors"]]) == (400, [field])


@pytest.mark.parametrize("text", ["x" * 64, "7", "Die Post", "北京"])
def test_every_plain_text_names_a_carrier(shop: Shop, text: str) -> None:
    shop.confirmed()

    assert fulfil({"carrier": text})[0] == 200


def test_a_customer_cannot_fulfil(shop: Shop) -> None:
    shop.confirmed()

    assert fulfil(groups="customers")[0] == 403


@pytest.mark.usefixtures("shop")
def test_an_unknown_order_cannot_be_fulfilled() -> None:
    assert fulfil()[0] == 404
