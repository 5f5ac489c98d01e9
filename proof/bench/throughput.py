"""How many orders a second come to rest, by the number that are in flight at once; and the floor's."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final, Self

from cli.errors import Unavailable
from cli.shapes import SubmissionJson
from lambdas.domain.order import OrderStatus
from local.waiting import wait_for
from local.world import World
from proof.bench.cpu_use import CpuMeter
from proof.bench.floor import Floor
from proof.orders import an_order

IN_FLIGHT: Final = (1, 2, 4, 8, 16, 32)

_SECONDS: Final = 8.0
_STEADY_SECONDS: Final = 3.0
_WARM_UP_SECONDS: Final = 30.0
"""Before each measurement, until no worker has started for the first, and never longer than the second."""

_PAUSE_SECONDS: Final = 0.05
"""Between two looks at all orders in flight, which are one call."""

_MOVES_PER_LOOK: Final = 10
"""Between two looks at all processes, which take some CPU time themselves."""

_TIMEOUT_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Load:
    """A number of orders in flight, each replaced by a new one as soon as it is at rest.

    Attributes:
        in_flight: Orders at once.
        seconds: Length of the measurement.
        orders: Orders that came to rest in it.
        orders_per_second: The rate.
        retries: Tries of steps after the first one.
        workers_started: Worker processes that began meanwhile.
        cpu_ms: CPU milliseconds for each order, by function and other process.
        busy_cores: Cores that all of these processes together kept busy.
        floor_per_second: Executions of the floor a second, with as many in flight.
        floor_cpu_ms: CPU milliseconds for each of them.
    """

    in_flight: int
    seconds: float
    orders: int
    orders_per_second: float
    retries: int
    workers_started: int
    cpu_ms: Mapping[str, float]
    busy_cores: float
    floor_per_second: float
    floor_cpu_ms: float


@dataclass(frozen=True)
class Throughput:
    """The rate of orders for each number in flight.

    Attributes:
        loads: By number in flight, in ascending order.
    """

    loads: Sequence[Load]


@dataclass(frozen=True)
class _Flow:
    """What came to rest while a number of things was kept in flight."""

    seconds: float
    done: Sequence[str]
    cpu_ms: Mapping[str, float]
    busy_cores: float
    workers_started: int


def measure_throughput(
    world: World, floor: Floor, in_flight: Sequence[int] = IN_FLIGHT, seconds: float = _SECONDS
) -> Throughput:
    """Keep numbers of orders in flight, and of executions of the floor, each for some seconds."""
    return Throughput([_load(world, floor, number, seconds) for number in in_flight])


def orders_per_second(
    world: World, orders: Iterable[SubmissionJson], in_flight: int, seconds: float = _SECONDS
) -> float:
    """The rate at which orders come to rest while a number of them is kept in flight.

    Args:
        world: The world.
        orders: What is ordered in turn; repeated as often as needed.
        in_flight: Orders at once.
        seconds: Length of the measurement.
    """
    flow = _flow(world, in_flight, seconds, _order_from(world, orders), _at_rest(world))
    return len(flow.done) / flow.seconds


def _load(world: World, floor: Floor, in_flight: int, seconds: float) -> Load:
    orders = _flow(world, in_flight, seconds, _order_from(world, [an_order()]), _at_rest(world))
    empty = _flow(world, in_flight, seconds / 2, floor.start, _ended(floor))
    visits = [visit for order_id in orders.done for visit in world.executions.visits(order_id)]
    return Load(
        in_flight,
        round(orders.seconds, 1),
        len(orders.done),
        round(len(orders.done) / orders.seconds, 2),
        sum(visit.attempts - 1 for visit in visits),
        orders.workers_started,
        orders.cpu_ms,
        orders.busy_cores,
        round(len(empty.done) / empty.seconds, 2),
        round(sum(empty.cpu_ms.values()), 1),
    )


def _order_from(world: World, orders: Iterable[SubmissionJson]) -> Callable[[], str]:
    """Submits the orders in turn, each until it is accepted: a full API refuses requests, as on AWS."""
    in_turn = cycle(orders)

    def start() -> str:
        order, key = next(in_turn), str(uuid.uuid4())
        return wait_for(
            lambda: _accepted(world, order, key), "an order is accepted", timeout_seconds=_TIMEOUT_SECONDS
        )

    return start


def _accepted(world: World, order: SubmissionJson, key: str) -> str | None:
    try:
        return world.shop.submit_order(order, key)["order_id"]
    except Unavailable:
        return None


def _at_rest(world: World) -> Callable[[Sequence[str]], set[str]]:
    """Returns which of some orders are at rest; one call to DynamoDB.

    An order that was not confirmed is an error: it had another way through the saga, with other costs.
    """
    table = world.tables["orders"]

    def look(order_ids: Sequence[str]) -> set[str]:
        request: Any = {
            table: {
                "Keys": [{"order_id": {"S": order_id}} for order_id in order_ids],
                "ProjectionExpression": "order_id, unsettled_shard, #status",
                "ExpressionAttributeNames": {"#status": "status"},
            }
        }
        found = world.dynamodb.batch_get_item(RequestItems=request)["Responses"][table]
        at_rest = [item for item in found if "unsettled_shard" not in item]
        if ends := {item["status"]["S"] for item in at_rest} - {OrderStatus.CONFIRMED}:
            raise RuntimeError(f"measured orders have ended as {', '.join(sorted(ends))}")
        return {str(item["order_id"]["S"]) for item in at_rest}

    return look


def _ended(floor: Floor) -> Callable[[Sequence[str]], set[str]]:
    """Returns which of some executions of the floor have ended."""
    return lambda names: set(names) - set(floor.executions.names(running=True))


def _flow(
    world: World,
    in_flight: int,
    seconds: float,
    start: Callable[[], str],
    done_of: Callable[[Sequence[str]], set[str]],
) -> _Flow:
    """Keep a number of things in flight; the time until all workers run is not counted."""
    meter, fleet = CpuMeter(world), _Fleet(in_flight, start, done_of)
    with fleet:
        _warm_up(fleet, meter)
        meter.restart()
        began, done = time.monotonic(), list[str]()
        while (length := time.monotonic() - began) < seconds:
            done += fleet.move()
        use = meter.read()
    return _Flow(
        length,
        done,
        use.milliseconds_each(max(1, len(done))),
        round(sum(use.seconds.values()) / length, 2),
        use.workers_started,
    )


def _warm_up(fleet: "_Fleet", meter: CpuMeter) -> None:
    """Move until no worker has started for a while: a start needs as much CPU as some orders."""
    began = steady_since = time.monotonic()
    landed = 0
    while time.monotonic() - steady_since < _STEADY_SECONDS or landed < fleet.size:
        if time.monotonic() - began > _WARM_UP_SECONDS:
            return
        for _ in range(_MOVES_PER_LOOK):
            landed += len(fleet.move())
        if meter.read().workers_started:
            meter.restart()
            steady_since = time.monotonic()


class _Fleet:
    """A number of things in flight: for each that lands, another one starts.

    Args:
        size: The number.
        start: Starts a thing; returns its name.
        done_of: Returns which of some things have landed.

    Attributes:
        size: The number.
    """

    def __init__(
        self, size: int, start: Callable[[], str], done_of: Callable[[Sequence[str]], set[str]]
    ) -> None:
        self.size = size
        self._start = start
        self._done_of = done_of
        self._pool = ThreadPoolExecutor(size)
        self._starting: list[Future[str]] = []
        self._flying: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let everything land, so that the next measurement begins on an idle machine."""
        self.size = 0
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while self._starting or self._flying:
            self.move()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._flying} have not landed within {_TIMEOUT_SECONDS:g} s")
        self._pool.shutdown()

    def move(self) -> set[str]:
        """Look once which have landed, and start others; one at a time, as long as there are too few."""
        self._flying += [each.result() for each in self._starting if each.done()]
        self._starting = [each for each in self._starting if not each.done()]
        landed = self._done_of(self._flying) if self._flying else set[str]()
        self._flying = [each for each in self._flying if each not in landed]
        missing = self.size - len(self._flying) - len(self._starting)
        for _ in range(min(missing, len(landed) + 1)):
            self._starting.append(self._pool.submit(self._start))
        time.sleep(_PAUSE_SECONDS)
        return landed
