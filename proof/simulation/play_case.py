"""Plays one case, lets everything come to rest, and checks all laws and promises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from zlib import crc32

import httpx

from cli.errors import CommandFailed
from local.catalogue import SAMPLE_STOCK
from local.fault_proxy.recording import Call
from local.users import UNREACHABLE_CUSTOMER
from proof.fault_campaign.case import Case
from proof.journeys import JOURNEYS
from proof.laws import take_snapshot
from proof.promises import AT_REST, OrderHistory
from proof.scenarios import FollowedOrder
from proof.simulation.dynamodb import Tables
from proof.simulation.interference import inject
from proof.simulation.scheduler import START_MS
from proof.simulation.settling import Settling
from proof.simulation.shop import Shop
from proof.simulation.simulated_world import SimulatedWorld

_BY_KEY: Final = {journey.key: journey for journey in JOURNEYS}

_DAY_MS: Final = 24 * 60 * 60 * 1000
_RECONCILED_AFTERWARDS: Final = 8
"""After one of so many cases the reconciliation compares everything, and must find nothing."""


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

    case: Case | Shop
    breaches: Sequence[str] = ()
    interrupted: str = ""
    ends: Sequence[str] = ()
    periods: int = 0
    operator_called: bool = False
    struck: bool = True
    calls: Sequence[Call] = field(default=(), repr=False)
    trace: str = ""
    milliseconds: int = 0


def play_case(
    case: Case,
    *,
    traced: bool = False,
    prepare: Callable[[SimulatedWorld], None] | None = None,
    is_disturbed: bool = False,
    is_compared: bool = False,
) -> SimulatedResult:
    """Play a case in a new world. The process must be prepared with `installed`.

    Args:
        case: The case.
        traced: Whether the result has a trace, even if nothing is broken.
        prepare: Changes the world before anything happens.
        is_disturbed: Whether it changes the world so much that the order may end otherwise.
        is_compared: Whether the reconciliation compares everything afterwards, whatever the case is.
    """
    with SimulatedWorld(str(case), tables=stocked_tables()) as world:
        if prepare is not None:
            prepare(world)
        play = _Play(world, case, is_disturbed=is_disturbed, is_compared=is_compared)
        return world.scheduler.play(lambda: play.run(traced=traced))


@cache
def stocked_tables() -> Tables:
    """The tables of a shop with the sample stock, which was opened a day ago."""
    with SimulatedWorld("stock", start_ms=START_MS - _DAY_MS) as world:
        world.scheduler.play(lambda: world.shop.stock_all(SAMPLE_STOCK))
        return world.dynamodb.tables


class _Play:
    def __init__(self, world: SimulatedWorld, case: Case, *, is_disturbed: bool, is_compared: bool) -> None:
        self._world = world
        self._is_disturbed = is_disturbed
        self._is_compared = is_compared or crc32(str(case).encode()) % _RECONCILED_AFTERWARDS == 0
        self._case = case
        self._journey = _BY_KEY[case.journey]

    def run(self, *, traced: bool) -> SimulatedResult:
        world = self._world
        settling = Settling(world, take_snapshot(world))
        for injection in self._case.injections:
            inject(world, injection)
        followed, interrupted = self._follow()
        world.faults.clear()
        world.stripe.reset_webhooks()
        world.rest()
        orders, breaches, periods = settling.settle()
        calls = world.faults.calls()
        struck = {(call.name, call.n) for call in calls if call.fault}
        if not breaches and self._is_compared:
            breaches += settling.found_by_reconciliation()
        breaches += self._wrong_ends(followed, orders)
        breaches += world.invariants
        return SimulatedResult(
            case=self._case,
            breaches=breaches,
            interrupted=interrupted,
            ends=[order.end for order in orders],
            periods=periods,
            operator_called=settling.operator_called,
            struck=all((each.name, each.n) in struck for each in self._case.injections),
            calls=calls,
            trace=world.trace.table() if traced or breaches else "",
            milliseconds=world.scheduler.now - START_MS,
        )

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

    def _wrong_ends(self, followed: FollowedOrder | None, orders: Sequence[OrderHistory]) -> list[str]:
        """One short fault changes no end; an outage, or two faults, can fail an order."""
        return [
            f"the order ended {order.end}, expected {self._journey.end}"
            for order in orders
            if followed is not None and order.order_id == followed.order_id and not self._may_end(order)
        ]

    def _may_end(self, order: OrderHistory) -> bool:
        case, journey = self._case, self._journey
        if journey.status == "NEEDS_ATTENTION":  # an operator has acted since
            return order.status in AT_REST
        # A journey that is retried has faults of its own.
        disturbances = len(case.injections) + self._is_disturbed + (journey.retried is not None)
        if disturbances > 1 or any(each.lasts for each in case.injections):
            return order.status in AT_REST
        return order.end == journey.end and (order.was_mailed or journey.customer == UNREACHABLE_CUSTOMER)
