"""Placing an order and reading one are cheap: few imports and one round trip."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lambdas.api.get_order.handler import handler as get_order
from lambdas.api.list_orders.handler import handler as list_orders
from lambdas.api.submit_order.handler import handler as submit_order
from lambdas.shared.aws import dynamodb
from local.processes import REPOSITORY
from tests.unit.lambdas.api.test_submit_order import a_body
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop

HEAVY = {
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.data_classes",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parameters",
    "aws_lambda_powertools.utilities.parser",
    "jsonschema",
    "pydantic",
    "stripe",
}


def imported_by(function: str) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded once the function is imported."""
    script = f"import json, sys, lambdas.api.{function}.handler; print(json.dumps(sorted(sys.modules)))"
    loaded = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, check=True, text=True
    )
    return HEAVY.intersection(json.loads(loaded.stdout))


def test_reading_an_order_imports_nothing_heavy() -> None:
    assert imported_by("get_order") == set()


def test_placing_an_order_imports_pydantic_only() -> None:
    assert imported_by("submit_order") == {"pydantic"}


def test_the_webhook_imports_heavy_modules_so_this_can_fail() -> None:
    assert imported_by("receive_stripe_webhook") >= {"stripe", "aws_lambda_powertools.utilities.idempotency"}


@pytest.fixture
def calls(shop: Shop) -> Iterator[list[str]]:  # noqa: ARG001 - creates the tables before the calls are recorded
    """The calls to DynamoDB, as they are made."""
    calls: list[str] = []

    def note(model: object, **_: object) -> None:
        calls.append(getattr(model, "name", ""))

    dynamodb().meta.events.register("before-call.dynamodb", note)
    yield calls
    dynamodb().meta.events.unregister("before-call.dynamodb", note)


def test_placing_an_order_is_one_call(calls: list[str]) -> None:
    headers = {"Idempotency-Key": "a-key"}

    for _ in range(2):  # a new order and a replay
        answer = submit_order(api_event("POST", "/orders", a_body(), headers=headers), CONTEXT)
        assert answer["statusCode"] == 202

    assert calls == ["PutItem", "PutItem"]


def test_reading_an_order_is_one_call(shop: Shop, calls: list[str]) -> None:
    shop.placed()
    calls.clear()

    assert get_order(api_event("GET", f"/orders/{ORDER_ID}"), CONTEXT)["statusCode"] == 200

    assert calls == ["GetItem"]


@pytest.mark.parametrize("groups", ["customers", "operators"])
@pytest.mark.usefixtures("cursor_secret")
def test_a_page_of_orders_is_two_calls(shop: Shop, calls: list[str], groups: str) -> None:
    for number in range(3):
        shop.placed(order_id=f"{ORDER_ID[:-1]}{number}", created_at="2026-03-01T11:00:00.000Z")
    calls.clear()

    answer = list_orders(api_event("GET", "/orders", query={"limit": "2"}, groups=groups), CONTEXT)

    assert len(json.loads(answer["body"])["orders"]) == 2
    assert calls == ["Query", "BatchGetItem"]
