"""How long an order takes, state by state, beside the floor; and the CPU time that it needs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cli.shapes import SubmissionJson
from local.saga_control import StateVisit
from local.world import World
from proof.bench.cpu_use import CpuMeter
from proof.bench.floor import Floor
from proof.bench.spread import Spread
from proof.orders import an_order

ORDERS: Final = 60
"""Number of orders, one after the other, and of executions of the floor."""

WARM_UP: Final = 3
"""Orders before the measurement, so that every function has a worker, and Python has compiled nothing new."""

_TO_CONFIRMED: Final = ("submit_order", "start_saga", "validate_order", "charge_payment", "reserve_inventory")
"""Functions that an order waits for until it is confirmed."""

_LINES: Final = (("CRUNCHY-ARMCHAIR", 2), ("RED-CHAIR", 1))


@dataclass(frozen=True)
class Latency:
    """What orders of two lines needed, one after the other, on warm functions.

    Attributes:
        orders: Number of orders, and of executions of the floor.
        accepted: From the request of `POST /orders` to its response.
        started: From the response to the entry into the first state.
        states: Each state of the happy path, by name.
        floor_states: The same states with functions that do nothing.
        execution: All states.
        floor_execution: All states with functions that do nothing.
        confirmed: From the request to the record of `OrderConfirmed`.
        cpu_ms: CPU milliseconds for each order, by function and other process, until everything that the
            order causes is done: webhooks, events, mail.
        functions_cpu_ms: CPU milliseconds of all functions for each order.
        own_share: The part of the median time to `OrderConfirmed` in which the CPU worked for the functions
            that the order waits for, their SDKs included.
    """

    orders: int
    accepted: Spread
    started: Spread
    states: Mapping[str, Spread]
    floor_states: Mapping[str, Spread]
    execution: Spread
    floor_execution: Spread
    confirmed: Spread
    cpu_ms: Mapping[str, float]
    functions_cpu_ms: float
    own_share: float


@dataclass(frozen=True)
class TimedOrder:
    """When what happened to an order; seconds since 1970.

    Attributes:
        requested: Before the request.
        accepted: After its response.
        confirmed: In the record, at `OrderConfirmed`.
        visits: The states of its execution.
    """

    requested: float
    accepted: float
    confirmed: float
    visits: Sequence[StateVisit]


def measure_latency(world: World, floor: Floor, orders: int = ORDERS) -> Latency:
    """Submit orders one after the other, and run the floor as often."""
    for _ in range(WARM_UP):
        time_order(world, an_order(*_LINES))
        floor.run()
    meter = CpuMeter(world)
    timed = [time_order(world, an_order(*_LINES)) for _ in range(orders)]
    use = meter.read()
    on_floor = [floor.executions.visits(floor.run()) for _ in range(orders)]
    confirmed = Spread.of_seconds(each.confirmed - each.requested for each in timed)
    cpu_ms = use.milliseconds_each(orders)
    waited_for = sum(cpu_ms.get(function, 0) for function in _TO_CONFIRMED)
    return Latency(
        orders,
        Spread.of_seconds(each.accepted - each.requested for each in timed),
        Spread.of_seconds(each.visits[0].entered.timestamp() - each.accepted for each in timed),
        by_state([each.visits for each in timed]),
        by_state(on_floor),
        Spread.of_seconds(map(duration, (each.visits for each in timed))),
        Spread.of_seconds(map(duration, on_floor)),
        confirmed,
        cpu_ms,
        round(1_000 * use.of_functions / orders, 1),
        round(waited_for / confirmed.p50, 3),
    )


def by_state(executions: Sequence[Sequence[StateVisit]]) -> dict[str, Spread]:
    """The time in each state over all executions, which visited the same states."""
    return {
        first.name: Spread.of_seconds(_seconds(visits[place]) for visits in executions)
        for place, first in enumerate(executions[0])
    }


def time_order(world: World, order: SubmissionJson) -> TimedOrder:
    """Submit an order, and wait until all that it causes is done."""
    requested = time.time()
    order_id = world.shop.order(order)
    accepted = time.time()
    world.executions.wait_until_ended(order_id)
    world.audit_trail.wait_for_events(order_id)
    record = world.order_record(order_id) or {}
    return TimedOrder(requested, accepted, _confirmed_at(record), world.executions.visits(order_id))


def _confirmed_at(record: Mapping[str, Any]) -> float:
    (at,) = (each["at"] for each in record["timeline"] if each["event"] == "OrderConfirmed")
    return datetime.fromisoformat(at).astimezone(UTC).timestamp()


def duration(visits: Sequence[StateVisit]) -> float:
    """Seconds from the entry into the first state to the exit from the last one."""
    return (_left(visits[-1]) - visits[0].entered).total_seconds()


def _seconds(visit: StateVisit) -> float:
    return (_left(visit) - visit.entered).total_seconds()


def _left(visit: StateVisit) -> datetime:
    if visit.left is None:
        raise ValueError(f"the execution is still in {visit.name}")
    return visit.left
