"""Schemas of the API's response bodies.

Tests check the functions' responses against them; at run time nothing does, for speed. In the contract the
schemas are named without the suffix `Schema`.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from lambdas.domain.errors import OrderRejected
from lambdas.domain.order import OrderStatus, PaymentStatus
from lambdas.shared.rest.fields import Currency, Sku

FAILURE_CODES = sorted(
    {kind.failure_code for kind in OrderRejected.__subclasses__()} | {"cancelled_by_operator"}
)

Omitted = SkipJsonSchema[None]
"""In a union: the field may be missing, but is never null."""

MinorUnits = Annotated[
    int, Field(ge=0, description="Amount in the minor unit of the currency: cents, yen, fils.")
]


class ResponseSchema(BaseModel):
    """A response body, or a part of one, without further fields."""

    model_config = ConfigDict(extra="forbid")


class OrderItemSchema(ResponseSchema):
    """A number of units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1)]
    unit_price: Annotated[MinorUnits | None, Field(description="Null until the order is priced.")]


class PaymentSchema(ResponseSchema):
    """The payment of an order, as the shop last saw it."""

    status: PaymentStatus
    intent_id: Annotated[str | None, Field(description="Stripe PaymentIntent; null until it is created.")]
    next_action: Annotated[
        dict[str, Any] | Omitted,
        Field(description="Action required of the customer, for Stripe.js. Only shown to that customer."),
    ] = None
    client_secret: Annotated[
        str | Omitted,
        Field(description="Secret of the PaymentIntent, for Stripe.js. Only shown to that customer."),
    ] = None


class FailureSchema(ResponseSchema):
    """Why an order failed or was cancelled."""

    code: Annotated[str, Field(json_schema_extra={"enum": FAILURE_CODES})]
    message: Annotated[str, Field(description="Sentence for the customer.")]


class TimelineEntrySchema(ResponseSchema):
    """An event of an order."""

    at: datetime
    event: str


class OrderSchema(ResponseSchema):
    """An order."""

    order_id: UUID
    status: OrderStatus
    currency: Currency
    items: list[OrderItemSchema]
    amount: Annotated[MinorUnits | None, Field(description="Total price; null until the order is priced.")]
    payment: PaymentSchema
    failure: Annotated[
        FailureSchema | Omitted, Field(description="Only present when the order fails or is cancelled.")
    ] = None
    timeline: Annotated[list[TimelineEntrySchema], Field(description="Events, oldest first.")]
    created_at: datetime
    updated_at: datetime


class OrderPageSchema(ResponseSchema):
    """A page of orders, newest first."""

    orders: list[OrderSchema]
    cursor: Annotated[str | None, Field(description="Start of the next page; null on the last page only.")]


class ProductSchema(ResponseSchema):
    """A product of the catalogue."""

    sku: Sku
    name: str
    unit_price: MinorUnits
    currency: Currency
    available: Annotated[int, Field(ge=0, description="Units in stock that no order has taken.")]


class CatalogueSchema(ResponseSchema):
    """All products, sorted by SKU."""

    products: list[ProductSchema]


class ReceivedSchema(ResponseSchema):
    """Acknowledgement of a webhook event."""

    received: Literal[True]


class StripeObjectSchema(BaseModel):
    """The object of a Stripe event; see Stripe's documentation."""

    model_config = ConfigDict(extra="allow")

    object: dict[str, Any]


class StripeEventSchema(BaseModel):
    """A Stripe event; see Stripe's documentation."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str
    livemode: bool
    data: StripeObjectSchema


class HealthSchema(ResponseSchema):
    """State of the API."""

    status: Literal["ok"]


class FieldErrorSchema(ResponseSchema):
    """An invalid part of the request."""

    field: Annotated[str, Field(description="Path in the body, or name of a header or parameter.")]
    message: str


class ProblemSchema(ResponseSchema):
    """A problem document (RFC 9457)."""

    type: Annotated[str, Field(description="Kind of problem, stable for programs.")]
    title: Annotated[str, Field(description="Kind of problem, for people.")]
    status: Annotated[int, Field(ge=400, le=599, description="HTTP status code.")] | Omitted = None
    detail: Annotated[str, Field(description="What is wrong with this request.")]
    instance: Annotated[str | Omitted, Field(description="Request id, for support.")] = None
    errors: Annotated[
        list[FieldErrorSchema] | Omitted, Field(description="Every invalid part of the request.")
    ] = None
