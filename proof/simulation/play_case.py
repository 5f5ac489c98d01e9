"""Plays one case, lets everything come to rest, and checks all laws and promises."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from zlib import crc32

import httpx

from cli.errors import CommandFailed
from local.catalogue import SAMPLE_STOCK
from local.fault_proxy.faults import Fault
from local.fault_proxy.recording import Call
from local.users import OPERATOR, UNREACHABLE_CUSTOMER
from proof.fault_campaign.case import Case, Injection
from proof.journey import Journey
from proof.journeys import JOURNEYS
from proof.laws import Snapshot, take_snapshot, violations
from proof.promises import AT_REST, OrderHistory, broken_promises, read_history
from proof.scenarios import FollowedOrder
from proof.simulation.dynamodb import ORDERS, Tables
from proof.simulation.scheduler import START_MS
from proof.simulation.simulated_world import SimulatedWorld

_BY_KEY: Final = {journey.key: journey for journey in JOURNEYS}

_DAY_MS: Final = 24 * 60 * 60 * 1000
_PERIOD_MS: Final = 15 * 60 * 1000
"""Between two scheduled reconciliations."""

_MOST_PERIODS: Final = 12
"""Every order is at rest this many reconciliations after the last fault."""

_RECONCILED_AFTERWARDS: Final = 8
"""After one of so many cases the reconciliation compares everything, and must find nothing."""

_SETTLES_AFTER: Final = 3
"""An operator whose retries do not help settles with the customer, once."""


@dataclass(frozen=True)
class SimulatedResult:
    """The result of a case.

    Attributes:
        case: The case.
        breaches: The laws and promises that are broken, in words.
        interrupted: Why the journey could not be followed to its end; empty if it could.
        ends: How its orders ended.
        periods: Number of reconciliations that were needed.
        operator_called: Whether an operator had to act.
        struck: Whether every fault struck a call.
        calls: The calls of all functions.
        trace: What happened, as a table; empty unless it was asked for, or something is broken.
        milliseconds: Simulated time until all was at rest.
    """

    case: Case
    breaches: Sequence[str] = ()
    interrupted: str = ""
    ends: Sequence[str] = ()
    periods: int = 0
    operator_called: bool = False
    struck: bool = True
    calls: Sequence[Call] = field(default=(), repr=False)
    trace: str = ""
    milliseconds: int = 0


def play_case(case: Case, *, traced: bool = False) -> SimulatedResult:
    """Play a case in a new world. The process must be prepared with `installed`."""
    with SimulatedWorld(str(case), tables=stocked_tables()) as world:
        return world.scheduler.play(lambda: _Play(world, case).run(traced=traced))


@cache
def stocked_tables() -> Tables:
    """The tables of a shop with the sample stock, which was opened a day ago."""
    with SimulatedWorld("stock", start_ms=START_MS - _DAY_MS) as world:
        world.scheduler.play(lambda: world.shop.stock_all(SAMPLE_STOCK))
        return world.dynamodb.tables


class _Play:
    def __init__(self, world: SimulatedWorld, case: Case) -> None:
        self._world = world
        self._case = case
        self._journey = _BY_KEY[case.journey]
        self._retries: Counter[str] = Counter()
        self._before: Snapshot

    def run(self, *, traced: bool) -> SimulatedResult:
        world = self._world
        self._before = take_snapshot(world)
        for injection in self._case.injections:
            self._inject(injection)
        followed, interrupted = self._follow()
        world.faults.clear()
        world.stripe.reset_webhooks()
        self._decide_payments()
        world.rest()
        orders, breaches, periods = self._settle()
        calls = world.faults.calls()
        struck = {(call.name, call.n) for call in calls if call.fault}
        if not breaches and crc32(str(self._case).encode()) % _RECONCILED_AFTERWARDS == 0:
            breaches += self._found_by_reconciliation()
        breaches += self._wrong_ends(followed, orders)
        breaches += world.invariants
        return SimulatedResult(
            case=self._case,
            breaches=breaches,
            interrupted=interrupted,
            ends=[order.end for order in orders],
            periods=periods,
            operator_called=self._retries.total() > 0,
            struck=all((each.name, each.n) in struck for each in self._case.injections),
            calls=calls,
            trace=world.trace.table() if traced or breaches else "",
            milliseconds=world.scheduler.now - START_MS,
        )

    def _inject(self, injection: Injection) -> None:
        self._world.network.faults_of_case.inject(injection.fault)
        if injection.kind == "stop":
            self._world.network.when_held[injection.fault] = lambda: self._stop(injection.fault)

    def _stop(self, fault: Fault) -> None:
        """Stop all running executions, and let the held call go on."""
        for name in self._world.executions.names(running=True):
            self._world.executions.stop(name)
        self._world.network.faults_of_case.lift(fault)

    def _follow(self) -> tuple[FollowedOrder | None, str]:
        """Make the journey happen. A fault can keep it from happening as it is told."""
        try:
            return self._journey.run(self._world), ""
        except (
            TimeoutError,
            AssertionError,
            ValueError,
            LookupError,
            CommandFailed,
            httpx.HTTPError,
        ) as error:
            return None, f"{type(error).__name__}: {error}"

    def _decide_payments(self) -> None:
        """A bank decides in the end, even if the journey was interrupted before."""
        for payment in self._world.stripe.payments():
            if payment.status == "processing":
                self._world.stripe.finish_processing(payment.intent_id, success=True)

    def _settle(self) -> tuple[list[OrderHistory], list[str], int]:
        """Let the reconciliation and operators work until no law is broken."""
        for period in range(_MOST_PERIODS + 1):
            orders = self._orders()
            breaches = [breach for order in orders for breach in broken_promises(order)]
            breaches += violations(self._before, take_snapshot(self._world))
            if not breaches:
                return orders, [], period
            if period == 0 or not self._operator_acts(orders):
                self._world.sleep(_PERIOD_MS)
                self._world.reconcile("recent")
        return orders, breaches, period

    def _orders(self) -> list[OrderHistory]:
        ids = [item["order_id"]["S"] for item in self._world.dynamodb.items(ORDERS)]
        return [history for each in ids if (history := read_history(self._world, each)) is not None]

    def _operator_acts(self, orders: Sequence[OrderHistory]) -> bool:
        """Retry the orders that need attention, or settle with their customers; whether there are any."""
        operator = self._world.signed_in(OPERATOR).shop
        flagged = [each.order_id for each in orders if each.status == "NEEDS_ATTENTION"]
        for order_id in flagged:
            self._retries[order_id] += 1
            if self._retries[order_id] == _SETTLES_AFTER:
                operator.request("POST", f"/orders/{order_id}/settle", json={"reason": "Paid back in cash."})
            else:
                operator.request("POST", f"/orders/{order_id}/retry")
        self._world.rest()
        return bool(flagged)

    def _found_by_reconciliation(self) -> list[str]:
        """The reconciliation is a second judge: it must find nothing, once it compares the orders at all."""
        self._world.sleep(3 * _PERIOD_MS)
        return [f"the reconciliation finds {json.dumps(each)}" for each in self._world.reconcile("full")]

    def _wrong_ends(self, followed: FollowedOrder | None, orders: Sequence[OrderHistory]) -> list[str]:
        """One short fault changes no end; an outage, or two faults, can fail an order."""
        return [
            f"the order ended {order.end}, expected {self._journey.end}"
            for order in orders
            if followed is not None
            and order.order_id == followed.order_id
            and not _may_end(order, self._journey, self._case)
        ]


def _may_end(order: OrderHistory, journey: Journey, case: Case) -> bool:
    if journey.status == "NEEDS_ATTENTION":  # an operator has acted since
        return order.status in AT_REST
    disturbed = len(case.injections) + (journey.retried is not None)  # it has faults of its own
    if disturbed > 1 or any(each.lasts for each in case.injections):
        return order.status in AT_REST
    return order.end == journey.end and (order.was_mailed or journey.customer == UNREACHABLE_CUSTOMER)
