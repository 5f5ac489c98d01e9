"""What grows: with an order's lines, the orders that are stored, their timelines, and a SKU that many want.

Capacity units and calls are counted in the simulation, which runs the deployed functions: they are exact, and
no table in memory distorts them. Times and rates are measured in the embedded run.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cli.shapes import ProductFieldsJson, SubmissionJson
from lambdas.domain import clock
from lambdas.shared.store.attributes import from_attributes, to_attributes
from lambdas.shared.store.order_item import order_from_item
from local.world import World
from proof.bench.capacity import MeteredTables, Units, item_bytes, read_units, write_units
from proof.bench.cpu_use import CpuMeter
from proof.bench.latency import WARM_UP, duration, time_order
from proof.bench.spread import Spread
from proof.bench.throughput import orders_per_second
from proof.orders import an_order
from proof.simulation.dynamodb import INVENTORY, ORDERS, Tables
from proof.simulation.play_case import stocked_tables
from proof.simulation.scheduler import START_MS
from proof.simulation.simulated_world import SimulatedWorld, installed

LINES: Final = (1, 10, 50, 99)
STORED: Final = (0, 10_000, 100_000)
ENTRIES: Final = (10, 100, 1_000)

_ORDERS: Final = 5
_IN_FLIGHT: Final = 8
_SECONDS: Final = 6.0
_ROUNDS: Final = 2
_READS: Final = 20

_STORED_FOR: Final = timedelta(days=30)
"""The stored orders were accepted at equal distances within this time."""


@dataclass(frozen=True)
class OrderUse:
    """What one confirmed order used, counted in the simulation.

    Attributes:
        calls: Calls to DynamoDB and Stripe.
        read_units: Read units of DynamoDB.
        write_units: Write units of DynamoDB.
    """

    calls: int
    read_units: float
    write_units: int


@dataclass(frozen=True)
class OrderTime:
    """What orders needed in the embedded run, one after the other.

    Attributes:
        execution: All states.
        functions_cpu_ms: CPU milliseconds of all functions for each order.
    """

    execution: Spread
    functions_cpu_ms: float


@dataclass(frozen=True)
class TimelineUse:
    """What an order with a long timeline uses.

    Attributes:
        record_bytes: Size of its record.
        read_units: Units of a consistent read of it.
        write_units: Units of a change of it.
        read_ms: CPU milliseconds to make an order of its attributes.
    """

    record_bytes: int
    read_units: float
    write_units: int
    read_ms: float


@dataclass(frozen=True)
class Growth:
    """How use grows.

    Attributes:
        lines: By the number of an order's lines.
        lines_time: The same in the embedded run.
        stored: By the number of orders in the table.
        timeline: By the number of entries on an order's timeline.
        hot_per_second: Orders a second that all want the same SKU.
        spread_per_second: Orders a second of which no two at once want the same SKU.
        in_flight: Orders at once in both.
    """

    lines: Mapping[str, OrderUse]
    lines_time: Mapping[str, OrderTime]
    stored: Mapping[str, OrderUse]
    timeline: Mapping[str, TimelineUse]
    hot_per_second: float
    spread_per_second: float
    in_flight: int

    @property
    def hot_share(self) -> float:
        """The rate with one hot SKU as a share of the rate with many."""
        return self.hot_per_second / self.spread_per_second


def measure_growth(world: World) -> Growth:
    """Measure everything that may grow."""
    for sku in _skus(max(LINES)):
        world.shop.stock(sku, _PRODUCT)
    lines_time = {str(count): _time_of(world, count) for count in LINES}
    hot, spread = _hot_and_spread(world)
    with installed():
        return Growth(
            {str(count): _use_of(count, stored=0) for count in LINES},
            lines_time,
            {str(count): _use_of(2, stored=count) for count in STORED},
            {str(count): _use_of_timeline(count) for count in ENTRIES},
            hot,
            spread,
            _IN_FLIGHT,
        )


_PRODUCT: Final[ProductFieldsJson] = {
    "name": "A chair among many",
    "unit_price": 990,
    "currency": "usd",
    "available": 100_000,
}


def _skus(count: int) -> list[str]:
    return [f"CHAIR-{number:03}" for number in range(count)]


def _order_of(lines: int) -> SubmissionJson:
    return an_order(*((sku, 1) for sku in _skus(lines)))


def _time_of(world: World, lines: int) -> OrderTime:
    order = _order_of(lines)
    for _ in range(WARM_UP):
        time_order(world, order)
    meter = CpuMeter(world)
    timed = [time_order(world, order) for _ in range(_ORDERS)]
    use = meter.read()
    return OrderTime(
        Spread.of_seconds(duration(each.visits) for each in timed),
        round(1_000 * use.of_functions / _ORDERS, 1),
    )


def _hot_and_spread(world: World) -> tuple[float, float]:
    """The two rates, measured in turn, so that both meet the same machine."""
    skus = _skus(_IN_FLIGHT)
    hot, spread = [an_order((skus[0], 1))], [an_order((sku, 1)) for sku in skus]
    rates = [
        [orders_per_second(world, orders, _IN_FLIGHT, _SECONDS) for orders in (hot, spread)]
        for _ in range(_ROUNDS)
    ]
    of_hot, of_spread = (sum(each) / _ROUNDS for each in zip(*rates, strict=True))
    return round(of_hot, 2), round(of_spread, 2)


def _use_of(lines: int, *, stored: int) -> OrderUse:
    """Play an order in the simulation, in a shop that has some orders already."""
    tables = _with_orders(_with_products(stocked_tables(), lines), stored)
    with SimulatedWorld(f"{lines} lines", tables=tables) as world:
        metered = MeteredTables(world.dynamodb)
        world.services = {**world.services, "dynamodb": metered.handle}
        world.scheduler.play(lambda: _played(world, _order_of(lines)))
        units = sum(metered.used.values(), Units())
        names = Counter(call.name.partition(": ")[2].partition(" ")[0] for call in world.faults.calls())
        return OrderUse(names["dynamodb"] + names["stripe"], units.reads, units.writes)


def _played(world: SimulatedWorld, order: SubmissionJson) -> None:
    order_id = world.shop.order(order)
    world.rest()
    status = world.shop.get_order(order_id)["status"]
    if status != "CONFIRMED":
        raise RuntimeError(f"the order is {status}")


def _with_products(tables: Tables, count: int) -> Tables:
    product = next(iter(tables[INVENTORY].values()))
    units = {"available": {"N": "100000"}, "currency": {"S": "usd"}}
    skus = _skus(count)
    return {**tables, INVENTORY: {(sku,): {**product, **units, "sku": {"S": sku}} for sku in skus}}


def _with_orders(tables: Tables, count: int) -> Tables:
    """The tables with so many copies of a confirmed order, each of another customer."""
    if not count:
        return tables
    confirmed = from_attributes(_confirmed_item())
    orders: dict[Any, Any] = {}
    first = datetime.fromtimestamp(START_MS / 1_000, UTC) - _STORED_FOR
    for number in range(count):
        created = clock.text(first + number * _STORED_FOR / count)
        own = {
            "order_id": f"a1b2c3d4-0000-5000-8000-{number:012}",
            "customer_id": f"customer-{number % 1_000}",
            "created_at": created,
            "day": created[:10],
        }
        orders[own["order_id"],] = to_attributes({**confirmed, **own})
    return {**tables, ORDERS: orders}


def _confirmed_item() -> Mapping[str, Any]:
    """The record of an order at rest."""
    with SimulatedWorld("an order", tables=_with_products(stocked_tables(), 2)) as world:
        world.scheduler.play(lambda: _played(world, _order_of(2)))
        return world.dynamodb.items(ORDERS)[0]


def _use_of_timeline(entries: int) -> TimelineUse:
    item = deepcopy(dict(_confirmed_item()))
    timeline = item["timeline"]["L"]
    item["timeline"] = {"L": [*timeline, *[timeline[-1]] * (entries - len(timeline))]}
    started = time.process_time()
    for _ in range(_READS):
        order_from_item(item)
    seconds = time.process_time() - started
    size = item_bytes(item)
    return TimelineUse(
        size, read_units([size], consistent=True), write_units(item, item), round(1_000 * seconds / _READS, 2)
    )


def growth_factor(uses: Iterable[OrderUse]) -> float:
    """The largest use of units as a multiple of the smallest."""
    units: Sequence[float] = [each.read_units + each.write_units for each in uses]
    return max(units) / min(units)
