"""Forgetting a customer: their data leaves the orders that are at rest."""

import json
from typing import Any

import pytest

from lambdas.api.erase_customer import logic
from lambdas.api.erase_customer.handler import handler
from lambdas.api.get_order.handler import handler as get_order
from lambdas.domain.errors import MailRejected
from lambdas.domain.order import OrderStatus
from lambdas.events.publish_order_events.order_event import event_of_change
from lambdas.saga.notify_customer.logic import notify_customer
from lambdas.shared.store.listings import OrderListing
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, EMAIL, ORDER_ID, two
from tests.unit.lambdas.fakes import CLIENT_SECRET, FakeMailer, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop

RETURN_URL = "https://shop.example.com/back?session=1"


def erase(customer_id: str = CUSTOMER, groups: str = "operators") -> tuple[int, dict[str, Any]]:
    event = api_event("POST", f"/customers/{customer_id}/erase", customer="the-boss", groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def an_id(number: int) -> str:
    return f"{number:08}-0000-5000-8000-000000000000"


def at_rest(shop: Shop, number: int = 1, **changes: Any) -> str:  # noqa: ANN401 - any attribute
    """An order that is confirmed and whose customer was notified; returns its id."""
    order = shop.placed(two(ARMCHAIR), order_id=an_id(number), **changes)
    closed = shop.orders.close(order.order_id, {"Error": "OutOfStock"})
    return shop.notified(closed).order_id


def test_personal_data_and_secrets_leave_an_order_at_rest(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    assert CLIENT_SECRET in json.dumps(shop.all_items(ORDERS_TABLE))
    shop.client.update_item(
        TableName=ORDERS_TABLE,
        Key={"order_id": {"S": ORDER_ID}},
        UpdateExpression="SET return_url = :url REMOVE unsettled_shard",
        ExpressionAttributeValues={":url": {"S": RETURN_URL}},
    )
    before = shop.order()

    assert erase() == (200, {"erased": 1, "not_at_rest": [], "more": False})

    (item,) = shop.all_items(ORDERS_TABLE)
    text = json.dumps(item)
    assert not [gone for gone in (EMAIL, before.payment_method, RETURN_URL, CLIENT_SECRET) if gone in text]
    assert "next_action" not in item["payment"]


def test_an_erased_order_keeps_what_was_bought_and_paid(shop: Shop) -> None:
    before = shop.notified(shop.confirmed())

    erase()

    after = shop.order()
    assert (after.status, after.lines, after.amount) == (OrderStatus.CONFIRMED, before.lines, before.amount)
    assert after.payment == before.payment
    assert after.timeline[-1].event == "CustomerErased"


def test_an_order_that_is_not_at_rest_keeps_the_data_it_needs(shop: Shop) -> None:
    at_rest(shop)
    waiting = shop.paid()

    assert erase()[1] == {"erased": 1, "not_at_rest": [ORDER_ID], "more": False}
    assert shop.order() == waiting


def test_the_orders_of_other_customers_are_not_erased(shop: Shop) -> None:
    at_rest(shop)
    other = at_rest(shop, 2, customer_id="bob")

    erase()

    assert shop.order(other).email == EMAIL


def test_a_repeated_request_changes_nothing_more(shop: Shop) -> None:
    order_id = at_rest(shop)
    erase()
    once = shop.order(order_id)

    assert erase()[1]["erased"] == 0
    assert shop.order(order_id) == once


def test_a_request_erases_a_limited_number_of_orders(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "MOST_ERASED", 2)
    for number in range(3):
        at_rest(shop, number)

    assert [erase()[1] for _ in range(2)] == [
        {"erased": 2, "not_at_rest": [], "more": True},
        {"erased": 1, "not_at_rest": [], "more": False},
    ]


def test_every_page_of_the_orders_is_erased(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "BATCH", 2)
    for number in range(5):
        at_rest(shop, number)

    assert logic.erase_customer(CUSTOMER, OrderListing(shop.client, ORDERS_TABLE), shop.orders).erased == 5


def test_an_order_that_leaves_its_rest_meanwhile_is_not_erased(shop: Shop) -> None:
    shop.notified(shop.confirmed())
    shop.cancel()

    assert shop.orders.erase(ORDER_ID) is None
    assert shop.order().email == EMAIL


def test_an_erasure_is_no_event_for_consumers(shop: Shop) -> None:
    before = shop.notified(shop.confirmed())

    erase()

    assert event_of_change(before, shop.order()) is None


def test_the_customer_of_an_erased_order_is_not_notified(shop: Shop) -> None:
    shop.notified(shop.confirmed())
    erase()
    shop.close_cancelled()
    mailer = FakeMailer()

    with pytest.raises(MailRejected, match="erased"):
        notify_customer(ORDER_ID, shop.orders, mailer, lambda _key, send: send())

    assert (mailer.sent, shop.order().is_at_rest) == ([], True)


@pytest.mark.usefixtures("shop")
def test_a_customer_without_orders_is_not_found() -> None:
    assert erase("nobody")[0] == 404


@pytest.mark.usefixtures("untouched_store")
def test_an_invalid_customer_id_is_rejected_by_name() -> None:
    status, document = erase("a_b")

    assert (status, document["errors"][0]["field"]) == (400, "customer_id")


@pytest.mark.usefixtures("untouched_store")
def test_a_customer_cannot_erase_anybody() -> None:
    assert erase(groups="customers")[0] == 403


def test_an_operator_sees_no_address_of_an_erased_customer(shop: Shop) -> None:
    shop.notified(shop.confirmed())
    erase()

    answer = get_order(api_event("GET", f"/orders/{ORDER_ID}", customer="boss", groups="operators"), CONTEXT)

    assert "email" not in json.loads(answer["body"])
