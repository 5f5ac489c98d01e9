"""`python -m proof sale`: many orders at once for one product, while Stripe limits the calls to endpoints.

The embedded run does not shorten waits here. With `--simulated` the same sale is played in simulated time.
"""

import os
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from cli.shapes import ProductFieldsJson, SubmissionJson
from lambdas.saga.charge_payment.charge_slots import BURST
from local.world import World, embedded_world, spoken
from proof.fault_campaign.patient_client import PatientClient
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.port import PlayedWorld
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SimulatedWorld, installed

SKU: Final = "SALE-LAMP"

_OF_ALL_CALLS: Final = 4
"""Stripe allows an account four times as many calls as it allows to an endpoint."""

_SPARE: Final = BURST + 1
"""Calls to an endpoint that charges leave to a burst, and to a retry, in each second: 20 of 25 are left."""

_CUSTOMERS_AT_ONCE: Final = 16
"""Requests at once; more do not make the embedded AWS accept orders faster."""

_INVOCATIONS_AT_ONCE: Final = 64
"""Some of them sleep: orders whose turn comes within two seconds."""

_WARM_UP: Final = (8, 16, 32)
"""Numbers of orders that come first. They start the workers."""

_TOO_MANY_REQUESTS: Final = 429
_TIMEOUT_SECONDS: Final = 400.0
_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Sale:
    """A sale.

    Attributes:
        orders: Number of orders, each for one unit, all at once.
        units: Number of units in stock.
        stripe_rate: Calls to an endpoint that Stripe accepts in a second.
        charge_rate: Charges that begin in a second.
    """

    orders: int
    units: int
    stripe_rate: int
    charge_rate: int


@dataclass(frozen=True, kw_only=True)
class SaleResult:
    """What became of a sale.

    Attributes:
        sale: The sale.
        ends: Number of orders by end: `CONFIRMED`, or `FAILED out_of_stock`.
        limited: Calls that Stripe refused for a limit.
        queued: Number of orders that waited in `WaitForSlot`.
        longest_wait: Seconds that the last of them waited.
        charges: Number of charges.
        refunds: Number of refunds.
        transitions: State transitions of an order on average, retries included.
        accepted_seconds: Time until the last order was accepted.
        seconds: Time until the last order was confirmed or refused.
        breaches: The laws that are broken, in words.
    """

    sale: Sale
    ends: Mapping[str, int]
    limited: int
    queued: int
    longest_wait: float
    charges: int
    refunds: int
    transitions: float
    accepted_seconds: float
    seconds: float
    breaches: Sequence[str]

    @property
    def is_as_promised(self) -> bool:
        """Whether all that can be sold is sold, no order was refused for a limit, and no law is broken."""
        sold = min(self.sale.orders, self.sale.units)
        expected = {"CONFIRMED": sold, "FAILED out_of_stock": self.sale.orders - sold}
        is_sold = self.ends == {end: number for end, number in expected.items() if number}
        return is_sold and not self.limited and not self.breaches

    def __str__(self) -> str:
        ends = ", ".join(f"{number} {end}" for end, number in sorted(self.ends.items()))
        sale = self.sale
        lines = (
            f"{sale.orders} orders for {sale.units} units, accepted in {self.accepted_seconds:.1f} s",
            f"ends         {ends}; the last after {self.seconds:.1f} s",
            f"Stripe       {self.charges} charges, {sale.charge_rate} a second; {self.refunds} refunds",
            f"limit        {sale.stripe_rate} calls a second to an endpoint; {self.limited} answers 429",
            f"queue        {self.queued} orders waited for their turn, at most {self.longest_wait:.1f} s",
            f"transitions  {self.transitions:.2f} an order",
            *(f"BROKEN       {breach}" for breach in self.breaches),
        )
        return "\n".join(lines)


def main(arguments: Namespace) -> int:
    """Hold a sale, and print what became of it.

    Returns:
        0 if everything is as promised, else 1.

    Raises:
        StartFailed: A part of the embedded run can't start.
    """
    units = arguments.orders if arguments.units is None else arguments.units
    charge_rate = arguments.charge_rate or max(1, arguments.rate - _SPARE)
    sale = Sale(arguments.orders, units, arguments.rate, charge_rate)
    result = simulated_sale(sale) if arguments.simulated else _embedded_sale(sale)
    sys.stdout.write(f"{result}\n")
    return 0 if result.is_as_promised else 1


def simulated_sale(sale: Sale) -> SaleResult:
    """Play a sale in simulated time."""
    limits = {"CHARGE_RATE": str(sale.charge_rate), "ORDERS_PER_CUSTOMER_HOUR": str(sale.orders)}
    with (
        installed(),
        patch.dict(os.environ, limits),
        SimulatedWorld("sale", tables=stocked_tables()) as world,
    ):

        def all_at_once(submissions: Sequence[SubmissionJson]) -> list[str]:
            accepted: list[str] = []
            for each in submissions:
                world.scheduler.spawn(partial(_submit, world, each, accepted))
            world.wait_for(lambda: len(accepted) == len(submissions), "all orders are accepted")
            return accepted

        def play() -> SaleResult:
            world.stripe.limit_rate(sale.stripe_rate * _OF_ALL_CALLS, sale.stripe_rate)
            return _hold(world, sale, all_at_once, lambda: world.stripe.model.limits.rejected)

        return world.scheduler.play(play)


def _submit(world: PlayedWorld, submission: SubmissionJson, accepted: list[str]) -> None:
    accepted.append(world.shop.order(submission))


def _embedded_sale(sale: Sale) -> SaleResult:
    with embedded_world(
        "sale",
        progress=spoken,
        wait_scale=1.0,
        charge_rate=sale.charge_rate,
        concurrent_invocations=_INVOCATIONS_AT_ONCE,
    ) as world:
        client = PatientClient(world)

        def all_at_once(submissions: Sequence[SubmissionJson]) -> list[str]:
            with ThreadPoolExecutor(_CUSTOMERS_AT_ONCE) as customers:
                return list(customers.map(client.submit, submissions))

        for number in _WARM_UP:
            _wait_until_rest(world, all_at_once([an_order()] * number))
        world.faults.begin_recording()
        world.stripe.limit_rate(sale.stripe_rate * _OF_ALL_CALLS, sale.stripe_rate)
        return _hold(world, sale, all_at_once, lambda: _limited(world))


def _limited(world: World) -> int:
    """The calls to Stripe that were refused for a limit."""
    of_stripe = (call for call in world.faults.calls() if ": stripe " in call.name)
    return sum(call.status == _TOO_MANY_REQUESTS for call in of_stripe)


def _hold(
    world: PlayedWorld,
    sale: Sale,
    submit: Callable[[Sequence[SubmissionJson]], list[str]],
    limited: Callable[[], int],
) -> SaleResult:
    """Submit all orders, wait until they are at rest, and count."""
    product = ProductFieldsJson(
        name="Lamp on sale", unit_price=1_000, currency="usd", available=sale.units, active=True
    )
    world.shop.stock(SKU, product)
    before, start = take_snapshot(world), time.time()
    order_ids = submit([an_order((SKU, 1))] * sale.orders)
    accepted_seconds = time.time() - start
    _wait_until_rest(world, order_ids)
    records = _records(world, order_ids)
    payments = [each for each in world.stripe.payments() if each.order_id in records]
    waits = [each for each in map(_wait, records.values()) if each is not None]
    return SaleResult(
        sale=sale,
        ends=Counter(_end(record) for record in records.values()),
        limited=limited(),
        queued=len(waits),
        longest_wait=max(waits, default=0),
        charges=sum(each.charges for each in payments),
        refunds=sum(each.refunds for each in payments),
        transitions=sum(_transitions(world, order_id) for order_id in order_ids) / sale.orders,
        accepted_seconds=accepted_seconds,
        seconds=max(_decided_at(record) for record in records.values()) - start,
        breaches=violations(before, take_snapshot(world)),
    )


def _records(world: PlayedWorld, order_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    wanted = set(order_ids)
    return {row["order_id"]: row for row in world.items("orders") if row["order_id"] in wanted}


def _wait_until_rest(world: PlayedWorld, order_ids: Sequence[str]) -> None:
    world.wait_for(
        lambda: not any("unsettled_shard" in row for row in _records(world, order_ids).values()),
        "all orders are at rest",
        timeout_seconds=_TIMEOUT_SECONDS,
        pause_seconds=_PAUSE_SECONDS,
    )


def _end(record: Mapping[str, Any]) -> str:
    return " ".join([record["status"], *([record["failure"]["code"]] if "failure" in record else [])])


def _wait(record: Mapping[str, Any]) -> float | None:
    """Seconds between the decision that an order waits and its turn; None if it did not wait."""
    scheduled = (each["at"] for each in record["timeline"] if each["event"].startswith("ChargeScheduled"))
    at = next(scheduled, None)
    return None if at is None else _seconds(record["charge_slot"]) - _seconds(at)


def _decided_at(record: Mapping[str, Any]) -> float:
    ends = (each["at"] for each in record["timeline"] if each["event"] in {"OrderConfirmed", "OrderFailed"})
    return _seconds(next(ends, record["updated_at"]))


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _transitions(world: PlayedWorld, order_id: str) -> int:
    """The state transitions of an order's executions: each entry into a state, and each retry."""
    visits = (visit for name in world.executions.names(order_id) for visit in world.executions.visits(name))
    return sum(max(1, visit.attempts) for visit in visits)
