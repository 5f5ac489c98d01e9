"""The calls of the API as its callers see them: the source of docs/openapi.json.

What a request may hold is said by the models that the functions read it with; a test compares this table with
the calls that are deployed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel

from docgen.contract.answers import (
    Answer,
    Catalogue,
    Health,
    Order,
    OrderPage,
    Product,
    Received,
    StripeEvent,
)
from lambdas.api.list_orders.request import ListOrdersRequest
from lambdas.api.put_inventory.request import PutProductRequest
from lambdas.api.restock_inventory.request import RestockRequest
from lambdas.api.submit_order.request import SubmitOrderRequest
from lambdas.shared.rest.parsing import RequestModel

Tag = Literal["Orders", "Inventory", "Operations"]


@dataclass(frozen=True)
class Success:
    """An answer that is what the caller hoped for.

    Attributes:
        description: What has happened.
        model: The body; None for an answer without one.
        headers: The headers that go with it, by the names of `HEADERS`.
        links: Which calls take what from this answer: parameters and OpenAPI's expressions, by operation.
    """

    description: str
    model: type[Answer] | None
    headers: tuple[str, ...] = ()
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A call.

    Attributes:
        operation_id: Its name, in programs.
        tag: What it is about.
        summary: What it does, in a line.
        description: What its callers should know, in Markdown.
        callers: Who may make it.
        request: What it takes beyond the parameters of its path.
        headers: More headers that it looks at, and what they say.
        body: What stands in its body, where no model reads it.
        successes: How it is answered if all is well.
        problems: How else the function answers, beyond what every call is answered.
    """

    operation_id: str
    tag: Tag
    summary: str
    description: str
    callers: Literal["customers", "operators", "both", "Stripe", "anybody"] = "both"
    request: type[RequestModel] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: type[BaseModel] | None = None
    successes: Mapping[HTTPStatus, Success]
    problems: Mapping[HTTPStatus, str] = field(default_factory=dict)


HEADERS: Final = {
    "ETag": ("The version of the product.", '"7"'),
    "Idempotent-Replayed": ("`true` if the order was there already.", "true"),
    "Location": ("Where the order is, below the API's URL.", "/orders/2f0c7ad5-5b0e-5f7e-9a3c-0c8a6b7d1e42"),
}
"""The answers' headers: what they say, and an example."""

_THIS_ORDER: Final = {"order_id": "$response.body#/order_id"}

_NO_ORDER: Final = {HTTPStatus.NOT_FOUND: "There is no such order, or it is somebody else's."}
_NO_PRODUCT: Final = {HTTPStatus.NOT_FOUND: "There is no such product."}
_REUSED_KEY: Final = {
    HTTPStatus.UNPROCESSABLE_ENTITY: "The `Idempotency-Key` was used for a different request."
}

OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /orders": Operation(
        operation_id="submitOrder",
        tag="Orders",
        summary="Place an order",
        description=(
            "The order is accepted, not fulfilled: follow its `status`. Prices are the catalogue's.\n\n"
            "`Idempotency-Key` makes it safe to send the same order again, for ever: the same customer, key"
            " and body get the first answer again, with `Idempotent-Replayed: true`, and there is one order."
            " Two orders that are truly alike need two keys. No request ever finds another one *in progress*:"
            " the key decides in one atomic write, so there is no `409` to wait for."
        ),
        callers="customers",
        request=SubmitOrderRequest,
        successes={
            HTTPStatus.ACCEPTED: Success(
                "The order is accepted.",
                Order,
                ("Location", "Idempotent-Replayed"),
                dict.fromkeys(("getOrder", "cancelOrder", "retryOrder"), _THIS_ORDER),
            )
        },
        problems=_REUSED_KEY,
    ),
    "GET /orders": Operation(
        operation_id="listOrders",
        tag="Orders",
        summary="List orders, the newest first",
        description=(
            "A customer gets their own, an operator everybody's.\n\n"
            "Send the `cursor` of a page to get the next one, until it is null. A page can have fewer orders"
            " than `limit`, even none, when there are more: with a `status`, and for operators, one request"
            " looks through so many orders, and so many days, only. Every order that was there at the first"
            " page, and whose status does not change meanwhile, comes exactly once. A cursor is for the same"
            " caller and the same `status`; the `limit` may change."
        ),
        request=ListOrdersRequest,
        successes={
            HTTPStatus.OK: Success(
                "A page of orders.", OrderPage, links={"listOrders": {"cursor": "$response.body#/cursor"}}
            )
        },
    ),
    "GET /orders/{order_id}": Operation(
        operation_id="getOrder",
        tag="Orders",
        summary="Look at an order",
        description="Its customer sees it, and operators do.",
        successes={HTTPStatus.OK: Success("The order as it is now.", Order)},
        problems=_NO_ORDER,
    ),
    "POST /orders/{order_id}/cancel": Operation(
        operation_id="cancelOrder",
        tag="Orders",
        summary="Ask to cancel an order",
        description=(
            "Money and stock are given back, whatever was done already; follow the order's `status`."
            " Asking again changes nothing, and is answered alike."
        ),
        successes={HTTPStatus.ACCEPTED: Success("The order is going to be cancelled.", Order)},
        problems={**_NO_ORDER, HTTPStatus.CONFLICT: "There is nothing left to cancel."},
    ),
    "POST /orders/{order_id}/retry": Operation(
        operation_id="retryOrder",
        tag="Orders",
        summary="Run an order's saga once more",
        description="For an order that is not at rest. It goes on from where it stands: this does no harm.",
        callers="operators",
        successes={HTTPStatus.ACCEPTED: Success("One more execution is on its way.", Order)},
        problems={**_NO_ORDER, HTTPStatus.CONFLICT: "The order is at rest: there is nothing left to do."},
    ),
    "GET /inventory": Operation(
        operation_id="listProducts",
        tag="Inventory",
        summary="Look at the catalogue",
        description="All products with their stock, by SKU.",
        successes={HTTPStatus.OK: Success("The catalogue.", Catalogue)},
    ),
    "GET /inventory/{sku}": Operation(
        operation_id="getProduct",
        tag="Inventory",
        summary="Look at a product",
        description="Its `ETag` is what `PUT` wants as `If-Match`.",
        headers={"If-None-Match": "The `ETag` that you have already."},
        successes={
            HTTPStatus.OK: Success(
                "The product as it is now.",
                Product,
                ("ETag",),
                {"putProduct": {"sku": "$response.body#/sku", "If-Match": "$response.header.ETag"}},
            ),
            HTTPStatus.NOT_MODIFIED: Success("It is what `If-None-Match` says it was.", None, ("ETag",)),
        },
        problems=_NO_PRODUCT,
    ),
    "PUT /inventory/{sku}": Operation(
        operation_id="putProduct",
        tag="Inventory",
        summary="Write a product",
        description=(
            "As it shall be from now on, its stock included. Send the `ETag` that you read as `If-Match`, or"
            " `If-None-Match: *` with a new product, so that two operators can't overwrite each other, nor"
            " the units that an order took meanwhile. To add units, restock."
        ),
        callers="operators",
        request=PutProductRequest,
        successes={
            HTTPStatus.OK: Success("The product is changed.", Product, ("ETag",)),
            HTTPStatus.CREATED: Success("There is a new product.", Product, ("ETag",)),
        },
        problems={
            HTTPStatus.PRECONDITION_FAILED: "The product is not what it was when you read it.",
            HTTPStatus.PRECONDITION_REQUIRED: "Exactly one of `If-Match` and `If-None-Match` is needed.",
        },
    ),
    "POST /inventory/{sku}/restock": Operation(
        operation_id="restockProduct",
        tag="Inventory",
        summary="Add a delivery to the stock",
        description=(
            "Units are added to what is there, whatever orders take at the same time. The `Idempotency-Key`"
            " is remembered for ten minutes: a request that got no answer can be sent again."
        ),
        callers="operators",
        request=RestockRequest,
        successes={HTTPStatus.OK: Success("The product as it is now.", Product, ("ETag",))},
        problems={**_NO_PRODUCT, **_REUSED_KEY},
    ),
    "POST /webhooks/stripe": Operation(
        operation_id="receiveStripeWebhook",
        tag="Operations",
        summary="Hear from Stripe",
        description="For Stripe: `Stripe-Signature` signs the body. An event that comes again does nothing.",
        callers="Stripe",
        body=StripeEvent,
        successes={HTTPStatus.OK: Success("Stripe need not send it again.", Received)},
    ),
    "GET /health": Operation(
        operation_id="getHealth",
        tag="Operations",
        summary="See that the API is there",
        description="For load balancers and watchdogs.",
        callers="anybody",
        successes={HTTPStatus.OK: Success("It is.", Health)},
    ),
}
"""All calls, by method and path."""
