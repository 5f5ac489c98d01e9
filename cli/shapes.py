"""JSON bodies of the REST API."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict


class ItemJson(TypedDict):
    """A number of units of one SKU. The unit price, in minor units, is null until the order is priced."""

    sku: str
    quantity: int
    unit_price: NotRequired[int | None]


class PaymentJson(TypedDict):
    """The payment of an order. The last two fields are for the customer who must approve it.

    An authorized payment has the time at which its authorization expires (UTC, ISO 8601).
    """

    status: str
    intent_id: str | None
    capture_before: NotRequired[str]
    next_action: NotRequired[Mapping[str, Any]]
    client_secret: NotRequired[str]


class FailureJson(TypedDict):
    """Why an order failed or was cancelled."""

    code: str
    message: str


class SettlementJson(TypedDict):
    """How the payment was settled outside of Stripe. Only operators get it."""

    by: str
    reason: str
    at: str


class DeliveryJson(TypedDict):
    """Body of `POST /orders/{order_id}/fulfil`."""

    carrier: NotRequired[str]
    tracking_number: NotRequired[str]


class FulfilmentJson(DeliveryJson):
    """How the goods were handed over. Only operators get who did it."""

    at: str
    by: NotRequired[str]


class RefundRequestJson(TypedDict):
    """Body of `POST /orders/{order_id}/refunds`: items or an amount."""

    items: NotRequired[list[ItemJson]]
    amount: NotRequired[int]
    restock: bool
    reason: str


class RefundJson(TypedDict):
    """A refund of a part of an order. Only operators get why, and who asked for it."""

    refund_id: str
    status: str
    items: list[ItemJson]
    amount: int
    restock: bool
    requested_at: str
    restocked_at: NotRequired[str]
    reason: NotRequired[str]
    requested_by: NotRequired[str]


class TimelineEntryJson(TypedDict):
    """An event of an order, with its time (UTC, ISO 8601). Only operators get what wrote it."""

    at: str
    event: str
    execution: NotRequired[str]
    request_id: NotRequired[str]


class OrderJson(TypedDict):
    """An order. The amount, in minor units, is null until it is priced. Only operators get the customer."""

    order_id: str
    customer_id: NotRequired[str]
    email: NotRequired[str]
    status: str
    currency: str
    items: list[ItemJson]
    amount: int | None
    payment: PaymentJson
    failure: NotRequired[FailureJson]
    settlement: NotRequired[SettlementJson]
    reference: NotRequired[str]
    expected_amount: NotRequired[int]
    fulfilment: NotRequired[FulfilmentJson]
    refunds: NotRequired[list[RefundJson]]
    timeline: list[TimelineEntryJson]
    created_at: str
    updated_at: str


class ErrorJson(TypedDict):
    """An error of a state or of an execution."""

    code: str
    message: str


class AttemptJson(TypedDict):
    """A try of a state's task. Times are UTC, ISO 8601."""

    scheduled_at: str
    started_at: str | None
    ended_at: str | None
    error: ErrorJson | None


class StateJson(TypedDict):
    """A visit to a state; see the API's contract."""

    name: str
    entered_at: str
    left_at: str | None
    outcome: str
    next: str | None
    input: Mapping[str, Any] | None
    output: Mapping[str, Any] | None
    attempts: list[AttemptJson]


class ExecutionJson(TypedDict):
    """An execution of an order's saga; see the API's contract."""

    name: str
    reason: str
    status: str
    started_at: str | None
    stopped_at: str | None
    error: ErrorJson | None
    history: str
    states: list[StateJson]


class ExecutionsJson(TypedDict):
    """The executions of an order, oldest first."""

    executions: list[ExecutionJson]


class OrderPageJson(TypedDict):
    """A page of orders, and the start of the next page."""

    orders: list[OrderJson]
    cursor: str | None


class StoryEntryJson(TypedDict):
    """An entry of an order's story; what the log or the record does not say is null."""

    at: str
    source: str
    text: str
    level: str | None
    function: str | None
    execution: str | None
    state: str | None
    request_id: str | None
    details: Mapping[str, Any]


class StoryJson(TypedDict):
    """Everything that happened to an order; `logs` is `complete`, `truncated` or `unavailable`."""

    logs: str
    entries: list[StoryEntryJson]


class ErasureJson(TypedDict):
    """What was done to forget a customer; see the API's contract."""

    erased: int
    not_at_rest: list[str]
    more: bool


class SubmissionJson(TypedDict):
    """Body of `POST /orders`."""

    currency: str
    items: list[ItemJson]
    payment_method: str
    email: NotRequired[str]
    reference: NotRequired[str]
    expected_amount: NotRequired[int]
    return_url: NotRequired[str]


class _SoldJson(TypedDict):
    """What every body of a product has. The unit price is in minor units."""

    name: str
    unit_price: int
    currency: str
    available: int


class ProductFieldsJson(_SoldJson):
    """Body of `PUT /inventory/{sku}`. A product is active unless this says otherwise."""

    active: NotRequired[bool]


class ProductChangesJson(TypedDict, total=False):
    """Body of `PATCH /inventory/{sku}`: the fields to change."""

    name: str
    unit_price: int
    active: bool


class ProductJson(_SoldJson):
    """A product."""

    sku: str
    active: bool


class ProductPageJson(TypedDict):
    """A page of products, and the start of the next page."""

    products: list[ProductJson]
    cursor: str | None


class PickJson(TypedDict):
    """The goods that must be picked for an order, and when it was confirmed (UTC, ISO 8601)."""

    order_id: str
    confirmed_at: str
    items: list[ItemJson]


class ReconciliationJson(TypedDict):
    """A run of the reconciliation that has ended. Times are UTC, ISO 8601.

    `found` counts the differences by kind, and `findings` has the ids of the first ones. `oldest` is the time
    or day of the oldest order or payment that one of them is about.
    """

    execution: str
    scope: str
    status: str
    started_at: str
    ended_at: str
    counts: Mapping[str, int]
    found: Mapping[str, int]
    oldest: str | None
    findings: list[Mapping[str, str | None]]


class VersionsJson(TypedDict):
    """The version of the command line, and of each stack of a shop; no stacks if there is no shop."""

    command_line: str
    stacks: Mapping[str, str]


class LetterQueueJson(TypedDict):
    """A queue that should be empty.

    `depth` is about the number of its messages, `oldest_at` the time of the oldest of those that were read
    (ISO 8601), and `redrive` says whether its messages can be sent back.
    """

    queue: str
    depth: int
    oldest_at: str | None
    redrive: str


class ReplayJson(TypedDict):
    """A replay of events: its name, its source, and the events of each type that the audit has of them."""

    replay: str
    source: str
    events: Mapping[str, int]
    consumers: list[str]


class OutdatedOrderJson(TypedDict):
    """An order that has lost changes: what its record has now, and the events that it does not have."""

    order_id: str
    status: str | None
    lost: list[str]
    advice: str


class LetterJson(TypedDict):
    """A message that could not be handled: what may be shown of it."""

    message_id: str
    sent_at: str
    what: str
    order_id: str | None
    event_id: str | None
    error: str | None


class ImportSummaryJson(TypedDict):
    """What became of the lines of a file with orders; `stopped` says why lines are left, if any are."""

    file: str
    run_id: str
    stopped: str | None
    lines: int
    new: int
    replayed: int
    rejected: int
    blank: int
    started_at: str
    ended_at: str


class ImportedLineJson(TypedDict):
    """What became of a line: the id of its order, or a problem with a `detail`."""

    line: int
    outcome: str
    order_id: NotRequired[str]
    problem: NotRequired[Mapping[str, Any]]
