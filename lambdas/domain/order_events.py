"""The contract of the order events: what the `detail` of each event type has.

`docs/events/` is generated from these types. They promise consumers two things:

- A field is added, never removed or changed; an added field is `NotRequired`, because events that were
  published before it are delivered again: by republications, archives and dead-letter queues.
- A value that may get new members, such as `status`, is text and no enumeration.

A type is a dictionary at run time, so it costs the functions nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired, Required

# Python before 3.13 has no `ReadOnly`, with which an event type narrows a field of all events.
from typing_extensions import ReadOnly, TypedDict

from lambdas.domain.vocabulary import EventType, FailureCode

VERSION: Final = 1
"""The field `version` of every event. A change that consumers can't read needs another version."""


class Described:
    """What JSON Schema says of a field, besides its type."""

    def __init__(self, description: str, **keywords: Any) -> None:  # noqa: ANN401 - values of JSON
        self.keywords: Mapping[str, Any] = {"description": description, **keywords}


MinorUnits = Annotated[int, Described("Amount in the minor unit of the currency, such as cents.", minimum=0)]


class ItemDetail(TypedDict):
    """A line of an order: units of one SKU."""

    sku: Annotated[str, Described("Key of the product in the catalogue.")]
    quantity: Annotated[int, Described("Number of units.", minimum=1)]
    unit_price: ReadOnly[
        Annotated[MinorUnits | None, Described("Minor units; null if the order ended before it was priced.")]
    ]


class PricedItemDetail(ItemDetail):
    """A line of a priced order: units of one SKU."""

    unit_price: ReadOnly[Annotated[MinorUnits, Described("Price of one unit, in minor units.")]]


class PaymentDetail(TypedDict):
    """What happened to the payment of an order without the saga."""

    disputed: Annotated[bool, Described("Whether a dispute is open or was lost.")]
    refunded_outside: Annotated[
        int,
        Described("Minor units of all such refunds together. A refund that fails lowers it.", minimum=0),
    ]


class UnitsDetail(TypedDict):
    """Units of one SKU."""

    sku: Annotated[str, Described("Key of the product in the catalogue.")]
    quantity: Annotated[int, Described("Number of units.", minimum=1)]


class LineRefundDetail(TypedDict):
    """A refund of lines."""

    refund_id: Annotated[str, Described("Id of the refund.", format="uuid")]
    amount: Annotated[int, Described("Minor units of this refund.", minimum=1)]
    items: Annotated[
        Sequence[UnitsDetail],
        Described("The refunded units; empty if only an amount was refunded, such as the shipping."),
    ]
    items_kept: Annotated[
        Sequence[UnitsDetail],
        Described("The same as `items_kept` of the event, which older events lack; empty if none is left."),
    ]
    restock: Annotated[bool, Described("Whether the units go back into stock.")]


class FailureDetail(TypedDict):
    """Why an order is not fulfilled."""

    code: Annotated[str, Described("Failure code. More codes may be added.", examples=sorted(FailureCode))]
    message: Annotated[str, Described("A sentence for the customer.")]


class FulfilmentDetail(TypedDict):
    """How the goods of an order were handed over."""

    at: Annotated[str, Described("When; UTC, ISO 8601.", format="date-time")]
    carrier: NotRequired[Annotated[str, Described("Who delivers the goods.")]]
    tracking_number: NotRequired[Annotated[str, Described("The carrier's number of the delivery.")]]


class OrderEventDetail(TypedDict):
    """What every event has. Event types narrow some of the fields."""

    version: Annotated[Literal[1], Described("Version of the contract.")]
    event_id: Annotated[
        str, Described("The same in every delivery of an event: use it to drop duplicates.", format="uuid")
    ]
    order_id: Annotated[str, Described("Id of the order.", format="uuid")]
    order_version: NotRequired[
        Annotated[
            int,
            Described(
                "Grows with each change of the order: of two of its events, the greater one is newer; absent"
                " from older events.",
                minimum=1,
            ),
        ]
    ]
    request_id: NotRequired[
        Annotated[
            str,
            Described("Id of the request that submitted the order, as in the logs; absent for older orders."),
        ]
    ]
    customer_id: Annotated[str, Described("User id of the customer.")]
    status: ReadOnly[
        Annotated[
            str,
            Described(
                "Status of the order after the change. More statuses may be added.",
                examples=[
                    "PENDING",
                    "AWAITING_PAYMENT",
                    "CONFIRMED",
                    "FAILED",
                    "CANCELLED",
                    "NEEDS_ATTENTION",
                ],
            ),
        ]
    ]
    currency: Annotated[str, Described("ISO 4217 code in lower case.", pattern="^[a-z]{3}$")]
    amount: ReadOnly[
        Annotated[
            MinorUnits | None,
            Described("Price of all items, in minor units; null if the order ended before it was priced."),
        ]
    ]
    items: ReadOnly[Annotated[Sequence[ItemDetail], Described("The lines of the order.", minItems=1)]]
    reference: NotRequired[Annotated[str, Described("The customer's own id of the order, if they gave one.")]]
    expected_amount: NotRequired[
        Annotated[
            MinorUnits, Described("What the customer expected to pay, in minor units, if they stated it.")
        ]
    ]
    payment: NotRequired[
        ReadOnly[
            Annotated[
                PaymentDetail,
                Described("Present once the payment was disputed, or refunded outside of the saga."),
            ]
        ]
    ]
    items_kept: NotRequired[
        Annotated[
            Sequence[UnitsDetail],
            Described(
                "The units that are left to hand over: paid, and not put back into stock; absent if all are,"
                " and empty if none is. Present once units were refunded."
            ),
        ]
    ]
    refund: NotRequired[
        ReadOnly[
            Annotated[
                LineRefundDetail,
                Described("Present in `OrderLinesRefunded` and `OrderLineRefundReturned`."),
            ]
        ]
    ]
    failure: NotRequired[
        ReadOnly[Annotated[FailureDetail, Described("Present once the saga has begun to undo the order.")]]
    ]
    capture_before: NotRequired[
        ReadOnly[
            Annotated[
                str,
                Described("Present in `PaymentAuthorizationExpiring`: when it expires.", format="date-time"),
            ]
        ]
    ]
    fulfilment: NotRequired[
        ReadOnly[Annotated[FulfilmentDetail, Described("Present once the order was fulfilled.")]]
    ]
    occurred_at: Annotated[str, Described("When the order changed; UTC, ISO 8601.", format="date-time")]


_Amount = Annotated[MinorUnits, Described("Price of all items, in minor units.")]
_PricedItems = Annotated[Sequence[PricedItemDetail], Described("The lines of the order.", minItems=1)]
_Reason = Annotated[FailureDetail, Described("Why the order failed or was cancelled.")]
_Payment = Annotated[PaymentDetail, Described("What happened to the payment without the saga.")]


class OrderConfirmedDetail(OrderEventDetail):
    """An order was paid, or its payment was authorized until it is fulfilled. Its stock was taken."""

    status: ReadOnly[Literal["CONFIRMED"]]
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]


class OrderFailedDetail(OrderEventDetail):
    """An order could not be completed. Its payment and its stock were given back."""

    status: ReadOnly[Literal["FAILED"]]
    failure: ReadOnly[Required[_Reason]]


class OrderCancelledDetail(OrderEventDetail):
    """An order was cancelled on request. Its payment and its stock were given back."""

    status: ReadOnly[Literal["CANCELLED"]]
    failure: ReadOnly[Required[_Reason]]


class OrderNeedsAttentionDetail(OrderEventDetail):
    """The saga could neither complete nor undo an order: it needs an operator."""

    status: ReadOnly[Literal["NEEDS_ATTENTION"]]


class _PaymentEventDetail(OrderEventDetail):
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]
    payment: ReadOnly[Required[_Payment]]


class PaymentDisputedDetail(_PaymentEventDetail):
    """The customer's bank has opened a dispute of the charge."""


class PaymentDisputeLostDetail(_PaymentEventDetail):
    """The bank has decided a dispute for the customer and kept the money."""


class PaymentDisputeWonDetail(_PaymentEventDetail):
    """The bank has decided a dispute for the shop and returned the money."""


class PaymentRefundedOutsideDetail(_PaymentEventDetail):
    """Somebody has refunded the payment without the saga, or such a refund has failed."""


class PaymentSettledOutsideDetail(OrderEventDetail):
    """An operator has settled the payment with the customer, without the payment provider."""


class PaymentApprovalNeededDetail(OrderEventDetail):
    """The order waits until the customer approves the payment. Only the order has the bank's link."""

    status: ReadOnly[Literal["AWAITING_PAYMENT"]]
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]


class PaymentRefundSentDetail(OrderEventDetail):
    """The refund of an order, still pending when the order was closed, was sent to the customer's bank."""

    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]
    failure: ReadOnly[Required[_Reason]]


class PaymentAuthorizationExpiringDetail(OrderEventDetail):
    """The authorization of an order's payment soon expires: fulfil the order before, or it is cancelled."""

    status: ReadOnly[Literal["CONFIRMED"]]
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]
    capture_before: ReadOnly[
        Required[Annotated[str, Described("When it expires; UTC, ISO 8601.", format="date-time")]]
    ]


class OrderFulfilledDetail(OrderEventDetail):
    """The goods of a confirmed order were handed over, to the customer or to a carrier."""

    status: ReadOnly[Literal["CONFIRMED"]]
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]
    fulfilment: ReadOnly[Required[Annotated[FulfilmentDetail, Described("How the goods were handed over.")]]]


class OrderLinesRefundedDetail(OrderEventDetail):
    """Some lines of a confirmed order, or an amount, were refunded. The order stays confirmed."""

    status: ReadOnly[Literal["CONFIRMED"]]
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]
    refund: ReadOnly[Required[Annotated[LineRefundDetail, Described("What was refunded this time.")]]]


class OrderLineRefundReturnedDetail(OrderEventDetail):
    """The customer's bank has returned a refund of lines. The order stays confirmed, and holds this money."""

    status: ReadOnly[Literal["CONFIRMED"]]
    amount: ReadOnly[_Amount]
    items: ReadOnly[_PricedItems]
    refund: ReadOnly[Required[Annotated[LineRefundDetail, Described("The refund that was returned.")]]]


DETAILS: Final[Mapping[EventType, type[OrderEventDetail]]] = {
    EventType.ORDER_CONFIRMED: OrderConfirmedDetail,
    EventType.ORDER_FAILED: OrderFailedDetail,
    EventType.ORDER_CANCELLED: OrderCancelledDetail,
    EventType.ORDER_NEEDS_ATTENTION: OrderNeedsAttentionDetail,
    EventType.PAYMENT_DISPUTED: PaymentDisputedDetail,
    EventType.PAYMENT_DISPUTE_LOST: PaymentDisputeLostDetail,
    EventType.PAYMENT_DISPUTE_WON: PaymentDisputeWonDetail,
    EventType.PAYMENT_REFUNDED_OUTSIDE: PaymentRefundedOutsideDetail,
    EventType.PAYMENT_SETTLED_OUTSIDE: PaymentSettledOutsideDetail,
    EventType.PAYMENT_APPROVAL_NEEDED: PaymentApprovalNeededDetail,
    EventType.PAYMENT_REFUND_SENT: PaymentRefundSentDetail,
    EventType.PAYMENT_AUTHORIZATION_EXPIRING: PaymentAuthorizationExpiringDetail,
    EventType.ORDER_FULFILLED: OrderFulfilledDetail,
    EventType.ORDER_LINES_REFUNDED: OrderLinesRefundedDetail,
    EventType.ORDER_LINE_REFUND_RETURNED: OrderLineRefundReturnedDetail,
}
"""The detail of each event type."""
