"""Schemas of the API's response bodies.

Tests check the functions' responses against them. The functions do not, because that would take time in every
request. In the contract, the schemas are named without the suffix `Schema`.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from lambdas.api.get_story.story_entry import StorySource
from lambdas.api.list_executions.history import StateOutcome
from lambdas.api.list_executions.logic import Reason
from lambdas.api.list_executions.reader import MOST_EVENTS, HistoryState
from lambdas.domain.line_refund import LineRefundStatus
from lambdas.domain.order import OrderStatus, PaymentStatus
from lambdas.domain.payment import DisputeState
from lambdas.domain.vocabulary import FailureCode
from lambdas.shared.rest.fields import Currency, Sku

Omitted = SkipJsonSchema[None]
"""In a union: the field can be absent, but is never null."""

MinorUnits = Annotated[
    int, Field(ge=0, description="Amount in the minor unit of the currency, such as cents.")
]


def _open(schema: dict[str, Any]) -> None:
    schema.pop("additionalProperties")


class ResponseSchema(BaseModel):
    """A response body, or a part of one.

    Our responses have no other fields, and tests hold that. The contract does not promise it, because later
    releases add fields: a client that is generated from it accepts them.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_open)


class OrderItemSchema(ResponseSchema):
    """A line of an order: units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1)]
    unit_price: Annotated[MinorUnits | None, Field(description="Null until the order is priced.")]


class PaymentSchema(ResponseSchema):
    """The payment of an order, as last recorded on the order."""

    status: PaymentStatus
    intent_id: Annotated[
        str | None, Field(description="Id of the Stripe PaymentIntent; null until it is created.")
    ]
    next_action: Annotated[
        dict[str, Any] | Omitted,
        Field(description="Action that the customer must take, for Stripe.js; only for that customer."),
    ] = None
    client_secret: Annotated[
        str | Omitted,
        Field(description="Client secret of the PaymentIntent, for Stripe.js; only for that customer."),
    ] = None
    capture_before: Annotated[
        datetime | Omitted,
        Field(
            description=(
                "When the authorization expires; only present while the payment is authorized and not"
                " captured (`requires_capture`)."
            )
        ),
    ] = None


class FailureSchema(ResponseSchema):
    """Why an order failed or was cancelled."""

    code: Annotated[str, Field(json_schema_extra={"enum": sorted(FailureCode)})]
    message: Annotated[str, Field(description="Explanation for the customer.")]


class SettlementSchema(ResponseSchema):
    """How the payment was settled outside of Stripe."""

    by: Annotated[str, Field(description="User id of the operator.")]
    reason: str
    at: datetime


class FulfilmentSchema(ResponseSchema):
    """How the goods were handed over."""

    at: datetime
    by: Annotated[str | Omitted, Field(description="User id of the operator; only for operators.")] = None
    carrier: Annotated[str | Omitted, Field(description="Who delivers the goods.")] = None
    tracking_number: Annotated[str | Omitted, Field(description="The carrier's number of the delivery.")] = (
        None
    )


class TimelineEntrySchema(ResponseSchema):
    """An entry of an order's timeline."""

    at: datetime
    event: Annotated[
        str, Field(description="What happened; only operators get the details of internal failures.")
    ]
    execution: Annotated[
        str | Omitted,
        Field(description="Name of the execution that wrote the entry, if one did; only for operators."),
    ] = None
    request_id: Annotated[
        str | Omitted,
        Field(description="Id of the request that wrote the entry, if one did; only for operators."),
    ] = None


class RefundedItemSchema(ResponseSchema):
    """Units of one SKU that a refund gives back."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1)]


class LineRefundSchema(ResponseSchema):
    """A refund of a part of an order."""

    refund_id: UUID
    status: LineRefundStatus
    items: Annotated[list[RefundedItemSchema], Field(description="Empty if only an amount is refunded.")]
    amount: MinorUnits
    restock: Annotated[bool, Field(description="Whether the units go back into stock.")]
    requested_at: datetime
    restocked_at: Annotated[
        datetime | Omitted, Field(description="Only present once the units are back in stock.")
    ] = None
    reason: Annotated[str | Omitted, Field(description="Only for operators.")] = None
    requested_by: Annotated[
        str | Omitted, Field(description="User id of the operator; only for operators.")
    ] = None


class OrderSchema(ResponseSchema):
    """An order."""

    order_id: UUID
    customer_id: Annotated[
        str | Omitted, Field(description="User id of the customer; only for operators.")
    ] = None
    email: Annotated[
        str | Omitted,
        Field(
            description=(
                "Address of the customer, until the customer is erased; only for operators who get this one"
                " order."
            )
        ),
    ] = None
    status: OrderStatus
    currency: Currency
    items: list[OrderItemSchema]
    amount: Annotated[MinorUnits | None, Field(description="Total price; null until the order is priced.")]
    payment: PaymentSchema
    failure: Annotated[
        FailureSchema | Omitted, Field(description="Present once the saga has begun to undo the order.")
    ] = None
    settlement: Annotated[
        SettlementSchema | Omitted,
        Field(
            description="Only present when the payment was settled outside of Stripe, and only for operators."
        ),
    ] = None
    reference: Annotated[
        str | Omitted, Field(description="The customer's own id of the order, if they gave one.")
    ] = None
    expected_amount: Annotated[
        MinorUnits | Omitted, Field(description="What the customer expected to pay, if they stated it.")
    ] = None
    fulfilment: Annotated[
        FulfilmentSchema | Omitted, Field(description="Present once the order is fulfilled.")
    ] = None
    refunds: Annotated[
        list[LineRefundSchema] | Omitted,
        Field(description="Refunds of parts of the order, oldest first; only present if there are any."),
    ] = None
    timeline: Annotated[list[TimelineEntrySchema], Field(description="Events, oldest first.")]
    created_at: datetime
    updated_at: datetime


class OrderPageSchema(ResponseSchema):
    """A page of orders, newest first."""

    orders: list[OrderSchema]
    cursor: Annotated[str | None, Field(description="Start of the next page; null on the last page.")]


class ErrorSchema(ResponseSchema):
    """An error of a state or of an execution."""

    code: Annotated[str, Field(description="Name of the error in Step Functions.")]
    message: str


class AttemptSchema(ResponseSchema):
    """A try of a state's task."""

    scheduled_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: ErrorSchema | None


class StateVisitSchema(ResponseSchema):
    """A visit to a state."""

    name: str
    entered_at: datetime
    left_at: Annotated[datetime | None, Field(description="Null while the state runs.")]
    outcome: Annotated[
        StateOutcome,
        Field(
            description=(
                "`caught`: its task failed for good, and another state followed. `failed`: it failed the"
                " execution. `stopped`: the execution was stopped or timed out."
            )
        ),
    ]
    next: Annotated[str | None, Field(description="The state that followed.")]
    input: Annotated[dict[str, Any] | None, Field(description="Without task tokens and other secrets.")]
    output: Annotated[dict[str, Any] | None, Field(description="Without task tokens and other secrets.")]
    attempts: Annotated[list[AttemptSchema], Field(description="Empty for a state without a task.")]


class ExecutionSchema(ResponseSchema):
    """An execution of the saga for an order."""

    name: str
    reason: Reason
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "UNKNOWN"]
    started_at: datetime | None
    stopped_at: datetime | None
    error: ErrorSchema | None
    history: Annotated[
        HistoryState,
        Field(
            description=(
                f"`truncated`: only the first {MOST_EVENTS} events were read, or none for lack of time."
                " `expired`: Step Functions keeps an execution for 90 days. `denied` and `unavailable`:"
                " Step Functions did not return it."
            )
        ),
    ]
    states: Annotated[list[StateVisitSchema], Field(description="In the order of entry.")]


class ExecutionsSchema(ResponseSchema):
    """The executions of an order."""

    executions: Annotated[list[ExecutionSchema], Field(description="Oldest first.")]


class ChargeSchema(ResponseSchema):
    """An attempt of Stripe to take the money of a payment."""

    id: str
    at: datetime
    amount: MinorUnits
    status: Annotated[
        str,
        Field(
            description=(
                "Stripe's status of a Charge. `authorized` while the bank reserves the money; `released` if"
                " it was never captured."
            )
        ),
    ]


class RefundSchema(ResponseSchema):
    """A refund at Stripe."""

    id: str
    at: datetime
    amount: MinorUnits
    status: Annotated[str, Field(description="Stripe's status of a Refund.")]
    by: Annotated[
        Literal["saga", "outside"], Field(description="Whether the saga or somebody else made the refund.")
    ]


class MoneySchema(ResponseSchema):
    """The payment of an order, as Stripe has it now, or as the order records it."""

    source: Annotated[
        Literal["stripe", "record"],
        Field(
            description=(
                "`record` if Stripe is unavailable or the order has no PaymentIntent; then `charges` and"
                " `refunds` are empty."
            )
        ),
    ]
    currency: Currency
    intent_id: str | None
    status: Annotated[str, Field(description="Stripe's status of the PaymentIntent, or the recorded one.")]
    amount: Annotated[MinorUnits | None, Field(description="Price of the order; null until it is priced.")]
    charges: list[ChargeSchema]
    refunds: Annotated[list[RefundSchema], Field(description="Oldest first.")]
    held: Annotated[
        MinorUnits | None,
        Field(description="Minor units that were captured and not refunded; null if that is not known."),
    ]
    dispute: DisputeState | None


class StockSchema(ResponseSchema):
    """A line of an order and its units."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1)]
    held: Annotated[bool, Field(description="Whether the order holds the units.")]
    day: Annotated[date, Field(description="Day on which the units are counted: that of the order.")]


class MailSchema(ResponseSchema):
    """An entry of the timeline about a mail."""

    at: datetime
    event: str


class ConsumerSchema(ResponseSchema):
    """A consumer of an event."""

    name: str
    at: Annotated[
        datetime | None,
        Field(description="When it first consumed the event; null for events of earlier versions."),
    ]


class EventSchema(ResponseSchema):
    """An event that was published."""

    event_id: UUID
    type: str
    occurred_at: datetime
    consumers: Annotated[list[ConsumerSchema], Field(description="Consumers that record what they consume.")]


class EffectsSchema(ResponseSchema):
    """What happened around an order."""

    money: MoneySchema
    stock: list[StockSchema]
    mails: list[MailSchema]
    events: Annotated[list[EventSchema], Field(description="Events that were consumed, oldest first.")]


class StoryEntrySchema(ResponseSchema):
    """An entry of an order's story."""

    at: datetime
    source: StorySource
    text: Annotated[str, Field(description="What happened, in a line.")]
    level: Annotated[str | None, Field(description="Level of the log line; null for the record's entries.")]
    function: Annotated[str | None, Field(description="Function that wrote the line.")]
    execution: Annotated[str | None, Field(description="Execution that the function worked for.")]
    state: Annotated[str | None, Field(description="State of the saga that called the function.")]
    request_id: Annotated[str | None, Field(description="API Gateway's id of the request that caused it.")]
    details: Annotated[dict[str, Any], Field(description="Facts of the line.")]


class StorySchema(ResponseSchema):
    """Everything that happened to an order."""

    logs: Annotated[
        Literal["complete", "truncated", "unavailable"],
        Field(
            description=(
                "`truncated` if lines have expired or are too many. `unavailable` if the logs can't be read:"
                " the record's entries are there."
            )
        ),
    ]
    entries: Annotated[list[StoryEntrySchema], Field(description="In the order of time.")]


class ErasureSchema(ResponseSchema):
    """What was done to forget a customer."""

    erased: Annotated[int, Field(ge=0, description="Number of orders that this request erased.")]
    not_at_rest: Annotated[
        list[UUID], Field(description="Orders that still need the data: repeat the request later.")
    ]
    more: Annotated[
        bool,
        Field(description="Whether to repeat the request now: it erases a limited number of orders."),
    ]


class ProductSchema(ResponseSchema):
    """A product of the catalogue."""

    sku: Sku
    name: str
    unit_price: MinorUnits
    currency: Currency
    available: Annotated[int, Field(ge=0, description="Units in stock that are not reserved by an order.")]
    active: Annotated[bool, Field(description="Whether customers see the product and can order it.")]


class ProductPageSchema(ResponseSchema):
    """A page of products, in no particular order."""

    products: list[ProductSchema]
    cursor: Annotated[Sku | None, Field(description="Start of the next page; null on the last page.")]


class ReceivedSchema(ResponseSchema):
    """Acknowledgement of a webhook event."""

    received: Literal[True]


class StripeObjectSchema(BaseModel):
    """The data of a Stripe event: https://docs.stripe.com/api/events/object."""

    model_config = ConfigDict(extra="allow")

    object: dict[str, Any]


class StripeEventSchema(BaseModel):
    """A Stripe event: https://docs.stripe.com/api/events/object."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str
    created: int
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

    type: Annotated[str, Field(description="URN of the kind of problem; it does not change.")]
    title: Annotated[str, Field(description="Title of the kind of problem, for people.")]
    status: Annotated[int, Field(ge=400, le=599, description="HTTP status code.")] | Omitted = None
    detail: Annotated[str, Field(description="What is wrong with this request.")]
    instance: Annotated[str | Omitted, Field(description="Request id, for support requests.")] = None
    errors: Annotated[
        list[FieldErrorSchema] | Omitted, Field(description="Every invalid part of the request.")
    ] = None
