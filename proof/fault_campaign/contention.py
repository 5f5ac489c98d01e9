"""Many orders at once for the same few units: exactly the stock is sold, and nobody fails for the crowd.

The embedded DynamoDB serves one request after the other, so its transactions never meet; the fault proxy
makes them last, and conflict where they do.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Final

from cli.shapes import ProductFields, Submission
from local.fault_proxy.faults import Fault
from local.waiting import wait_for
from local.world import World
from proof.fault_campaign.shopper import Shopper
from proof.fault_campaign.tempo import patient_pivot
from proof.laws import take_snapshot, violations
from proof.plays import PIVOT, an_order
from proof.promises import Story, broken_promises, tell_story

AT_A_TIME: Final = 16
"""Orders on their way: each needs a worker, and there are more functions than the saga's at work."""

_WARM_UP: Final = (0.5, 1)
"""Which parts of a crowd come first, for something else. A cold worker starts within seconds, and a retry
waits for milliseconds here: where many workers start at once, it is that which fails orders."""

_TRANSACTION_SECONDS: Final = 0.02
"""How long a transaction is under way, as on AWS."""

_PATIENT_TIMES: Final = 10
"""The world's scale shortens the waits of retries, but no transaction. So the pivot's waits are made longer:
with a scale of 0.02 they are a fifth of what they are on AWS."""

_TRANSACTIONS: Final = "*: dynamodb TransactWriteItems *"
_SINGLE_WRITES: Final = "*: dynamodb UpdateItem *"
_PATIENCE_SECONDS: Final = 120.0
_PAUSE_SECONDS: Final = 0.25
_GATE_PAUSE_SECONDS: Final = 0.02
_GATE_SECONDS: Final = 2.0
"""For so long those who are first wait for the others: less than their client waits for an answer."""

_SHELF: Final = ("CONTENDED-ANVIL", "CONTENDED-BENCH", "CONTENDED-COUCH")
_PAIRS: Final = ((0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2), (0, 1, 2), (2, 1, 0))
"""Lines that orders have in opposite order: if transactions waited for each other, these would for ever."""


@dataclass(frozen=True, kw_only=True)
class Contention:
    """What became of a crowd.

    Attributes:
        at_a_time: How many orders were on their way at once.
        ends: How many orders ended so: `CONFIRMED`, or `FAILED out_of_stock`.
        breaches: The laws that are broken, in words.
        conflicts: How many writes were refused, because a transaction was just writing the same item.
        transactions: How many transactions were tried, with those.
        retries: How many tries the steps needed beyond their first, by state.
        left: Units on the shelf afterwards.
        seconds: From the first order until the last one's customer knew.
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
        retries = ", ".join(f"{count} {state}" for state, count in sorted(self.retries.items())) or "none"
        return (
            f"{orders} orders, {self.at_a_time} at a time, in {self.seconds:.1f} s"
            f" ({orders / self.seconds:.1f} a second): {ends}; left {dict(self.left)};"
            f" {self.conflicts} conflicts in {self.transactions} transactions; retries: {retries};"
            f" violations {len(self.breaches)}"
        )


def rush_for_one_sku(world: World, *, orders: int, units: int, at_a_time: int = AT_A_TIME) -> Contention:
    """Let more customers order one unit each of a SKU than there are."""
    sku = _SHELF[0]
    return _crowd(world, {sku: units}, [an_order((sku, 1))] * orders, at_a_time)


def orders_that_cross(world: World, *, orders: int, at_a_time: int = AT_A_TIME) -> Contention:
    """Let customers order the same SKUs in opposite order, of which there are enough for everybody."""
    crossing = [[(_SHELF[place], 1) for place in _PAIRS[number % len(_PAIRS)]] for number in range(orders)]
    return _crowd(world, dict.fromkeys(_SHELF, orders), [an_order(*lines) for lines in crossing], at_a_time)


def let_writes_conflict(world: World) -> None:
    """Have writes conflict with transactions on the same items, as on AWS, until the faults are cleared."""
    world.faults.inject(Fault("contend", _TRANSACTIONS, times=None, seconds=_TRANSACTION_SECONDS))
    world.faults.inject(Fault("contend", _SINGLE_WRITES, times=None, seconds=0))


def _crowd(
    world: World, stock: Mapping[str, int], submissions: Sequence[Submission], at_a_time: int
) -> Contention:
    shopper = Shopper(world)
    for sku, units in stock.items():
        product = ProductFields(name="Wanted by all", unit_price=1_000, currency="usd", available=units)
        world.shop.stock(sku, product)
    with patient_pivot(world, _PATIENT_TIMES), ThreadPoolExecutor(at_a_time) as customers:
        for part in _WARM_UP:
            first = [an_order()] * int(part * at_a_time)
            list(customers.map(lambda each: _served(world, shopper, each), first))
        before = take_snapshot(world)
        world.faults.begin_recording()
        start = time.monotonic()
        order_ids: list[str] = []
        for begin in range(0, len(submissions), at_a_time):
            with _meeting_at_the_pivot(world, at_a_time):
                wave = submissions[begin : begin + at_a_time]
                order_ids += customers.map(lambda each: _served(world, shopper, each), wave)
        seconds = time.monotonic() - start
    stories = [_settled(world, order_id) for order_id in order_ids]
    after = take_snapshot(world)
    calls = world.faults.calls()
    return Contention(
        at_a_time=at_a_time,
        ends=Counter(map(_end, stories)),
        breaches=[*violations(before, after), *_broken(stories)],
        conflicts=sum(call.fault == "contend" for call in calls),
        transactions=sum(" TransactWriteItems " in call.name for call in calls),
        retries=_retries(stories),
        left={sku: after.stock[sku] for sku in stock},
        seconds=seconds,
    )


@contextmanager
def _meeting_at_the_pivot(world: World, orders: int) -> Iterator[None]:
    """Let transactions conflict, and orders wait for each other, so that they do."""
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
    let_writes_conflict(world)
    with ThreadPoolExecutor(max_workers=1) as gate:
        releasing = gate.submit(release)
        try:
            yield
        finally:
            over.set()
            releasing.result()
            world.faults.clear()


def _served(world: World, shopper: Shopper, submission: Submission) -> str:
    order_id = shopper.submit(submission)
    wait_for(
        lambda: world.executions.status(order_id) not in {None, "RUNNING"},
        f"the saga of order {order_id} has ended",
        timeout_seconds=_PATIENCE_SECONDS,
        pause_seconds=_PAUSE_SECONDS,
    )
    return order_id


def _settled(world: World, order_id: str) -> Story:
    """An order's story, once its event has come, too."""

    def told() -> Story | None:
        story = tell_story(world, order_id)
        return story if story is not None and list(story.events) == story.announced else None

    return wait_for(told, f"the events of order {order_id}", timeout_seconds=_PATIENCE_SECONDS)


def _end(story: Story) -> str:
    return " ".join(filter(None, (story.status, story.record.get("failure", {}).get("code"))))


def _broken(stories: Sequence[Story]) -> Iterator[str]:
    for story in stories:
        for breach in broken_promises(story):
            yield f"order {story.record['order_id']}: {breach}"


def _retries(stories: Sequence[Story]) -> Mapping[str, int]:
    retries: Counter[str] = Counter()
    for story in stories:
        for told in story.executions.values():
            for visit in told.visits:
                if visit.attempts > 1:
                    retries[visit.name] += visit.attempts - 1
    return retries
