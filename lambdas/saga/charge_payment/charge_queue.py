"""Lets an order wait for its turn to be charged."""

from dataclasses import dataclass
from time import sleep
from typing import Final

from lambdas.domain import clock
from lambdas.domain.errors import ChargeScheduled, OutOfStock
from lambdas.domain.order import Order
from lambdas.domain.vocabulary import Metric
from lambdas.saga.charge_payment.charge_slots import ChargeSlots
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.store.inventory import InventoryTable
from lambdas.shared.store.orders import OrderTable

SHORT_WAIT_MS: Final = 2_000
"""Longest wait inside the function.

A `Wait` state can end up to a second early, because Step Functions truncates its time to seconds. The
function waits for the rest
(https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html, November 2026).
"""


@dataclass(frozen=True, slots=True)
class ChargeQueue:
    """The queue of the orders that are to be charged.

    Attributes:
        slots: Gives out the turns.
        inventory: Tells after a wait whether the order's units are still available.
        has_waited: Whether the execution has waited for the order's slot. It waits only once.
    """

    slots: ChargeSlots
    inventory: InventoryTable
    has_waited: bool

    def await_turn(self, order: Order, orders: OrderTable) -> Order:
        """Return the order when it may be charged.

        A slot that begins later is recorded on the order, so that all its executions share it. A slot that
        begins soon is not recorded: a retry takes another one.

        Raises:
            ChargeScheduled: The order's slot begins later; the message says when.
            OutOfStock: The order's units were sold during the wait. It is not charged, because Stripe keeps
                its fee of a payment that is refunded.
            OrderCancelled: Somebody asked to cancel the order.
            UndoAlreadyBegun: An earlier execution decided to undo the order.
        """
        now = clock.epoch_milliseconds(clock.now())
        if order.charge_slot is None:
            slot = self.slots.take(now)
            if slot <= now:
                return order
            emit(Measure(Metric.CHARGE_SLOT_WAITS, value=slot - now))
        else:
            slot = clock.epoch_milliseconds(order.charge_slot)
        wait = slot - now
        if wait > SHORT_WAIT_MS and not self.has_waited:
            order = orders.record_charge_slot(order.order_id, clock.of_epoch_milliseconds(slot))
            if order.charge_slot is None:  # another attempt has just begun the charge
                return order
            raise ChargeScheduled(order.charge_slot)
        if 0 < wait <= SHORT_WAIT_MS:
            sleep(wait / 1_000)
        self._ensure_in_stock(order)
        return order

    def _ensure_in_stock(self, order: Order) -> None:
        products = self.inventory.find(line.sku for line in order.lines)
        for line in order.lines:
            product = products.get(line.sku)
            if product is None or product.available < line.quantity:
                raise OutOfStock(f"{line.sku} is out of stock.")
