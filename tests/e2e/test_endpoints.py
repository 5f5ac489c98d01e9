"""Calls whose responses depend on DynamoDB, and on the permissions of the functions there."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx

from cli.shapes import ProductFieldsJson
from local.users import OPERATOR
from local.world import World
from proof.orders import an_order

VASE: Final = ProductFieldsJson(name="Green vase", unit_price=900, currency="usd", available=7)


def pages(world: World, query: str, customer_id: str) -> list[dict[str, Any]]:
    """All pages of a list, read with the cursors."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while not found or found[-1]["cursor"]:
        answer = world.shop.signed_in(customer_id).request("GET", f"/orders?{query}{cursor}")
        found.append(answer.raise_for_status().json())
        cursor = f"&cursor={found[-1]['cursor']}"
    return found


def restock(world: World, sku: str, quantity: int, key: str) -> httpx.Response:
    return world.shop.signed_in(OPERATOR).request(
        "POST",
        f"/inventory/{sku}/restock",
        headers={"Idempotency-Key": key},
        json={"quantity": quantity},
    )


def test_a_customer_reads_all_pages_of_their_orders(world: World) -> None:
    mine = [world.shop.signed_in("paula").order(an_order()) for _ in range(3)]
    world.shop.signed_in("peter").order(an_order())

    found = pages(world, "limit=1", "paula")

    assert [order["order_id"] for page in found for order in page["orders"]] == mine[::-1]
    assert [len(page["orders"]) for page in found] == [1, 1, 1]


def test_an_operator_lists_orders_by_status(world: World) -> None:
    failed = world.shop.signed_in("peter").order(an_order(("SOLD-OUT-SOFA", 1)))
    world.shop.signed_in("peter").wait_until_rest(failed)

    for status in ("FAILED", "NEEDS_ATTENTION"):
        answer = world.shop.signed_in(OPERATOR).request("GET", f"/orders?status={status}")
        orders = answer.raise_for_status().json()["orders"]
        assert {order["status"] for order in orders} <= {status}
        assert (failed in [order["order_id"] for order in orders]) is (status == "FAILED")


def test_a_restock_that_is_sent_again_is_added_once(world: World) -> None:
    world.shop.stock("GREEN-VASE", VASE)
    key = str(uuid.uuid4())

    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(lambda _: restock(world, "GREEN-VASE", 10, key), range(4)))

    assert {answer.status_code for answer in answers} <= {200, 503}
    assert restock(world, "GREEN-VASE", 10, key).json()["available"] == 17
    assert restock(world, "GREEN-VASE", 20, key).status_code == 422
    assert restock(world, "GREEN-VASE", 10, str(uuid.uuid4())).json()["available"] == 27


def test_restocks_and_orders_at_once_lose_no_unit(world: World) -> None:
    world.shop.stock("GREEN-VASE", VASE)

    with ThreadPoolExecutor() as threads:
        deliveries = threads.map(lambda n: restock(world, "GREEN-VASE", 10, f"{uuid.uuid4()}-{n}"), range(5))
        sold = list(threads.map(lambda _: world.shop.order(an_order(("GREEN-VASE", 1))), range(5)))
        arrived = sum(answer.status_code == 200 for answer in deliveries)
    rested = [world.shop.wait_until_rest(order_id)["status"] for order_id in sold]

    available = VASE["available"] + 10 * arrived - rested.count("CONFIRMED")
    assert world.shop.get_product("GREEN-VASE")[0]["available"] == available
    assert rested.count("CONFIRMED") == 5
