"""The letter: what a mail says. Its text part and its HTML part are made from the same letter."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lambdas.domain.money import Money
from lambdas.domain.order import Order, total
from lambdas.domain.order_events import UnitsDetail
from lambdas.shared.mail.price_format import price_text


@dataclass(frozen=True, slots=True)
class Link:
    """What the customer should open.

    Attributes:
        label: What it is for; never a URL.
        url: An http(s) URL.
    """

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of the order, as customers read it.

    Attributes:
        name: The product's name.
        quantity: Number of units.
        unit_price: Formatted price of a unit; None if the order was never priced.
        price: Formatted price of all units; None if the order was never priced.
    """

    name: str
    quantity: int
    unit_price: str | None
    price: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of a mail about an order. They are plain text; only the parts escape them.

    Attributes:
        order_id: The order.
        subject: Subject line, and headline of the mail.
        opening: Paragraphs about what happened.
        closing: Paragraphs about what happens next.
        goods: Lines of the order; empty if the mail does not list them.
        total: Formatted price of the whole order; None if the order was never priced.
        link: What the customer should open; None if there is nothing to do.
    """

    order_id: str
    subject: str
    opening: tuple[str, ...]
    closing: tuple[str, ...]
    goods: tuple[Goods, ...] = ()
    total: str | None = None
    link: Link | None = None


def goods_of(order: Order) -> tuple[Goods, ...]:
    """The lines of an order. A line of an order that was never priced has no name either: it has the SKU."""

    def price(units: int, unit_price: int | None) -> str | None:
        return None if unit_price is None else price_text(Money(units * unit_price, order.currency))

    return tuple(
        Goods(
            line.name or line.sku,
            line.quantity,
            price(1, line.unit_price),
            price(line.quantity, line.unit_price),
        )
        for line in order.lines
    )


def only(order: Order, items: Iterable[UnitsDetail]) -> Order:
    """The order without all other units, at the price of these."""
    units = {item["sku"]: item["quantity"] for item in items}
    lines = tuple(replace(line, quantity=units[line.sku]) for line in order.lines if units.get(line.sku))
    return replace(order, lines=lines, amount=total(lines))


def total_of(order: Order) -> str | None:
    """The formatted price of an order; None if it was never priced."""
    return None if order.amount is None else price_text(order.price)
