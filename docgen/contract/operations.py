"""The operations of the API: the source of docs/openapi.json.

The schemas of requests are those of the models with which the functions parse requests. A test compares this
table with the deployed routes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import BaseModel

from docgen.contract.schemas import (
    EffectsSchema,
    ErasureSchema,
    ExecutionsSchema,
    HealthSchema,
    OrderPageSchema,
    OrderSchema,
    ProductPageSchema,
    ProductSchema,
    ReceivedSchema,
    ResponseSchema,
    StorySchema,
    StripeEventSchema,
)
from lambdas.api.erase_customer.request import EraseCustomerRequest
from lambdas.api.fulfil_order.request import FulfilRequest
from lambdas.api.list_inventory.request import ListProductsRequest
from lambdas.api.list_orders.request import ListOrdersRequest
from lambdas.api.patch_inventory.request import PatchProductRequest
from lambdas.api.put_inventory.request import PutProductRequest
from lambdas.api.request_refund.request import RequestRefundRequest
from lambdas.api.restock_inventory.request import RestockRequest
from lambdas.api.settle_order.request import SettleRequest
from lambdas.api.submit_order.request import SubmitOrderRequest
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.parsing import RequestModel

Tag = Literal["Orders", "Customers", "Inventory", "Operations"]


@dataclass(frozen=True)
class Success:
    """A successful response.

    Attributes:
        description: When it is returned.
        model: Schema of the body; None for a response without body.
        headers: Response headers, by their names in `HEADERS`.
        links: For each operation that takes values from this response, by operation id: OpenAPI runtime
            expressions by parameter.
    """

    description: str
    model: type[ResponseSchema] | None
    headers: tuple[str, ...] = ()
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ApiOperation:
    """An operation: a method on a path.

    Attributes:
        operation_id: Name for programs.
        tag: Section of the contract.
        summary: One line, imperative.
        description: What callers need to know, in Markdown.
        callers: Who may call it.
        request: Model of the request, if it has more than path parameters.
        headers: Descriptions of request headers that the model does not have.
        body: Schema of a body that the function does not parse with a model.
        successes: Successful responses by HTTP status code.
        problems: Descriptions of problems other than the common ones.
    """

    operation_id: str
    tag: Tag
    summary: str
    description: str
    callers: Literal["customers", "operators", "both", "Stripe", "anybody"] = "both"
    request: type[RequestModel] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: type[BaseModel] | None = None
    successes: Mapping[int, Success]
    problems: Mapping[ProblemKind, str] = field(default_factory=dict)


HEADERS: Final = {
    "ETag": ("Version of the product.", '"7"'),
    "Idempotent-Replayed": ("`true` if the request was a repetition.", "true"),
    "Location": (
        "Path of the order, relative to the API's URL.",
        "/orders/2f0c7ad5-5b0e-5f7e-9a3c-0c8a6b7d1e42",
    ),
}
"""Response headers: description and example."""

_THIS_ORDER: Final = {"order_id": "$response.body#/order_id"}

_NO_ORDER: Final = {
    ProblemKind.NOT_FOUND: "The order does not exist, or belongs to another customer.",
}
_NO_PRODUCT: Final = {ProblemKind.NOT_FOUND: "The product does not exist."}
_REUSED_KEY: Final = {
    ProblemKind.IDEMPOTENCY_KEY_REUSED: "The `Idempotency-Key` was already used with a different request.",
}

OPERATIONS: Final[Mapping[str, ApiOperation]] = {
    "POST /orders": ApiOperation(
        operation_id="submitOrder",
        tag="Orders",
        summary="Place an order",
        description=(
            "`202` means that the order is accepted, not that it is confirmed: poll the order for its"
            " `status`.\n\n"
            "Prices come from the catalogue. If you send `expected_amount`, an order that costs anything else"
            " fails with `price_changed`. Each order needs a new payment method, also after a decline. Mail"
            " goes to the verified address that you sign in with; the code that confirms a sign-up verifies"
            " it. Without a verified address the response is `403`. Too many orders within an hour fail with"
            " `too_many_orders`.\n\n"
            "A repeated request with the same `Idempotency-Key` and body returns the first response"
            " again, with `Idempotent-Replayed: true`, and places no second order. Keys are separate for"
            " each customer and do not expire. Use a new key for each new order, even if its body is"
            " identical. Concurrent requests with the same key do not return `409`."
        ),
        callers="customers",
        request=SubmitOrderRequest,
        successes={
            202: Success(
                "The order is accepted.",
                OrderSchema,
                ("Location", "Idempotent-Replayed"),
                dict.fromkeys(("getOrder", "cancelOrder", "retryOrder"), _THIS_ORDER),
            )
        },
        problems=_REUSED_KEY,
    ),
    "GET /orders": ApiOperation(
        operation_id="listOrders",
        tag="Orders",
        summary="List orders, newest first",
        description=(
            "Customers see their own orders, operators see all orders.\n\n"
            "To get the next page, send the `cursor` of the previous page. On the last page it is null. A"
            " page can have fewer orders than `limit`, or none, although more pages follow, because each"
            " request reads a limited number of orders and days. An order that exists when the first page"
            " is read, and whose status does not change, is listed exactly once. A cursor is valid for the"
            " same caller, `status` and `reference`; `limit` can change."
        ),
        request=ListOrdersRequest,
        successes={
            200: Success(
                "A page of orders.",
                OrderPageSchema,
                links={"listOrders": {"cursor": "$response.body#/cursor"}},
            )
        },
    ),
    "GET /orders/{order_id}": ApiOperation(
        operation_id="getOrder",
        tag="Orders",
        summary="Get an order",
        description="For the customer who placed the order, and for operators.",
        successes={200: Success("The order.", OrderSchema)},
        problems=_NO_ORDER,
    ),
    "GET /orders/{order_id}/executions": ApiOperation(
        operation_id="listExecutions",
        tag="Orders",
        summary="List an order's executions",
        description=(
            "Every execution of the saga that worked on the order: its states, their tries, errors and times."
            " What Step Functions no longer keeps, or does not return now, is missing; `history` says so."
        ),
        callers="operators",
        successes={200: Success("The executions.", ExecutionsSchema)},
        problems={ProblemKind.NOT_FOUND: "The order does not exist."},
    ),
    "GET /orders/{order_id}/effects": ApiOperation(
        operation_id="getOrderEffects",
        tag="Orders",
        summary="Get what happened around an order",
        description=(
            "The order's money as Stripe has it now, its stock, its mails, and its events with their"
            " consumers. If Stripe does not answer, the money is shown as the order records it."
        ),
        callers="operators",
        successes={200: Success("The effects of the order.", EffectsSchema)},
        problems={ProblemKind.NOT_FOUND: "The order does not exist."},
    ),
    "GET /orders/{order_id}/story": ApiOperation(
        operation_id="getOrderStory",
        tag="Orders",
        summary="Get everything that happened to an order",
        description=(
            "The order's timeline, the consumption of its events, and the lines about it in the logs of all"
            " functions, in the order of time. A line appears some seconds after it was written. Each request"
            " searches the logs, so don't poll. The story has no address, no payment method and no secret."
        ),
        callers="operators",
        successes={200: Success("The story of the order.", StorySchema)},
        problems={ProblemKind.NOT_FOUND: "The order does not exist."},
    ),
    "POST /orders/{order_id}/cancel": ApiOperation(
        operation_id="cancelOrder",
        tag="Orders",
        summary="Cancel an order",
        description=(
            "Cancels an order that is in progress or confirmed. Its payment is cancelled or refunded, and"
            " its stock is returned. `202` means that the cancellation is accepted: poll the order for its"
            " `status`. Repeating the request has no further effect.\n\n"
            "Once the order is fulfilled, only an operator can cancel it, when its goods have come back. Its"
            " failure code is then `returned`."
        ),
        successes={202: Success("The cancellation is accepted.", OrderSchema)},
        problems=_NO_ORDER
        | {
            ProblemKind.NOTHING_TO_CANCEL: (
                "The order has failed or is being undone, or its customer cancels it after it was fulfilled."
            )
        },
    ),
    "POST /orders/{order_id}/retry": ApiOperation(
        operation_id="retryOrder",
        tag="Orders",
        summary="Retry an order",
        description=(
            "Starts one more execution of the saga for an order that is not at rest. The execution"
            " continues from the order's current state, so a retry neither charges nor refunds twice."
        ),
        callers="operators",
        successes={202: Success("The retry is accepted.", OrderSchema)},
        problems={
            ProblemKind.NOT_FOUND: "The order does not exist.",
            ProblemKind.ORDER_AT_REST: "The order is at rest: there is nothing to retry.",
        },
    ),
    "POST /orders/{order_id}/republish": ApiOperation(
        operation_id="republishEvents",
        tag="Orders",
        summary="Publish an order's events again",
        description=(
            "Derives all events of the order again from its record, and publishes them in their order. Each"
            " has the `event_id` that it had before, so consumers drop those that they have received. For"
            " events that could not be published for a day."
        ),
        callers="operators",
        successes={202: Success("The events will be published.", OrderSchema)},
        problems={ProblemKind.NOT_FOUND: "The order does not exist."},
    ),
    "POST /orders/{order_id}/fulfil": ApiOperation(
        operation_id="fulfilOrder",
        tag="Orders",
        summary="Record that an order's goods are handed over",
        description=(
            "The customer of a confirmed order gets a mail, and can no longer cancel the order. Its status"
            " stays CONFIRMED. Send this request before the goods leave: a cancelled order returns"
            " `409`. Repeating the request has no further effect.\n\nIf the order's payment is only"
            " authorized (`requires_capture`), the response is `202`: the saga captures the payment first."
            " Hand the goods over when the order has its `fulfilment`, or after the event `OrderFulfilled`."
            " If the bank refuses, the order becomes NEEDS_ATTENTION: retry it, or cancel it."
        ),
        callers="operators",
        request=FulfilRequest,
        successes={
            200: Success("The order is fulfilled.", OrderSchema),
            202: Success(
                "The request is accepted. The order is fulfilled once its payment is captured.", OrderSchema
            ),
        },
        problems={
            ProblemKind.NOT_FOUND: "The order does not exist.",
            ProblemKind.NOTHING_TO_FULFIL: (
                "The order is not CONFIRMED, is being cancelled, or was fulfilled with another carrier or"
                " tracking number."
            ),
        },
    ),
    "POST /orders/{order_id}/refunds": ApiOperation(
        operation_id="refundLines",
        tag="Orders",
        summary="Refund a part of an order",
        description=(
            "Refunds units of a confirmed order at the price that the customer paid or, with `amount` instead"
            " of `items`, an amount such as the shipping. The order stays CONFIRMED, and can be refunded"
            " again until nothing is left. `202` means that the refund is accepted: poll the order for the"
            " refund's `status` in `refunds`. With `restock`, the units go back into stock. To refund the"
            " whole order, cancel it."
        ),
        callers="operators",
        request=RequestRefundRequest,
        successes={
            202: Success(
                "The refund is accepted, or it was before; then `Idempotent-Replayed` is `true`.",
                OrderSchema,
                headers=("Idempotent-Replayed",),
            )
        },
        problems={
            ProblemKind.NOT_FOUND: "The order does not exist.",
            ProblemKind.REFUND_NOT_POSSIBLE: (
                "The order is not CONFIRMED, is being cancelled or is disputed, its payment is not captured"
                " yet, another refund is under way, or it has less left to refund than you ask for."
            ),
            **_REUSED_KEY,
        },
    ),
    "POST /orders/{order_id}/settle": ApiOperation(
        operation_id="settleOrder",
        tag="Orders",
        summary="Settle an order's payment outside of Stripe",
        description=(
            "For an order that is NEEDS_ATTENTION because Stripe can't refund its payment, for example during"
            " a dispute. Settle with the customer first, then send this request. One more execution of the"
            " saga closes the order without a refund and notifies the customer. Repeating the request has no"
            " further effect."
        ),
        callers="operators",
        request=SettleRequest,
        successes={202: Success("The settlement is recorded.", OrderSchema)},
        problems={
            ProblemKind.NOT_FOUND: "The order does not exist.",
            ProblemKind.NOTHING_TO_SETTLE: (
                "The order is not NEEDS_ATTENTION, is not being undone, or holds no payment."
            ),
        },
    ),
    "POST /customers/{customer_id}/erase": ApiOperation(
        operation_id="eraseCustomer",
        tag="Customers",
        summary="Forget a customer",
        description=(
            "Removes the address, the payment method, the URL to return to and Stripe's client secret from"
            " the customer's orders that are at rest. It can't be taken back. The orders keep what was"
            " bought, paid and sent, `reference` and `customer_id`.\n\n"
            "Repeat the request while `more` is true, and again once the orders in `not_at_rest` are at rest."
            " The user's account and the data at Stripe are not affected."
        ),
        callers="operators",
        request=EraseCustomerRequest,
        successes={200: Success("The orders are erased.", ErasureSchema)},
        problems={ProblemKind.NOT_FOUND: "The customer has no orders."},
    ),
    "GET /inventory": ApiOperation(
        operation_id="listProducts",
        tag="Inventory",
        summary="List products",
        description=(
            "Products with their stock, in no particular order. To get the next page, send the `cursor` of"
            " the previous page. On the last page it is null. A product that exists when the first page is"
            " read is listed exactly once. Customers get active products only, so their pages can have fewer"
            " products than `limit`, or none, although more pages follow."
        ),
        request=ListProductsRequest,
        successes={
            200: Success(
                "A page of products.",
                ProductPageSchema,
                links={"listProducts": {"cursor": "$response.body#/cursor"}},
            )
        },
    ),
    "GET /inventory/{sku}": ApiOperation(
        operation_id="getProduct",
        tag="Inventory",
        summary="Get a product",
        description="To replace the product, send the `ETag` of this response as `If-Match` in `PUT`.",
        headers={"If-None-Match": "`ETag` of the version that the caller has."},
        successes={
            200: Success(
                "The product.",
                ProductSchema,
                ("ETag",),
                {
                    "putProduct": {"sku": "$response.body#/sku", "If-Match": "$response.header.ETag"},
                    "patchProduct": {"sku": "$response.body#/sku"},
                },
            ),
            304: Success(
                "The product has not changed since the version in `If-None-Match`.", None, ("ETag",)
            ),
        },
        problems=_NO_PRODUCT,
    ),
    "PUT /inventory/{sku}": ApiOperation(
        operation_id="putProduct",
        tag="Inventory",
        summary="Create or replace a product",
        description=(
            "Replaces every field, including the stock; without `active`, the product is active. To replace a"
            " product, send its `ETag` as"
            " `If-Match`. To create one, send `If-None-Match: *`. If an operator or an order has changed"
            " the product since it was read, the request fails with `412`. To change a selling product, use"
            " `PATCH`; to add units to the stock, use `restock`."
        ),
        callers="operators",
        request=PutProductRequest,
        successes={
            200: Success("The product is replaced.", ProductSchema, ("ETag",)),
            201: Success("The product is created.", ProductSchema, ("ETag",)),
        },
        problems={
            ProblemKind.PRECONDITION_FAILED: "The product has changed since it was read.",
            ProblemKind.PRECONDITION_REQUIRED: "Exactly one of `If-Match` and `If-None-Match` is required.",
        },
    ),
    "PATCH /inventory/{sku}": ApiOperation(
        operation_id="patchProduct",
        tag="Inventory",
        summary="Change a product without its stock",
        description=(
            "Changes the fields that are sent, also while orders take units; the other fields keep their"
            " values. Of two requests for the same field the last one counts. A product that is not active is"
            " hidden from customers, and a new order for it fails with `unknown_sku`; an order that has its"
            " prices already is fulfilled."
        ),
        callers="operators",
        request=PatchProductRequest,
        successes={200: Success("The product as it is now.", ProductSchema, ("ETag",))},
        problems=_NO_PRODUCT,
    ),
    "POST /inventory/{sku}/restock": ApiOperation(
        operation_id="restockProduct",
        tag="Inventory",
        summary="Add units to the stock",
        description=(
            "Adds units to the stock, also while orders take units. If there is no response, repeat the"
            " request with the same `Idempotency-Key`, at any time: it adds the units once."
        ),
        callers="operators",
        request=RestockRequest,
        successes={200: Success("The product with its new stock.", ProductSchema, ("ETag",))},
        problems=_NO_PRODUCT | _REUSED_KEY,
    ),
    "POST /webhooks/stripe": ApiOperation(
        operation_id="receiveStripeWebhook",
        tag="Operations",
        summary="Receive a Stripe event",
        description="Stripe calls this operation and signs the body. A repeated event changes nothing.",
        callers="Stripe",
        body=StripeEventSchema,
        successes={200: Success("The event is acknowledged.", ReceivedSchema)},
        problems={ProblemKind.BAD_SIGNATURE: "The signature or the body is not valid."},
    ),
    "GET /health": ApiOperation(
        operation_id="getHealth",
        tag="Operations",
        summary="Check that the API responds",
        description="A health check for load balancers and monitors. It calls no function.",
        callers="anybody",
        successes={200: Success("The API responds.", HealthSchema)},
    ),
}
"""All operations, by method and path."""
