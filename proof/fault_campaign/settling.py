"""Lets retries, recoveries, the reconciliation and an operator work until all orders keep all laws."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from local.world import World
from proof.fault_campaign.patient_client import PatientClient
from proof.fault_campaign.watch import WorldWatch
from proof.laws import Snapshot, take_snapshot, violations
from proof.payment_scenarios import webhooks_processed
from proof.promises import OrderHistory, broken_promises, read_history

_TIMEOUT_SECONDS: Final = 300.0
"""On a busy machine orders take minutes. Orders that no longer change are given up sooner."""

_MAX_RECONCILIATIONS: Final = 5
_MAX_RETRIES: Final = 3
_PAUSE_SECONDS: Final = 0.1
_WEBHOOKS_WITHIN_SECONDS: Final = 2.0


@dataclass
class Settled:
    """Orders that have settled, or were given up.

    Attributes:
        orders: The histories of the orders that have a record.
        breaches: The laws that are still broken, in words.
        retries: Number of retries by an operator, by order id.
    """

    orders: list[OrderHistory] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)

    def check(self, world: World, order_ids: Sequence[str], before: Snapshot) -> None:
        """Read the orders again, and check all laws."""
        histories = {order_id: read_history(world, order_id) for order_id in order_ids}
        self.orders = [each for each in histories.values() if each is not None]
        self.breaches = [
            *(
                f"order {each} was accepted, but has no record"
                for each in order_ids
                if histories[each] is None
            ),
            *(breach for order in self.orders for breach in broken_promises(order)),
        ]
        if not self.breaches:  # the snapshot takes longer to read
            self.breaches = violations(before, take_snapshot(world))

    def operator_retries(self, world: World) -> None:
        """Retry the orders for which an event has called an operator, unless they were retried too often."""
        for order in self.orders:
            if (
                order.status == "NEEDS_ATTENTION"
                and order.all_events_arrived
                and self.retries[order.order_id] < _MAX_RETRIES
            ):
                world.faults.clear()
                self.retries[order.order_id] += PatientClient(world).retry(order.order_id)


def settle(watch: WorldWatch, order_ids: Sequence[str], before: Snapshot) -> Settled:
    """Wait until nothing happens any more and no law is broken; give up after a while.

    Args:
        watch: Watches the world of the orders.
        order_ids: The orders.
        before: The world before them.
    """
    settled = Settled()
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    last_reconciliation = watch.reconciliations + _MAX_RECONCILIATIONS
    while time.monotonic() < deadline and watch.reconciliations < last_reconciliation:
        if watch.is_quiet():
            settled.check(watch.world, order_ids, before)
            if not settled.breaches:
                return settled
            settled.operator_retries(watch.world)
        time.sleep(_PAUSE_SECONDS)
    settled.check(watch.world, order_ids, before)
    return settled


def with_delivery(before: Snapshot, units: Mapping[str, int]) -> Snapshot:
    """The world before, if these units by SKU had been in stock too; negative for units that were taken."""
    return replace(
        before, stock={sku: available + units.get(sku, 0) for sku, available in before.stock.items()}
    )


def await_webhooks(world: World, order_id: str) -> None:
    """Wait until the webhooks of an order that has settled are processed, and give up those that take long.

    A webhook whose function was killed comes again with a later delivery. The next order must not meet it.
    """
    deadline = time.monotonic() + _WEBHOOKS_WITHIN_SECONDS
    while not webhooks_processed(world, order_id):
        if time.monotonic() > deadline:
            world.stripe.clear_webhook()
            world.register_webhook()
            return
        time.sleep(_PAUSE_SECONDS)
