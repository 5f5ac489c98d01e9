"""The command line `orders`, with the deployed app."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.processes import REPOSITORY
from local.run import run_file_content
from local.users import OPERATOR, email_of
from local.world import World
from proof.orders import an_order

Orders = Callable[..., "subprocess.Popen[str]"]

NEEDS_3DS = "pm_card_authenticationRequired"


@pytest.fixture
def orders(world: World, tmp_path: Path) -> Orders:
    """Starts `orders` as on a machine where `make run` serves."""
    run_file = tmp_path / "run.json"
    run_file.write_text(json.dumps(run_file_content(world)))
    environ = os.environ | {
        "ORDERS_RUN_FILE": str(run_file),
        "XDG_CACHE_HOME": str(tmp_path),
        "ORDERS_PASSWORD": world.users.password,
        "AWS_ENDPOINT_URL": world.endpoint_url,
        "AWS_REGION": world.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }

    def start(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "cli", *arguments],
            cwd=REPOSITORY,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def result_of(process: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - any JSON
    """The JSON that a successful command prints."""
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    return json.loads(stdout) if stdout else None


def test_an_order_is_watched_approved_and_confirmed(orders: Orders, world: World) -> None:
    # Given
    submission = ("submit", "RED-CHAIR:2", "--card", NEEDS_3DS)
    with orders(*submission, "--watch", "--json") as watch:
        assert watch.stdout is not None
        seen = map(json.loads, watch.stdout)
        waiting = next(order for order in seen if order["status"] == "AWAITING_PAYMENT")

        # When
        result_of(orders("approve", waiting["order_id"]))
        *_, last = seen

    # Then
    assert (last["status"], watch.returncode) == ("CONFIRMED", 0)
    assert "AwaitPayment" in world.executions.states_visited(waiting["order_id"])


def test_an_order_is_in_its_customers_list(orders: Orders, world: World) -> None:
    # Given
    order_id = world.shop.order(an_order())

    # When
    page = result_of(orders("list", "--limit", "5", "--json"))

    # Then
    assert order_id in [order["order_id"] for order in page["orders"]]


def test_an_operator_adds_a_product_changes_it_and_restocks_it(orders: Orders) -> None:
    # Given
    sku = f"CLI-{uuid.uuid4().hex[:8].upper()}"
    as_operator = ("--as", "operator", "--json")
    fields = ("--name", "Desk", "--price", "80", "--currency", "usd", "--available", "1")
    result_of(orders("stock", "set", sku, *fields, *as_operator))

    # When
    result_of(orders("stock", "set", sku, "--price", "81.50", *as_operator))
    restocked = result_of(orders("stock", "add", sku, "5", *as_operator))

    # Then
    assert (restocked["name"], restocked["unit_price"], restocked["available"]) == ("Desk", 8150, 6)


def test_a_user_can_sign_in_at_a_stage_and_read_an_order(orders: Orders, world: World) -> None:
    # Given
    order_id = world.shop.order(an_order())
    login = orders("login", "--stage", "local", "--as", "operator", "--username", email_of(OPERATOR))
    _, message = login.communicate(timeout=60)
    assert login.returncode == 0, message

    # When: the emulator serves the API at another URL than the output names
    there = ("--stage", "local", "--as", "operator", "--url", world.api_url)
    order = result_of(orders("get", order_id, "--json", *there))

    # Then
    assert order["order_id"] == order_id
