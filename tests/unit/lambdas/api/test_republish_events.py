import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.api.republish_events.handler import handler
from lambdas.domain.order import Order
from lambdas.saga.start_saga.logic import requested_execution
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop


def republish(*, groups: str = "operators") -> tuple[int, dict[str, Any]]:
    event = api_event("POST", f"/orders/{ORDER_ID}/republish", customer="the-boss", groups=groups)
    answer = handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("given", [Shop.confirmed, Shop.closed, Shop.needs_attention])
def test_a_republication_changes_nothing_but_the_timeline(shop: Shop, given: Callable[[Shop], Order]) -> None:
    before = given(shop)

    status, body = republish()

    assert (status, body["status"]) == (202, before.status)
    assert [entry["event"] for entry in body["timeline"]] == [
        *(entry.event for entry in before.timeline),
        "RepublicationRequested",
    ]
    assert requested_execution(shop.stream()[-1]["dynamodb"]) is None


def test_each_request_asks_again(shop: Shop) -> None:
    shop.confirmed()
    republish()
    first = shop.order().republish_requested_at

    republish()

    assert first is not None
    assert shop.order().republish_requested_at != first


def test_a_customer_cannot_publish_events_again(shop: Shop) -> None:
    shop.confirmed()

    assert republish(groups="customers")[0] == 403


@pytest.mark.usefixtures("shop")
def test_an_unknown_order_has_no_events() -> None:
    assert republish()[0] == 404
