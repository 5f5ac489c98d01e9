import json
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.get_order.handler import handler
from lambdas.shared.aws import dynamodb
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, EMAIL, ORDER_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.events import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop

ROLE = "arn:aws:sts::123456789012:assumed-role/web-shop/harry"


def get(
    order_id: str = ORDER_ID, *, customer: str | None = CUSTOMER, signed_by: str | None = None
) -> tuple[int, dict[str, Any]]:
    event = api_event("GET", f"/orders/{order_id}", customer=customer, signed_by=signed_by)
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


def test_somebody_elses_order_looks_like_none_at_all(shop: Shop) -> None:
    shop.placed(customer_id="sally")

    somebody_elses = get(customer="harry")

    assert somebody_elses == get("no-such-order", customer="harry")
    assert somebody_elses[0] == 404
    assert somebody_elses[1]["type"] == "urn:problem-type:order-saga:not-found"


def test_without_a_customer_nothing_is_shown(shop: Shop) -> None:
    shop.placed()

    status, body = get(customer=None)

    assert status == 400
    assert body["errors"][0]["field"] == "X-Customer-Id"


def test_while_the_store_is_down_the_caller_is_asked_to_come_back() -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error("get_item", "InternalServerError", http_status_code=500)

        assert get()[0] == 503


# A cloud stage


@pytest.fixture
def signed_in_by_iam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGN_IN", "iam")


@pytest.mark.usefixtures("signed_in_by_iam")
def test_in_a_cloud_stage_the_customer_is_who_signed_the_request(shop: Shop) -> None:
    shop.placed(customer_id=ROLE)

    assert get(customer=None, signed_by=ROLE)[0] == 200


@pytest.mark.usefixtures("signed_in_by_iam")
def test_in_a_cloud_stage_the_header_is_not_believed(shop: Shop) -> None:
    shop.placed(customer_id="sally")

    assert get(customer="sally", signed_by=ROLE)[0] == 404


@pytest.mark.usefixtures("signed_in_by_iam")
def test_in_a_cloud_stage_an_unsigned_request_is_nobodys(shop: Shop, log: Log) -> None:
    shop.placed(customer_id="None")

    assert get(customer=None, signed_by=None)[0] == 500
    assert "nobody signed" in log.text
