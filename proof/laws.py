"""The first law of the saga, checked on the world: when orders are at rest, money and goods agree.

Money is held that was captured and not refunded, or that the customer's bank reserves until it is captured.

None of the product's code is used here. The check compares what the systems themselves hold: the orders'
records, Stripe's own objects, and the stock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.stripe_stand_in.payments import StripePayment
from proof.port import PlayedStage

_NOT_FULFILLED: Final = frozenset({"FAILED", "CANCELLED"})


@dataclass(frozen=True)
class OrderFact:
    """The facts in an order's record that the law is about.

    Attributes:
        order_id: The order's id.
        status: Its status.
        currency: ISO 4217 code.
        amount: Its price in minor units; None if it was never priced.
        taken: Units by SKU that are out of stock because of the order, now that it is at rest.
        refunded_outside: Minor units that were refunded in Stripe's dashboard.
        refunded_lines: Minor units that refunds of lines gave back.
        line_refunds: Number of refunds of lines that were requested.
        settled_outside: Whether an operator has settled the payment without Stripe.
        is_captured_late: Whether its money is only authorized until its goods are handed over.
        capture_asked: Whether an operator has asked for the capture.
        is_fulfilled: Whether its goods were handed over.
    """

    order_id: str
    status: str
    currency: str
    amount: int | None
    taken: Mapping[str, int]
    refunded_outside: int = 0
    refunded_lines: int = 0
    line_refunds: int = 0
    settled_outside: bool = False
    is_captured_late: bool = False
    capture_asked: bool = False
    is_fulfilled: bool = False


@dataclass(frozen=True)
class Snapshot:
    """All orders, payments and stock at one moment.

    Attributes:
        orders: All orders.
        payments: All PaymentIntents.
        stock: Units available by SKU.
    """

    orders: tuple[OrderFact, ...]
    payments: tuple[StripePayment, ...]
    stock: Mapping[str, int]


def take_snapshot(world: PlayedStage) -> Snapshot:
    """Read all three systems."""
    return Snapshot(
        orders=tuple(map(fact_of, world.items("orders"))),
        payments=tuple(world.stripe.payments()),
        stock={row["sku"]: int(row["available"]) for row in world.items("inventory")},
    )


def fact_of(row: Mapping[str, Any]) -> OrderFact:
    """The facts in an order's record."""
    happened = {str(entry["event"]).partition(":")[0] for entry in row["timeline"]}
    return OrderFact(
        order_id=row["order_id"],
        status=row["status"],
        currency=row["currency"],
        amount=int(row["amount"]) if "amount" in row else None,
        taken=_taken(row),
        refunded_outside=int(row["payment"].get("refunded_outside", 0)),
        refunded_lines=sum(int(each["amount"]) for each in _made(row)),
        line_refunds=len(row.get("refunds", ())),
        settled_outside=row["payment"]["status"] == "settled_outside",
        is_captured_late=row.get("capture") == "at_fulfilment",
        capture_asked="FulfilmentRequested" in happened,
        is_fulfilled="OrderFulfilled" in happened,
    )


def _made(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The refunds of lines of an order that the customer got, or will get."""
    return [each for each in row.get("refunds", ()) if each["status"] in {"refunded", "refund_pending"}]


def _taken(row: Mapping[str, Any]) -> dict[str, int]:
    """The units that an order keeps from the stock: what is sold, or refunded and not put back."""
    out, gone = Counter({line["sku"]: int(line["quantity"]) for line in row["items"]}), Counter[str]()
    made = _made(row)
    for refund in row.get("refunds", ()):
        restocked = refund["items"] if refund.get("restocked_at") else {}
        out.subtract(restocked)
        # The bank returned the money, but the units are back: the next refund without restock is about them.
        gone.subtract({} if refund in made else restocked)
    for refund in made:
        gone.update({} if refund["restock"] else refund["items"])
    is_sold = row["status"] == "CONFIRMED" or (row["status"] == "NEEDS_ATTENTION" and "failure" not in row)
    return {sku: int(units if is_sold else min(units, max(gone[sku], 0))) for sku, units in out.items()}


def violations(before: Snapshot, after: Snapshot) -> list[str]:
    """Name every breach of the first law; the list is empty if there is none.

    Args:
        before: The world before the orders that are checked; orders in it are not checked.
        after: The world when all orders are at rest.
    """
    earlier = {order.order_id for order in before.orders}
    orders = [order for order in after.orders if order.order_id not in earlier]
    return [
        *(breach for order in orders for breach in _of_order(order, after.payments)),
        *_of_unknown_payments(after),
        *_of_stock(before.stock, after.stock, orders),
    ]


def _of_order(order: OrderFact, payments: Iterable[StripePayment]) -> Iterable[str]:
    name = f"order {order.order_id} ({order.status})"
    own = [payment for payment in payments if payment.order_id == order.order_id]
    held = sum(map(held_of, own))
    charges = sum(payment.charges for payment in own)
    refunds = sum(payment.refunds - payment.refunds_by_hand for payment in own)
    # What a failed refund of the dashboard brings back is refunded again, if the order is undone.
    due = 1 + order.line_refunds + sum(payment.failed_by_hand for payment in own)
    if charges > 1:
        yield f"{name} was charged {charges} times"
    refunded = sum(payment.refunded for payment in own)
    if order.refunded_outside > refunded:
        yield f"{name} records {order.refunded_outside} refunded outside, but Stripe refunded {refunded}"
    if refunds > due:
        yield f"{name} was refunded {refunds} times"
    yield from captured_unasked(order, own)
    yield from shipped_unpaid(order, own)
    if any(payment.currency != order.currency for payment in own):
        yield f"{name} is in {order.currency}, but was charged in another currency"
    if order.status == "CONFIRMED":
        given_back = order.refunded_outside + order.refunded_lines
        if order.amount is None or held + given_back != order.amount:
            without = f" and {given_back} was given back" if given_back else ""
            yield f"{name} costs {order.amount}{without}, but Stripe holds {held}"
    elif order.status in _NOT_FULFILLED:
        if held and not order.settled_outside:
            yield f"{name} is not fulfilled, but Stripe holds {held}"
    else:
        yield f"{name} is not at rest"


def captured_unasked(order: OrderFact, payments: Iterable[StripePayment]) -> Iterator[str]:
    """Money that is captured late is captured only if an operator, or somebody at Stripe, asks for it."""
    if not order.is_captured_late or order.capture_asked:
        return
    for payment in payments:
        if payment.captured and not payment.captured_by_hand:
            yield f"order {order.order_id} was captured before anybody asked to fulfil it"


def shipped_unpaid(order: OrderFact, payments: Iterable[StripePayment]) -> Iterator[str]:
    """The goods of an order are handed over only when its money is captured."""
    if order.is_fulfilled and not sum(payment.captured for payment in payments):
        yield f"order {order.order_id} is fulfilled, but its money was not captured"


def held_of(payment: StripePayment) -> int:
    """Minor units that were captured and not refunded, or that are authorized."""
    return payment.authorized + payment.captured - payment.refunded


def _of_unknown_payments(after: Snapshot) -> Iterable[str]:
    known = {order.order_id for order in after.orders}
    for payment in after.payments:
        if held_of(payment) and payment.order_id not in known:
            yield f"Stripe holds {held_of(payment)} of {payment.intent_id}, which has no order"


def _of_stock(
    before: Mapping[str, int], after: Mapping[str, int], orders: Iterable[OrderFact]
) -> Iterable[str]:
    sold: dict[str, int] = {}
    for order in orders:
        for sku, units in order.taken.items():
            sold[sku] = sold.get(sku, 0) + units
    for sku, available in after.items():
        expected = before.get(sku, 0) - sold.get(sku, 0)
        if available != expected:
            yield f"{sku}: {before.get(sku, 0)} units before, {sold.get(sku, 0)} sold, {available} left"
        if available < 0:
            yield f"{sku} is oversold: {available}"
