"""The JSON of the REST API, as far as the command line reads it."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict


class Item(TypedDict):
    """So many units of one SKU; the price, in minor units, is null until the order is priced."""

    sku: str
    quantity: int
    unit_price: NotRequired[int | None]


class Payment(TypedDict):
    """The payment of an order; while it waits for the customer, they also get what approving it takes."""

    status: str
    intent_id: str | None
    next_action: NotRequired[Mapping[str, Any]]
    client_secret: NotRequired[str]


class Failure(TypedDict):
    """Why an order is not fulfilled."""

    code: str
    message: str


class TimelineEntry(TypedDict):
    """Something that happened to an order: when (UTC, ISO 8601) and what."""

    at: str
    event: str


class Order(TypedDict):
    """An order; `amount` is in minor units, and null until the order is priced."""

    order_id: str
    status: str
    currency: str
    items: list[Item]
    amount: int | None
    payment: Payment
    failure: NotRequired[Failure]
    timeline: list[TimelineEntry]
    created_at: str
    updated_at: str


class OrderPage(TypedDict):
    """Some orders, and where the next ones are."""

    orders: list[Order]
    cursor: str | None


class Submission(TypedDict):
    """What `POST /orders` takes."""

    currency: str
    items: list[Item]
    payment_method: str
    email: str


class ProductFields(TypedDict):
    """What `PUT /inventory/{sku}` takes; the price is in minor units."""

    name: str
    unit_price: int
    currency: str
    available: int


class Product(ProductFields):
    """A product."""

    sku: str
