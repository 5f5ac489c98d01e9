"""Lets the reconciliation and operators work until no law is broken, in simulated time."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from local.users import OPERATOR
from proof.laws import Snapshot, take_snapshot, violations
from proof.promises import OrderHistory, broken_promises, read_history
from proof.simulation.dynamodb import ORDERS
from proof.simulation.simulated_world import RUN_FAILED, SimulatedWorld

PERIOD_MS: Final = 15 * 60 * 1000
"""Between two scheduled reconciliations."""

_MOST_PERIODS: Final = 12
"""Every order is at rest this many reconciliations after the last fault."""

_SETTLES_EVERY: Final = 3
"""An operator whose retries do not help settles with the customer, or cancels, at every third attempt."""


class Settling:
    """A world that comes to rest.

    Args:
        world: The world.
        before: The world before the orders that are checked.
    """

    def __init__(self, world: SimulatedWorld, before: Snapshot) -> None:
        self._world = world
        self._before = before
        self._retries: Counter[str] = Counter()

    @property
    def operator_called(self) -> bool:
        """Whether an operator had to act."""
        return self._retries.total() > 0

    def has_acted_on(self, order_id: str) -> bool:
        """Whether an operator had to act on an order."""
        return order_id in self._retries

    def settle(self) -> tuple[list[OrderHistory], list[str], int]:
        """Wait until no law is broken, at most for some periods.

        Returns:
            The orders, the laws and promises that are still broken, and the periods that passed.
        """
        for period in range(_MOST_PERIODS + 1):
            self._decide_payments()
            orders = self._orders()
            breaches = [breach for order in orders for breach in broken_promises(order)]
            breaches += violations(self._before, take_snapshot(self._world))
            if not breaches:
                return orders, [], period
            if period == 0 or not self._operator_acts(orders):
                self._world.sleep(PERIOD_MS)
                # A payment that is too old for a recent reconciliation is compared in the next night.
                self._world.reconcile("full" if period == _MOST_PERIODS // 2 else "recent")
        return orders, breaches, period

    def found_by_reconciliation(self) -> list[str]:
        """The reconciliation is a second judge: it must find nothing, once it compares the orders at all.

        An outage can outlast the retries of a run. It raises an alarm, and the next run compares the same.
        """
        self._world.sleep(3 * PERIOD_MS)
        found = self._world.reconcile("full")
        if found and found[0]["kind"].startswith(RUN_FAILED):
            self._world.sleep(PERIOD_MS)
            found = self._world.reconcile("full")
        return [f"the reconciliation finds {json.dumps(each)}" for each in found]

    def _decide_payments(self) -> None:
        """Banks and customers decide in the end, also about what an operator's retry has begun."""
        for payment in self._world.stripe.payments():
            if payment.status == "processing":
                self._world.stripe.finish_processing(payment.intent_id, success=True)
        self._world.stripe.end_refunds_that_require_action()
        self._world.rest()

    def _orders(self) -> list[OrderHistory]:
        ids = [item["order_id"]["S"] for item in self._world.dynamodb.items(ORDERS)]
        return [history for each in ids if (history := read_history(self._world, each)) is not None]

    def _operator_acts(self, orders: Sequence[OrderHistory]) -> bool:
        """Retry the orders that need attention, settle or cancel them; whether there are any."""
        operator = self._world.signed_in(OPERATOR).shop
        flagged = [each.order_id for each in orders if each.status == "NEEDS_ATTENTION"]
        for order_id in flagged:
            self._retries[order_id] += 1
            if self._retries[order_id] % _SETTLES_EVERY:
                operator.request("POST", f"/orders/{order_id}/retry")
                continue
            paid_back = {"reason": "Paid back in cash."}
            settled = operator.request("POST", f"/orders/{order_id}/settle", json=paid_back)
            if settled.is_client_error:
                operator.request("POST", f"/orders/{order_id}/cancel")
        self._world.rest()
        return bool(flagged)
