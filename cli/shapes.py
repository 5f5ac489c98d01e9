"""JSON bodies of the REST API."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict


class Item(TypedDict):
    """A number of units of one SKU. The unit price, in minor units, is null until the order is priced."""

    sku: str
    quantity: int
    unit_price: NotRequired[int | None]


class Payment(TypedDict):
    """The payment of an order. The last two fields are for the customer who must approve it."""

    status: str
    intent_id: str | None
    next_action: NotRequired[Mapping[str, Any]]
    client_secret: NotRequired[str]


class Failure(TypedDict):
    """Why an order failed or was cancelled."""

    code: str
    message: str


class TimelineEntry(TypedDict):
    """An event of an order, with its time (UTC, ISO 8601)."""

    at: str
    event: str


class Order(TypedDict):
    """An order. The amount, in minor units, is null until the order is priced."""

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
    """A page of orders, and the start of the next page."""

    orders: list[Order]
    cursor: str | None


class Submission(TypedDict):
    """Body of `POST /orders`."""

    currency: str
    items: list[Item]
    payment_method: str
    email: str


class ProductFields(TypedDict):
    """Body of `PUT /inventory/{sku}`. The unit price is in minor units."""

    name: str
    unit_price: int
    currency: str
    available: int


class Product(ProductFields):
    """A product."""

    sku: str
