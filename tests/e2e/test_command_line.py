"""The command line `orders`, with the deployed app."""

import json
import uuid

from local.users import OPERATOR, email_of
from local.world import World
from proof.orders import an_order
from tests.e2e.conftest import Orders, result_of

NEEDS_3DS = "pm_card_authenticationRequired"


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


def test_an_order_is_found_by_its_reference_and_fulfilled(orders: Orders, world: World) -> None:
    # Given
    reference = f"PO {uuid.uuid4()}"
    order_id = world.shop.order({**an_order(), "reference": reference})
    world.executions.wait_until_ended(order_id)

    # When
    delivery = ("--carrier", "DHL", "--tracking-number", "7")
    fulfilled = result_of(orders("fulfil", order_id, *delivery, "--as", "operator", "--json"))
    own = result_of(orders("list", "--reference", reference, "--json"))
    of_operator = result_of(orders("list", "--reference", reference, "--as", "operator", "--json"))

    # Then
    assert fulfilled["fulfilment"].items() >= {"carrier": "DHL", "tracking_number": "7"}.items()
    for page in (own, of_operator):
        assert [order["order_id"] for order in page["orders"]] == [order_id]


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


def test_a_reconciliation_is_run_and_reported(orders: Orders) -> None:
    # When
    reported = orders("reconcile", "report", "--run", "--json")
    stdout, stderr = reported.communicate(timeout=120)
    last = orders("reconcile", "report", "--json", "--stage", "local").communicate(timeout=60)[0]

    # Then: other tests may have left a difference behind
    (run,) = json.loads(stdout)
    assert (run["scope"], run["status"]) == ("full", "SUCCEEDED"), stderr
    assert run["counts"]["stock_compared"] > 0
    assert reported.returncode == (1 if run["found"] else 0)
    assert run in json.loads(last)


def test_the_running_shop_and_its_logs_have_the_version(orders: Orders, world: World) -> None:
    # Given
    order_id = world.shop.order(an_order())
    world.executions.wait_until_ended(order_id)

    # When
    versions = result_of(orders("version", "--json"))
    logged = {json.loads(line).get("service_version") for _, line in world.function_logs.lines(order_id)}

    # Then
    assert set(versions["stacks"].values()) == {versions["command_line"]}
    assert {"data", "saga", "api"} <= versions["stacks"].keys()
    assert logged == {versions["command_line"]}
