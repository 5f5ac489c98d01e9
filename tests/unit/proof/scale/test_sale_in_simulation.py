"""The model of a flash sale agrees with the simulation, which runs the deployed functions and definition.

A sale is small here, and AWS has no limits in it: what is compared is the queue of the charges.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from proof.orders import an_order
from proof.scale.flash_sale import Sale, SaleResult, play
from proof.scale.limits import LARGE
from proof.simulation.play_case import stocked_tables
from proof.simulation.scheduler import START_MS
from proof.simulation.simulated_world import SimulatedWorld, installed

SALES = [(12, 1), (20, 2)]
"""Numbers of orders and charge slots in a second: so few that the speed of a single order does not matter."""


@dataclass(frozen=True)
class SimulatedOrder:
    """An order of the simulation: the visits of its states, and when its charge began, in seconds."""

    visits: Counter[str]
    charged_at: float


@pytest.fixture(scope="module", autouse=True)
def simulation() -> Iterator[None]:
    with installed():
        yield


def simulated(orders: int) -> list[SimulatedOrder]:
    """Let so many customers order at once."""
    with SimulatedWorld(f"sale of {orders}", tables=stocked_tables()) as world:

        def sell() -> list[SimulatedOrder]:
            ids = list[str]()
            for _ in range(orders):
                world.scheduler.spawn(lambda: ids.append(world.shop.order(an_order(("RED-CHAIR", 1)))))
            world.rest()
            return [simulated_order(world, order_id) for order_id in ids]

        return world.scheduler.play(sell)


def simulated_order(world: SimulatedWorld, order_id: str) -> SimulatedOrder:
    record = world.order_record(order_id)
    assert record is not None
    assert record["status"] == "CONFIRMED"
    (created,) = (entry["at"] for entry in record["timeline"] if entry["event"] == "PaymentIntentCreated")
    return SimulatedOrder(
        Counter(visit.name for visit in world.executions.visits(order_id)),
        datetime.fromisoformat(created).timestamp() - START_MS / 1000,
    )


def modelled(orders: int, charge_rate: int) -> SaleResult:
    roomy = replace(LARGE, quotas=replace(LARGE.quotas, concurrent_calls=10_000))
    sale = Sale(account=roomy, charge_rate=charge_rate, mails=1_000, orders=orders, seconds=0)
    return play(replace(sale, transaction_seconds=1e-9))


@pytest.mark.parametrize(("orders", "charge_rate"), SALES)
def test_the_model_predicts_a_small_sale(
    monkeypatch: pytest.MonkeyPatch, orders: int, charge_rate: int
) -> None:
    monkeypatch.setenv("CHARGE_RATE", str(charge_rate))

    happened, predicted = simulated(orders), modelled(orders, charge_rate)

    # The same number of orders waits, and all visit the same states.
    assert Counter(frozenset(order.visits.items()) for order in happened) == Counter(
        frozenset(order.visits.items()) for order in predicted.orders
    )
    # In simulated time, charges begin when they should, apart from the durations of what comes before.
    assert sorted(order.charged_at for order in happened) == pytest.approx(
        sorted(order.charged_at for order in predicted.orders), abs=0.7
    )
