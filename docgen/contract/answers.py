"""The shapes of the API's answers. A test holds the functions to them; at run time nobody checks answers."""

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

LeftOut = SkipJsonSchema[None]
"""A field that is not there where there is nothing to say; it is never null."""

MinorUnits = Annotated[int, Field(ge=0, description="Minor units of the currency: cents, yen, fils.")]


class Answer(BaseModel):
    """An answer's body, or a part of one: it has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class OrderItem(Answer):
    """So many units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1)]
    unit_price: Annotated[MinorUnits | None, Field(description="Null until the order is priced.")]


class Payment(Answer):
    """The payment, as we last saw it."""

    status: PaymentStatus
    intent_id: Annotated[str | None, Field(description="Stripe's PaymentIntent; null until there is one.")]
    next_action: Annotated[
        dict[str, Any] | LeftOut,
        Field(
            description="What the customer has to do, for Stripe's client library. For this customer only."
        ),
    ] = None
    client_secret: Annotated[
        str | LeftOut,
        Field(description="What Stripe's client library needs for it. For this customer only."),
    ] = None


class Failure(Answer):
    """Why the order is not fulfilled."""

    code: Annotated[str, Field(json_schema_extra={"enum": FAILURE_CODES})]
    message: Annotated[str, Field(description="A sentence for the customer.")]


class TimelineEntry(Answer):
    """Something that happened to the order."""

    at: datetime
    event: str


class Order(Answer):
    """An order."""

    order_id: UUID
    status: OrderStatus
    currency: Currency
    items: list[OrderItem]
    amount: Annotated[MinorUnits | None, Field(description="What it costs; null until it is priced.")]
    payment: Payment
    failure: Annotated[
        Failure | LeftOut, Field(description="Only there once it is known that the order can't be fulfilled.")
    ] = None
    timeline: Annotated[list[TimelineEntry], Field(description="What happened, oldest first.")]
    created_at: datetime
    updated_at: datetime


class OrderPage(Answer):
    """Some orders, the newest first."""

    orders: list[Order]
    cursor: Annotated[
        str | None,
        Field(description="Where the next page begins; null if this is the last, and only then."),
    ]


class Product(Answer):
    """What the shop sells under one SKU."""

    sku: Sku
    name: str
    unit_price: MinorUnits
    currency: Currency
    available: Annotated[int, Field(ge=0, description="Units that nobody has taken.")]


class Catalogue(Answer):
    """All products, by SKU."""

    products: list[Product]


class Received(Answer):
    """Stripe need not send the event again."""

    received: Literal[True]


class StripeObject(BaseModel):
    """What an event is about; Stripe's documentation has the rest of it."""

    model_config = ConfigDict(extra="allow")

    object: dict[str, Any]


class StripeEvent(BaseModel):
    """What Stripe sends; see its documentation."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str
    livemode: bool
    data: StripeObject


class Health(Answer):
    """The API is there."""

    status: Literal["ok"]


class FieldError(Answer):
    """What is wrong with one part of the request."""

    field: Annotated[str, Field(description="A path into the body, or a header's or a parameter's name.")]
    message: str


class Problem(Answer):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, Field(description="The kind of problem: stable, for programs.")]
    title: Annotated[str, Field(description="The kind of problem, for people.")]
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status.")] | LeftOut = None
    detail: Annotated[str, Field(description="What it is this time.")]
    instance: Annotated[
        str | LeftOut, Field(description="The id of the request: tell it to whom you ask for help.")
    ] = None
    errors: Annotated[
        list[FieldError] | LeftOut, Field(description="Everything that is wrong with the request.")
    ] = None
