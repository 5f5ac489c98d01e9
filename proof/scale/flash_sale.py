"""A model of a flash sale: many orders at once meet the limits of AWS, of Stripe and of the charge slots.

Each order is a generator that yields the times at which it goes on:

    API -> table -> stream -> StartExecution -> ValidateOrder -> ChargePayment
        (-> WaitForSlot -> ChargePayment) -> ReserveInventory -> NotifyCustomer

A limit lets its callers wait, or refuses them, as the service does. A refused step is retried with the pauses
of the deployed definition. Every sale has enough stock.
"""

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from math import floor
from random import Random
from statistics import quantiles
from typing import Final

from lambdas.saga.charge_payment.charge_queue import SHORT_WAIT_MS
from lambdas.saga.charge_payment.charge_slots import BURST
from proof.scale.limits import Account
from proof.scale.order_use import SLOT_SECONDS, step_seconds
from proof.scale.token_bucket import TokenBucket
from statemachines.definition import read_definition

_STREAM_SECONDS: Final = 0.3
"""Time (assumed) from the write of an order until `start_saga` is called with it."""

_SHARDS: Final = 4
"""Shards of a new table's stream. Two functions follow them."""

Steps = Generator[float, None, None]
"""Goes on at the times that it yields."""


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A sale, and the limits that it meets.

    Attributes:
        account: The account's quotas.
        charge_rate: Charge slots in a second.
        mails: Mails in a second.
        queue_seconds: Time for which earlier orders have all charge slots.
        stock_items: Number of items that hold the stock. One is the stock of a product that everybody buys.
        transaction_seconds: Time (assumed) for which the pivot's transaction keeps others from its stock.
            DynamoDB cancels a transaction that meets another one, and the step is retried
            (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
        orders: Number of orders.
        seconds: Time within which they arrive, evenly. `submit_rate` is high enough for them.
    """

    account: Account
    charge_rate: float
    mails: float
    queue_seconds: float = 0
    stock_items: int = 1
    transaction_seconds: float = 0.01
    orders: int = 10_000
    seconds: float = 10


@dataclass
class SoldOrder:
    """What became of an order. Times are seconds since the beginning of the sale.

    Attributes:
        number: Its place in the order of arrival, from 0.
        accepted_at: When the API accepted it.
        slot: When its charge may begin.
        charged_at: When its charge began.
        confirmed_at: When its stock was taken; None if it is undone.
        undone_at: When a step was out of retries before it was confirmed; None if it is confirmed.
        mailed_at: When its mail was sent; None if the mail was given up.
        visits: Number of visits of each state.
        tries: Number of calls of functions by the state machine, those that were refused included.
    """

    number: int
    accepted_at: float
    slot: float = 0
    charged_at: float = 0
    confirmed_at: float | None = None
    undone_at: float | None = None
    mailed_at: float | None = None
    visits: Counter[str] = field(default_factory=Counter)
    tries: int = 0

    @property
    def has_waited(self) -> bool:
        """Whether it waited for its charge slot in a state of its own."""
        return self.visits["WaitForSlot"] > 0


@dataclass(frozen=True)
class SaleResult:
    """What became of all orders of a sale, in the order of their arrival."""

    sale: Sale
    orders: Sequence[SoldOrder]

    @property
    def seconds_to_confirm(self) -> list[float]:
        """For each confirmed order, the time from its acceptance."""
        return [each.confirmed_at - each.accepted_at for each in self.orders if each.confirmed_at is not None]

    @property
    def last_confirmed_at(self) -> float:
        """When the last order was confirmed."""
        return max(each.confirmed_at or 0 for each in self.orders)

    @property
    def undone(self) -> int:
        """Number of orders of which a step was out of retries."""
        return sum(each.undone_at is not None for each in self.orders)

    @property
    def not_mailed(self) -> int:
        """Number of confirmed orders whose mail was given up."""
        return sum(each.confirmed_at is not None and each.mailed_at is None for each in self.orders)

    @property
    def waited(self) -> int:
        """Number of orders that waited for their charge slot in a state of its own."""
        return sum(each.has_waited for each in self.orders)

    @property
    def transitions(self) -> float:
        """State transitions for each order; every try of a step is one."""
        waits = sum(each.visits["WaitForSlot"] for each in self.orders)
        return (sum(each.tries for each in self.orders) + waits) / len(self.orders)

    @property
    def most_charges_in_a_second(self) -> int:
        """The most charges that begin within a second, which Stripe limits."""
        times = sorted(each.charged_at for each in self.orders)
        first, most = 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    def percentile(self, percent: int) -> float:
        """The time from acceptance within which so many percent of the orders are confirmed."""
        return quantiles(self.seconds_to_confirm, n=100, method="inclusive")[percent - 1]

    def waiting(self, seconds: Sequence[float]) -> list[int]:
        """At each time, the number of orders that are accepted, and neither confirmed nor undone."""
        accepted = sorted(each.accepted_at for each in self.orders)
        ends = (end for each in self.orders for end in (each.confirmed_at, each.undone_at))
        ended = sorted(end for end in ends if end is not None)
        return [bisect_right(accepted, at) - bisect_right(ended, at) for at in seconds]


def play(sale: Sale, seed: int = 1) -> SaleResult:
    """Play a sale; the seed decides the random part of the pauses before retries."""
    return _Play(sale, seed).run()


class _GivenUp(Exception):
    """A step is out of retries."""


class _Play:
    def __init__(self, sale: Sale, seed: int) -> None:
        quotas = sale.account.quotas
        self._sale = sale
        self._random = Random(seed)  # noqa: S311 - it must be repeatable
        self._now = 0.0
        self._executions = TokenBucket(quotas.executions, quotas.executions_at_once)
        self._transitions = TokenBucket(quotas.transitions, quotas.transitions_at_once)
        self._slots = TokenBucket(sale.charge_rate, BURST, full_at=sale.queue_seconds)
        self._stock = [TokenBucket(1 / sale.transaction_seconds) for _ in range(sale.stock_items)]
        self._mails = TokenBucket(sale.mails, sale.mails)
        # The readers of the stream always have calls under way while orders change.
        of_stream = 2 * _SHARDS * sale.account.stage.stream_parallelization
        self._free_calls = quotas.concurrent_calls - of_stream

    def run(self) -> SaleResult:
        orders = [
            SoldOrder(number, number * self._sale.seconds / self._sale.orders)
            for number in range(self._sale.orders)
        ]
        sequence = count()  # orders that go on at the same time do so in the order in which they came
        due = [(order.accepted_at, next(sequence), self._order(order)) for order in orders]
        heapq.heapify(due)
        while due:
            self._now, _, steps = heapq.heappop(due)
            goes_on_at: float | None = self._now
            while goes_on_at == self._now:
                goes_on_at = next(steps, None)
            if goes_on_at is not None:
                heapq.heappush(due, (goes_on_at, next(sequence), steps))
        return SaleResult(self._sale, orders)

    def _order(self, order: SoldOrder) -> Steps:
        yield self._now + _STREAM_SECONDS
        yield self._executions.take(self._now)
        try:
            yield from self._step(order, "ValidateOrder")
            yield from self._charge(order)
            yield from self._step(order, "ReserveInventory", self._random.choice(self._stock))
            order.confirmed_at = self._now
            yield from self._step(order, "NotifyCustomer", self._mails)
            order.mailed_at = self._now
        except _GivenUp:
            if order.confirmed_at is None:  # a mail that is given up undoes nothing
                order.undone_at = self._now

    def _charge(self, order: SoldOrder) -> Steps:
        """The function takes a slot. It waits for a slot that is near; a state waits for one that is not."""
        yield from self._enter(order, "ChargePayment")
        yield from self._begin_call(order, iter(_pauses("ChargePayment")))
        slot = order.slot = self._slots.take(self._now)
        if round(1000 * (slot - self._now)) > SHORT_WAIT_MS:
            yield self._now + self._about(SLOT_SECONDS)
            self._free_calls += 1
            yield from self._enter(order, "WaitForSlot")
            yield max(self._now, floor(slot))  # Step Functions waits until a whole second
            yield from self._enter(order, "ChargePayment")
            yield from self._begin_call(order, iter(_pauses("ChargePayment")))
        yield max(self._now, slot)
        order.charged_at = self._now
        yield self._now + self._about(step_seconds("ChargePayment"))
        self._free_calls += 1

    def _step(self, order: SoldOrder, state: str, limit: TokenBucket | None = None) -> Steps:
        """A step calls its function, which may be refused by a limit, until it succeeds."""
        yield from self._enter(order, state)
        pauses = iter(_pauses(state))
        while True:
            yield from self._begin_call(order, pauses)
            yield self._now + self._about(step_seconds(state))
            self._free_calls += 1
            if limit is None or limit.try_take(self._now):
                return
            yield self._retry_at(pauses)

    def _enter(self, order: SoldOrder, state: str) -> Steps:
        """Step Functions delays a transition that is beyond its quota."""
        order.visits[state] += 1
        yield self._transitions.take(self._now)

    def _begin_call(self, order: SoldOrder, pauses: Iterator[float]) -> Steps:
        """Lambda refuses a call that is beyond its quota."""
        order.tries += 1
        while self._free_calls <= 0:
            yield self._retry_at(pauses)
            order.tries += 1
        self._free_calls -= 1

    def _about(self, seconds: float) -> float:
        """A duration, which varies by a half."""
        return seconds * self._random.uniform(0.5, 1.5)

    def _retry_at(self, pauses: Iterator[float]) -> float:
        longest = next(pauses, None)
        if longest is None:
            raise _GivenUp
        return self._now + self._random.uniform(0, longest)


@cache
def _pauses(state: str) -> tuple[float, ...]:
    """The longest pause before each retry of a step; full jitter makes it shorter."""
    retry = read_definition("order_saga")["States"][state]["Retry"][-1]
    return tuple(
        min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** n)
        for n in range(retry["MaxAttempts"])
    )
