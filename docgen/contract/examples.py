"""Examples for the contract. The response bodies are made by the code of the functions."""

import json
from dataclasses import asdict, replace
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from lambdas.api.get_effects.logic import effects_of
from lambdas.api.get_story.log_search import FoundLines
from lambdas.api.get_story.logic import Period, story_of
from lambdas.api.list_executions.history import Attempt, StateOutcome, StateVisit
from lambdas.api.list_executions.logic import Execution, Reason
from lambdas.api.list_executions.reader import HistoryState
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import (
    Failure,
    Fulfilment,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentStatus,
    Settlement,
    TimelineEntry,
)
from lambdas.domain.payment import Charge, PaymentIntent
from lambdas.domain.product import Product
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.rest.product_representation import represent_product
from lambdas.shared.store.audit import AuditedEvent

if TYPE_CHECKING:
    from lambdas.shared.payments.gateway import PaymentGateway

_CUSTOMER: Final = Caller("65970c92-3ad3-425f-b1b6-eeeccd8125d3", is_operator=False)
_OPERATOR: Final = Caller("9c1f3e52-7c44-4c0e-8f0e-2b8f5f1d3a77", is_operator=True)

_ORDER: Final = Order(
    order_id="2f0c7ad5-5b0e-5f7e-9a3c-0c8a6b7d1e42",
    customer_id=_CUSTOMER.customer_id,
    request_hash="",
    currency="usd",
    lines=(OrderLine("CRUNCHY-ARMCHAIR", 2, 24_900),),
    payment_method="pm_card_visa",
    email="alice@example.com",
    created_at="2026-03-01T12:00:00.000Z",
    updated_at="2026-03-01T12:00:02.350Z",
    timeline=(
        TimelineEntry("2026-03-01T12:00:00.000Z", "OrderReceived"),
        TimelineEntry("2026-03-01T12:00:00.710Z", "OrderPriced"),
        TimelineEntry("2026-03-01T12:00:01.120Z", "PaymentIntentCreated"),
        TimelineEntry("2026-03-01T12:00:01.840Z", "PaymentSucceeded"),
        TimelineEntry("2026-03-01T12:00:02.350Z", "OrderConfirmed"),
    ),
    status=OrderStatus.CONFIRMED,
    amount=49_800,
    payment=Payment(PaymentStatus.SUCCEEDED, "pi_3PqXyZ2eZvKYlo2C1gQ12345"),
)

_CONFIRMED: Final = represent(_ORDER, _CUSTOMER)
_SETTLED: Final = represent(
    replace(
        _ORDER,
        status=OrderStatus.PENDING,
        payment=replace(_ORDER.payment, status=PaymentStatus.SETTLED_OUTSIDE),
        failure=Failure("cancelled_by_customer", "The order was cancelled by the customer."),
        settlement=Settlement(
            by=_OPERATOR.customer_id, reason="Bank transfer 2026-0042", at="2026-03-02T09:30:00.000Z"
        ),
        timeline=(
            *_ORDER.timeline,
            TimelineEntry("2026-03-01T14:00:00.000Z", "CancellationRequested: customer"),
            TimelineEntry("2026-03-01T14:00:00.430Z", "UndoBegan: cancelled_by_customer"),
            TimelineEntry("2026-03-01T14:00:00.610Z", "StockReleased"),
            TimelineEntry(
                "2026-03-01T14:00:01.270Z",
                "OrderNeedsAttention: RefundRefused: Stripe returned charge_disputed",
            ),
            TimelineEntry("2026-03-02T09:30:00.000Z", "PaymentSettledOutside"),
        ),
        updated_at="2026-03-02T09:30:00.000Z",
    ),
    _OPERATOR,
)
_FULFILLED: Final = represent(
    replace(
        _ORDER,
        fulfilment=Fulfilment("2026-03-02T08:00:00.000Z", _OPERATOR.customer_id, "DHL", "00340434161094"),
        timeline=(*_ORDER.timeline, TimelineEntry("2026-03-02T08:00:00.000Z", "OrderFulfilled")),
        updated_at="2026-03-02T08:00:00.000Z",
    ),
    _OPERATOR,
)
_REFUNDED: Final = represent(
    replace(
        _ORDER,
        refunds=(
            LineRefund(
                refund_id="7d2b7f0a-0f43-5a39-9c55-52c7f0f6f0d4",
                items={"CRUNCHY-ARMCHAIR": 1},
                amount=24_900,
                restock=True,
                reason="A leg was broken.",
                requested_by=_OPERATOR.customer_id,
                requested_at="2026-03-05T10:00:00.000Z",
            ),
        ),
        timeline=(
            *_ORDER.timeline,
            TimelineEntry(
                "2026-03-05T10:00:00.000Z", "LineRefundRequested: 7d2b7f0a-0f43-5a39-9c55-52c7f0f6f0d4"
            ),
        ),
        updated_at="2026-03-05T10:00:00.000Z",
    ),
    _OPERATOR,
)
_AUDITED: Final = AuditedEvent(
    "8b1f2a34-5c6d-5e7f-8a9b-0c1d2e3f4a5b",
    "OrderConfirmed",
    occurred_at="2026-03-01T12:00:02.350Z",
    audited_at="2026-03-01T12:00:03.120Z",
)
_STRIPE: Final = cast(
    "PaymentGateway",
    SimpleNamespace(
        retrieve_intent=lambda intent_id: PaymentIntent(
            intent_id,
            "succeeded",
            amount_received=49_800,
            charge=Charge("ch_3PqXyZ2eZvKYlo2C1aB67890", 49_800, "succeeded", 1_772_366_401),
        ),
        list_refunds=lambda _intent_id: [],
    ),
)
_LINE: Final = {
    "level": "INFO",
    "message": "Stripe called",
    "timestamp": "2026-03-01 12:00:01,830+0000",
    "function_name": "orders-prod-charge_payment",
    "order_id": _ORDER.order_id,
    "execution": _ORDER.order_id,
    "request_id": "KH3x8EoXoAMEVwg=",
    "operation": "confirm PaymentIntent",
    "http_status": 200,
    "stripe_request_id": "req_8Qz1aBcDeFgHiJ",
    "replayed": False,
    "milliseconds": 640,
}
_STORY: Final = story_of(
    replace(_ORDER, timeline=_ORDER.timeline[2:4]),
    [],
    FoundLines([_LINE], is_complete=True),
    Period(datetime.min, datetime.max, is_cut=False),  # noqa: DTZ901 - nothing is searched
    ["saga/charge_payment"],
)
_ACCEPTED: Final = represent(_ORDER.as_submitted(), _CUSTOMER)
_ARMCHAIR: Final = represent_product(
    Product("CRUNCHY-ARMCHAIR", "Crunchy armchair", unit_price=24_900, currency="usd", available=998)
)
_EXECUTION: Final = Execution(
    name=_ORDER.order_id,
    reason=Reason.SUBMISSION,
    status="RUNNING",
    started_at="2026-03-01T12:00:00.240Z",
    stopped_at=None,
    error=None,
    history=HistoryState.COMPLETE,
    states=(
        StateVisit(
            "ValidateOrder",
            entered_at="2026-03-01T12:00:00.250Z",
            left_at="2026-03-01T12:00:00.760Z",
            outcome=StateOutcome.SUCCEEDED,
            next="ChargePayment",
            input={"order_id": _ORDER.order_id, "request_id": "KH3x8EoXoAMEVwg="},
            output={"status": "PENDING", "amount": 49_800, "currency": "usd"},
            attempts=(
                Attempt(
                    scheduled_at="2026-03-01T12:00:00.260Z",
                    started_at="2026-03-01T12:00:00.300Z",
                    ended_at="2026-03-01T12:00:00.750Z",
                ),
            ),
        ),
    ),
)
_FIELDS: Final = {name: value for name, value in _ARMCHAIR.items() if name != "sku"}

REQUESTS: Final[dict[str, Any]] = {
    "submitOrder": {
        "currency": "usd",
        "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 2}],
        "payment_method": "pm_card_visa",
    },
    "refundLines": {
        "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 1}],
        "restock": True,
        "reason": "A leg was broken.",
    },
    "fulfilOrder": {"carrier": "DHL", "tracking_number": "00340434161094"},
    "settleOrder": {"reason": "Bank transfer 2026-0042"},
    "putProduct": _FIELDS,
    "patchProduct": {"unit_price": 22_900},
    "restockProduct": {"quantity": 100},
    "receiveStripeWebhook": {
        "id": "evt_1PqXyZ2eZvKYlo2C",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": 1_772_366_402,
        "data": {"object": {"id": "pi_3PqXyZ2eZvKYlo2C1gQ12345", "object": "payment_intent"}},
    },
}
"""Request bodies by operation id."""

RESPONSES: Final[dict[str, Any]] = {
    "submitOrder": _ACCEPTED,
    "listOrders": {"orders": [_CONFIRMED], "cursor": None},
    "getOrder": _CONFIRMED,
    "listExecutions": {"executions": [json.loads(json.dumps(asdict(_EXECUTION)))]},
    "getOrderEffects": effects_of(_ORDER, lambda: _STRIPE, [_AUDITED]),
    "getOrderStory": _STORY,
    "cancelOrder": _CONFIRMED,
    "retryOrder": _ACCEPTED,
    "republishEvents": _ACCEPTED,
    "fulfilOrder": _FULFILLED,
    "refundLines": _REFUNDED,
    "settleOrder": _SETTLED,
    "eraseCustomer": {"erased": 3, "not_at_rest": [_ORDER.order_id], "more": False},
    "listProducts": {"products": [_ARMCHAIR], "cursor": None},
    "getProduct": _ARMCHAIR,
    "putProduct": _ARMCHAIR,
    "patchProduct": {**_ARMCHAIR, "unit_price": 22_900},
    "restockProduct": _ARMCHAIR,
    "receiveStripeWebhook": {"received": True},
    "getHealth": {"status": "ok"},
}
"""Bodies of successful responses by operation id."""

PARAMETERS: Final[dict[str, Any]] = {
    "order_id": _ORDER.order_id,
    "customer_id": _CUSTOMER.customer_id,
    "sku": "CRUNCHY-ARMCHAIR",
    "Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    "If-Match": '"7"',
    "status": "CONFIRMED",
    "limit": 20,
}
"""Values of parameters and headers by name."""
