"""The REST API keeps what the last release has promised."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from docgen.contract.api_changes import breaking_api_changes
from docgen.contract.document import contract
from docgen.release import RELEASED_API

Api = dict[str, Any]
Change = Callable[[Api], object]


def test_the_last_release_is_still_kept() -> None:
    released = json.loads(RELEASED_API.read_text(encoding="utf-8"))

    assert list(breaking_api_changes(released, contract())) == []


def schema(api: Api, name: str) -> Api:
    found: Api = api["components"]["schemas"][name]
    return found


def field(api: Api, name: str, of: str) -> Api:
    found: Api = schema(api, of)["properties"][name]
    return found


def call(api: Api, name: str) -> Api:
    method, path = name.split()
    found: Api = api["paths"][path][method.lower()]
    return found


def parameter(api: Api, name: str, of: str) -> Api:
    found: Api = next(each for each in call(api, of)["parameters"] if each["name"] == name)
    return found


def changed(change: Change) -> list[str]:
    """What a change of today's API breaks."""
    released = contract()
    current = deepcopy(released)
    change(current)
    return list(breaking_api_changes(released, current))


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        (lambda api: api["paths"].pop("/health"), "GET /health is gone"),
        (
            lambda api: api["paths"]["/orders"].pop("post"),
            "POST /orders is gone",
        ),
        (
            lambda api: call(api, "POST /orders")["responses"].pop("202"),
            "POST /orders: 202 is gone",
        ),
        (
            lambda api: schema(api, "Order")["properties"].pop("reference"),
            "GET /orders/{order_id}: 200.reference is gone",
        ),
        (
            lambda api: schema(api, "Order")["required"].remove("amount"),
            "GET /orders/{order_id}: 200.amount is not always present any more",
        ),
        (
            lambda api: schema(api, "OrderItem")["properties"].update(quantity={"type": "string"}),
            "GET /orders/{order_id}: 200.items[].quantity has another type",
        ),
        (
            lambda api: schema(api, "Order")["properties"].update(
                currency={"anyOf": [{"$ref": "#/components/schemas/Currency"}, {"type": "null"}]}
            ),
            "GET /orders/{order_id}: 200.currency can be null",
        ),
        (
            lambda api: schema(api, "SubmitOrder")["properties"].pop("reference"),
            "POST /orders: body.reference is gone",
        ),
        (
            lambda api: schema(api, "SubmitOrder")["required"].append("reference"),
            "POST /orders: body.reference is required",
        ),
        (
            lambda api: schema(api, "SubmitOrder")["properties"].update(
                reference=field(api, "reference", "SubmitOrder")["anyOf"][0]
            ),
            "POST /orders: body.reference can't be null any more",
        ),
        (
            lambda api: field(api, "items", "SubmitOrder").update(maxItems=1),
            "POST /orders: body.items accepts less",
        ),
        (
            lambda api: field(api, "payment_method", "SubmitOrder").update(minLength=99),
            "POST /orders: body.payment_method accepts less",
        ),
        (
            lambda api: parameter(api, "Idempotency-Key", "POST /orders")["schema"].update(pattern="^a$"),
            "POST /orders: Idempotency-Key accepts less",
        ),
        (
            lambda api: schema(api, "OrderStatus")["enum"].remove("FAILED"),
            "GET /orders: status accepts less",
        ),
        (
            lambda api: call(api, "GET /orders")["parameters"].pop(),
            "GET /orders: the parameter cursor is gone",
        ),
        (
            lambda api: parameter(api, "status", "GET /orders").update(required=True),
            "GET /orders: the parameter status is required",
        ),
        (
            lambda api: call(api, "POST /orders/{order_id}/cancel").update(
                requestBody=call(api, "POST /orders/{order_id}/settle")["requestBody"]
            ),
            "POST /orders/{order_id}/cancel: a body is required",
        ),
    ],
)
def test_a_change_that_breaks_a_client_is_found(change: Change, breach: str) -> None:
    assert breach in changed(change)


@pytest.mark.parametrize(
    "change",
    [
        lambda api: api["paths"].update({"/new": api["paths"]["/health"]}),
        lambda api: schema(api, "Order")["properties"].update(new={"type": "string"}),
        lambda api: schema(api, "Order")["required"].append("reference"),
        lambda api: schema(api, "OrderStatus")["enum"].append("NEW"),
        lambda api: schema(api, "SubmitOrder")["properties"].update(new={"type": "string"}),
        lambda api: schema(api, "SubmitOrder")["required"].remove("currency"),
        lambda api: field(api, "items", "SubmitOrder").update(maxItems=1_000),
        lambda api: field(api, "items", "Order").update(description="Other words."),
        lambda api: call(api, "POST /orders")["responses"].pop("503"),
        lambda api: call(api, "POST /orders")["parameters"].append(
            {"name": "new", "in": "query", "schema": {"type": "string"}}
        ),
    ],
)
def test_a_change_that_adds_or_permits_more_breaks_nothing(change: Change) -> None:
    assert changed(change) == []
