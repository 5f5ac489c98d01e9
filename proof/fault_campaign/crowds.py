"""Many orders at once for the same few units: exactly the stock is sold, and contention fails no order.

The embedded DynamoDB serves one request after the other, so its transactions never conflict. The fault proxy
makes them last longer, and makes overlapping ones conflict.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Final

from cli.shapes import ProductFieldsJson, SubmissionJson
from local.fault_proxy.faults import Fault
from local.waiting import wait_for
from local.world import World
from proof.fault_campaign.patient_client import PatientClient
from proof.fault_campaign.waits import longer_pivot_retries
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.promises import OrderHistory, broken_promises, read_history
from proof.scenarios import PIVOT

AT_A_TIME: Final = 16
"""Orders that run at once. Each needs a worker, and so do the functions that consume events."""

_WARM_UP: Final = (0.5, 1)
"""Numbers of orders for another product that come first, as parts of `at_a_time`. They start the workers.
Cold workers would fail orders: they take seconds to start, and here retries wait only milliseconds."""

_TRANSACTION_SECONDS: Final = 0.02
"""Duration of a transaction, as on AWS."""

_LONGER: Final = 10
"""The world's scale shortens the waits between retries, but not the transactions. So the waits of the pivot
are multiplied: with a scale of 0.02 they are a fifth of those on AWS."""

_TRANSACTIONS: Final = "*: dynamodb TransactWriteItems *"
_SINGLE_WRITES: Final = "*: dynamodb UpdateItem *"
_TIMEOUT_SECONDS: Final = 120.0
_PAUSE_SECONDS: Final = 0.25
_GATE_PAUSE_SECONDS: Final = 0.02
_GATE_SECONDS: Final = 2.0
"""How long the first orders wait for the others; shorter than the timeout of their clients."""

_SKUS: Final = ("CONTENDED-ANVIL", "CONTENDED-BENCH", "CONTENDED-COUCH")
_PAIRS: Final = ((0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2), (0, 1, 2), (2, 1, 0))
"""SKUs of the orders, in opposite order: if transactions locked items one by one, they would deadlock."""


@dataclass(frozen=True, kw_only=True)
class CrowdResult:
    """The result of many orders at once.

    Attributes:
        at_a_time: Number of orders that ran at once.
        ends: Number of orders by end: `CONFIRMED`, or `FAILED out_of_stock`.
        breaches: The laws that are broken, in words.
        conflicts: Number of writes that were refused because a transaction was writing the same item.
        transactions: Number of transactions that were tried, refused ones included.
        retries: Number of retries by state.
        left: Units in stock afterwards, by SKU.
        seconds: Duration from the first order to the end of the last execution.
    """

    at_a_time: int
    ends: Mapping[str, int]
    breaches: Sequence[str]
    conflicts: int
    transactions: int
    retries: Mapping[str, int]
    left: Mapping[str, int]
    seconds: float

    def __str__(self) -> str:
        orders = sum(self.ends.values())
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        left = ", ".join(f"{units} {sku}" for sku, units in sorted(self.left.items()))
        retries = ", ".join(f"{count} {state}" for state, count in sorted(self.retries.items())) or "none"
        return (
            f"{orders} orders, {self.at_a_time} at a time, in {self.seconds:.1f} s"
            f" ({orders / self.seconds:.1f} a second): {ends}. Stock left: {left}."
            f" {self.transactions} transactions; {self.conflicts} writes failed with a conflict."
            f" Retries: {retries}. Violations: {len(self.breaches)}."
        )


def rush_for_one_sku(world: World, *, orders: int, units: int, at_a_time: int = AT_A_TIME) -> CrowdResult:
    """Order one unit of a SKU more often than there are units."""
    sku = _SKUS[0]
    return _crowd(world, {sku: units}, [an_order((sku, 1))] * orders, at_a_time)


def orders_that_cross(world: World, *, orders: int, at_a_time: int = AT_A_TIME) -> CrowdResult:
    """Order the same SKUs in opposite order; there are enough units for all orders."""
    crossing = [[(_SKUS[place], 1) for place in _PAIRS[number % len(_PAIRS)]] for number in range(orders)]
    return _crowd(world, dict.fromkeys(_SKUS, orders), [an_order(*lines) for lines in crossing], at_a_time)


def _let_writes_conflict(world: World) -> None:
    """Make writes conflict with transactions on the same items, as on AWS, until the faults are cleared."""
    world.faults.inject(Fault("contend", _TRANSACTIONS, times=None, seconds=_TRANSACTION_SECONDS))
    world.faults.inject(Fault("contend", _SINGLE_WRITES, times=None, seconds=0))


def _crowd(
    world: World, stock: Mapping[str, int], submissions: Sequence[SubmissionJson], at_a_time: int
) -> CrowdResult:
    client = PatientClient(world)
    for sku, units in stock.items():
        product = ProductFieldsJson(
            name="Contended product", unit_price=1_000, currency="usd", available=units
        )
        world.shop.stock(sku, product)
    with longer_pivot_retries(world, _LONGER), ThreadPoolExecutor(at_a_time) as customers:
        for part in _WARM_UP:
            first = [an_order()] * int(part * at_a_time)
            list(customers.map(lambda each: _ended(world, client, each), first))
        before = take_snapshot(world)
        world.faults.begin_recording()
        start = time.monotonic()
        order_ids: list[str] = []
        for begin in range(0, len(submissions), at_a_time):
            with _meeting_at_the_pivot(world, at_a_time):
                wave = submissions[begin : begin + at_a_time]
                order_ids += customers.map(lambda each: _ended(world, client, each), wave)
        seconds = time.monotonic() - start
    orders = [_with_events(world, order_id) for order_id in order_ids]
    after = take_snapshot(world)
    calls = world.faults.calls()
    return CrowdResult(
        at_a_time=at_a_time,
        ends=Counter(order.end for order in orders),
        breaches=[*violations(before, after), *(each for order in orders for each in broken_promises(order))],
        conflicts=sum(call.fault == "contend" for call in calls),
        transactions=sum(" TransactWriteItems " in call.name for call in calls),
        retries=_retries(orders),
        left={sku: after.stock[sku] for sku in stock},
        seconds=seconds,
    )


@contextmanager
def _meeting_at_the_pivot(world: World, orders: int) -> Iterator[None]:
    """Hold the orders at the pivot until all are there, and make their transactions conflict."""
    over = Event()

    def release() -> None:
        since = time.monotonic()
        while not over.wait(_GATE_PAUSE_SECONDS):
            held = world.faults.held()
            if held == 0:
                since = time.monotonic()
            elif held == orders or time.monotonic() - since > _GATE_SECONDS:
                world.faults.lift(pivots)

    pivots = Fault("hold", PIVOT, times=orders)
    world.faults.inject(pivots)
    _let_writes_conflict(world)
    with ThreadPoolExecutor(max_workers=1) as gate:
        releasing = gate.submit(release)
        try:
            yield
        finally:
            over.set()
            releasing.result()
            world.faults.clear()


def _ended(world: World, client: PatientClient, submission: SubmissionJson) -> str:
    order_id = client.submit(submission)
    wait_for(
        lambda: world.executions.status(order_id) not in {None, "RUNNING"},
        f"the saga of order {order_id} has ended",
        timeout_seconds=_TIMEOUT_SECONDS,
        pause_seconds=_PAUSE_SECONDS,
    )
    return order_id


def _with_events(world: World, order_id: str) -> OrderHistory:
    """The history of an order, once all its events have arrived at the audit and at the pick list."""

    def complete() -> OrderHistory | None:
        order = read_history(world, order_id)
        return order if order is not None and order.is_consumed else None

    return wait_for(complete, f"the events of order {order_id}", timeout_seconds=_TIMEOUT_SECONDS)


def _retries(orders: Sequence[OrderHistory]) -> Mapping[str, int]:
    retries: Counter[str] = Counter()
    for order in orders:
        for execution in order.executions.values():
            for visit in execution.visits:
                if visit.attempts > 1:
                    retries[visit.name] += visit.attempts - 1
    return retries
