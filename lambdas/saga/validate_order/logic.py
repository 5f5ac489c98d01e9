"""Prices an order, and rejects it before money moves if it cannot be fulfilled."""

from collections.abc import Iterable, Mapping

from lambdas.domain.errors import (
    AmountNotChargeable,
    CaptureDue,
    CurrencyMismatch,
    LineRefundDue,
    OrderRejected,
    OutOfStock,
    PriceChanged,
    UnknownSku,
)
from lambdas.domain.money import Money
from lambdas.domain.order import Order, OrderLine, total
from lambdas.domain.product import Product
from lambdas.saga.validate_order.order_limit import OrderLimit
from lambdas.shared.store.inventory import InventoryTable
from lambdas.shared.store.orders import OrderTable


def validate_order(order_id: str, orders: OrderTable, inventory: InventoryTable, limit: OrderLimit) -> Order:
    """Check an order against the catalogue and record its prices.

    An order that has a price was validated by another execution. It may have gone further since, and may
    itself hold the last units, so its stock is not checked again. For the same reason a rejection is recorded
    only if the order has no price yet.

    Raises:
        OrderNotFound: There is no such order.
        OrderCancelled: Somebody asked to cancel it.
        UndoAlreadyBegun: An earlier execution decided to undo it.
        LineRefundDue: It is confirmed, and an execution has to work on a refund of its lines.
        CaptureDue: It is confirmed, and an execution has to capture its payment.
        TooManyOrders: Its customer has placed too many orders within an hour.
        UnknownSku: A line's SKU is not in the catalogue, or its product is not active.
        CurrencyMismatch: A line's product is sold in another currency.
        OutOfStock: Fewer units are available than a line asks for. The pivot checks this again, and decides.
        PriceChanged: The order does not cost what the customer expects.
        AmountNotChargeable: The amount is outside the payment provider's limits.
    """
    order = orders.get(order_id)
    order.ensure_may_go_forward()
    if order.refund_due is not None:
        raise LineRefundDue(order.refund_due)
    if order.capture_due is not None:
        raise CaptureDue("the payment is to be captured")
    if order.amount is not None:
        return order
    products = inventory.find(line.sku for line in order.lines)
    try:
        limit.enforce(order)
        lines = tuple(_priced(line, order.currency, products) for line in order.lines)
        _ensure_expected(lines, order)
        _ensure_chargeable(lines, order.currency)
    except OrderRejected as rejection:
        order = orders.record_rejection(order, rejection)
        if order.amount is not None:
            return order
        raise
    return orders.record_prices(order, lines)


def _ensure_expected(lines: Iterable[OrderLine], order: Order) -> None:
    price, expected = total(lines), order.expected_amount
    if expected is not None and price != expected:
        now, before = Money(price, order.currency), Money(expected, order.currency)
        raise PriceChanged(f"The order costs {now}, not {before} as expected.")


def _ensure_chargeable(lines: Iterable[OrderLine], currency: str) -> None:
    reason = Money(total(lines), currency).why_not_chargeable()
    if reason is not None:
        raise AmountNotChargeable(reason)


def _priced(line: OrderLine, currency: str, products: Mapping[str, Product]) -> OrderLine:
    product = products.get(line.sku)
    if product is None or not product.active:
        raise UnknownSku(f"{line.sku} is not in the catalogue.")
    if product.currency != currency:
        raise CurrencyMismatch(f"{line.sku} is sold in {product.currency}, not in {currency}.")
    if product.available < line.quantity:
        raise OutOfStock(f"{line.sku} is out of stock.")
    return OrderLine(line.sku, line.quantity, product.unit_price, product.name)
