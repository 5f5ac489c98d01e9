"""The model of a flash sale predicts what a small sale does in the embedded run, in counts.

Durations are not compared: here, two cores do the work of AWS.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from local.waiting import wait_for
from local.world import World
from proof.orders import an_order
from proof.scale.flash_sale import Sale, SaleResult, play
from proof.scale.limits import LARGE
from proof.scenarios import QUEUE_SECONDS, let_others_be_charged
from stacks.settings import STAGES

ORDERS = 6
CHARGE_RATE = STAGES["local"].charge_rate


@pytest.fixture
def queue(world: World) -> Iterator[None]:
    """Earlier orders have all slots of the next minutes."""
    let_others_be_charged(world, QUEUE_SECONDS)
    yield
    let_others_be_charged(world, 0)


def order_at_once(world: World) -> list[str]:
    with ThreadPoolExecutor(ORDERS) as customers:
        return list(customers.map(lambda _: world.shop.order(an_order(("RED-CHAIR", 1))), range(ORDERS)))


def modelled(queue_seconds: float) -> SaleResult:
    sale = Sale(
        account=LARGE,
        charge_rate=CHARGE_RATE,
        mails=1_000,
        queue_seconds=queue_seconds,
        orders=ORDERS,
        seconds=0,
    )
    return play(replace(sale, transaction_seconds=1e-9))


def visits_of(world: World, order_ids: list[str]) -> list[Counter[str]]:
    for order_id in order_ids:
        world.executions.wait_until_ended(order_id)
        assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    return [Counter(visit.name for visit in world.executions.visits(order_id)) for order_id in order_ids]


def slots_of(world: World, order_ids: list[str]) -> list[float]:
    """The recorded slots of the orders, in seconds, the first one first."""

    def recorded() -> list[str]:
        records = [world.order_record(order_id) or {} for order_id in order_ids]
        return [record["charge_slot"] for record in records if "charge_slot" in record]

    wait_for(lambda: len(recorded()) == ORDERS, "all orders wait for their slots", timeout_seconds=60.0)
    return sorted(datetime.fromisoformat(slot).timestamp() for slot in recorded())


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def test_a_crowd_without_a_queue_goes_the_short_way(world: World) -> None:
    # When
    visits = visits_of(world, order_at_once(world))

    # Then
    assert visits == [order.visits for order in modelled(queue_seconds=0).orders]


@pytest.mark.usefixtures("queue")
def test_a_crowd_behind_a_queue_gets_the_slots_that_follow(world: World) -> None:
    # When
    order_ids = order_at_once(world)
    slots = slots_of(world, order_ids)
    let_others_be_charged(world, 0)

    # Then
    predicted = modelled(queue_seconds=QUEUE_SECONDS)
    assert visits_of(world, order_ids) == [order.visits for order in predicted.orders]
    assert gaps(slots) == pytest.approx(gaps(sorted(order.slot for order in predicted.orders)), abs=1e-4)
