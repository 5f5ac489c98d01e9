"""Readable test data: one customer, one armchair, one lamp."""

import json
from dataclasses import replace
from typing import Any, Final

from lambdas.domain.order import Order, OrderLine, TimelineEntry
from lambdas.domain.product import Product

ORDER_ID: Final = "a1b2c3d4-0000-5000-8000-000000000001"
CUSTOMER: Final = "harry"
EMAIL: Final = "harry@example.com"
SECRET_KEY: Final = "sk_test_not_a_real_key"  # noqa: S105 - not a real one
PAYMENT_SERVICE: Final = "orders-test"
TASK_TOKEN: Final = "token-of-the-waiting-saga"  # noqa: S105 - not a real one
REQUEST_ID: Final = "KH3x8EoXoAMEVwg="
SUBMITTED_AT: Final = "2026-03-01T11:59:59.000Z"

ARMCHAIR: Final = Product("CRUNCHY-ARMCHAIR", "Crunchy armchair", 37_900, "usd", available=5)
LAMP: Final = Product("TASTELESS-LAMP", "Tasteless lamp", 4_999, "usd", available=5)


def two(product: Product) -> OrderLine:
    return OrderLine(product.sku, 2)


def priced(product: Product, unit_price: int | None = None) -> OrderLine:
    """Two units of a product, by default at the catalogue's price."""
    return OrderLine(product.sku, 2, unit_price or product.unit_price, product.name)


def an_order(*lines: OrderLine, **changes: Any) -> Order:  # noqa: ANN401 - any attribute of an order
    """An order that was just submitted, by default for two armchairs."""
    order = Order(
        order_id=ORDER_ID,
        customer_id=CUSTOMER,
        request_hash="hash-of-two-armchairs",
        currency="usd",
        lines=lines or (two(ARMCHAIR),),
        payment_method="pm_card_visa",
        email=EMAIL,
        created_at=SUBMITTED_AT,
        updated_at=SUBMITTED_AT,
        timeline=(TimelineEntry(SUBMITTED_AT, "OrderReceived", request_id=REQUEST_ID),),
    )
    return replace(order, **changes)


def changed(order: Order, entry: str, **changes: Any) -> Order:  # noqa: ANN401 - any attribute of an order
    """The order after a write, which appends an entry to its timeline."""
    timeline = (*order.timeline, TimelineEntry(changes.get("updated_at", order.updated_at), entry))
    return replace(order, timeline=timeline, version=order.version + 1, **changes)


def caught(error: Exception) -> dict[str, str]:
    """What Step Functions passes to the undo chain after a Lambda function raised the error."""
    name, message = type(error).__name__, str(error)
    return {
        "Error": name,
        "Cause": json.dumps({"errorMessage": message, "errorType": name, "stackTrace": []}),
    }


TIMED_OUT: Final = {"Error": "States.Timeout", "Cause": ""}
