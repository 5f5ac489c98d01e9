"""The calls of a run are those that docgen/reconciliation_load.py works out for docs/cost.md."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from docgen.reconciliation_load import Calls, payment_calls, stock_calls
from lambdas.domain import clock
from lambdas.domain.payment import PaymentIntent
from lambdas.domain.vocabulary import ReconciliationScope
from lambdas.recovery.reconcile_payments.logic import PAGE, PaymentReconciliation
from lambdas.recovery.reconcile_stock.logic import StockReconciliation
from lambdas.recovery.reconcile_stock.stock_books import StockBooks
from lambdas.shared.store.attributes import from_attributes, to_attributes
from lambdas.shared.store.listings import OrderListing
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, PAYMENT_SERVICE
from tests.unit.lambdas.fakes import FakeExecutions, FakeStripe
from tests.unit.lambdas.runs import STALE_AFTER, STARTED_AT, run_through
from tests.unit.lambdas.shop import INVENTORY_TABLE, ORDERS_TABLE, Shop

FIRST = STARTED_AT - timedelta(minutes=90)


@pytest.fixture
def calls(shop: Shop) -> Iterator[Counter[str]]:
    """The calls to DynamoDB, by operation."""
    counts: Counter[str] = Counter()

    def count(model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's model of an operation
        counts[model.name] += 1

    shop.client.meta.events.register("before-parameter-build.dynamodb", count)
    yield counts
    shop.client.meta.events.unregister("before-parameter-build.dynamodb", count)


def sell(shop: Shop, stripe: FakeStripe, orders: int, rate: float) -> None:
    """Confirm many orders, at equal distances in time; their products count none of them."""
    shop.confirmed()
    key = {"order_id": {"S": ORDER_ID}}
    item = from_attributes(shop.client.get_item(TableName=ORDERS_TABLE, Key=key)["Item"])
    shop.client.delete_item(TableName=ORDERS_TABLE, Key=key)
    for n in range(orders):
        moment = FIRST + timedelta(seconds=n / rate)
        item |= {"order_id": f"a1b2c3d4-0000-5000-8000-{n:012}", "created_at": clock.text(moment)}
        item["payment"] |= {"intent_id": f"pi_{n}"}
        shop.client.put_item(TableName=ORDERS_TABLE, Item=to_attributes(item))
        stripe.put(
            replace(
                PaymentIntent(f"pi_{n}", "succeeded", currency="usd", service=PAYMENT_SERVICE),
                created=int(moment.timestamp()),
                order_id=item["order_id"],
                amount_received=item["amount"],
            )
        )


@pytest.mark.parametrize(("orders", "rate"), [(250, 1), (250, 10), (300, 100)])
def test_the_calls_that_compare_payments_are_as_documented(
    shop: Shop, stripe: FakeStripe, calls: Counter[str], orders: int, rate: int
) -> None:
    sell(shop, stripe, orders, rate)
    calls.clear()

    report = run_through(
        lambda run: PaymentReconciliation(
            run, STALE_AFTER, OrderListing(shop.client, ORDERS_TABLE), shop.orders, stripe, FakeExecutions()
        ).reconcile(),
        scope=ReconciliationScope.RECENT,
    )

    assert (report.new, report.counts["payments_compared"]) == ([], orders)
    expected = payment_calls(rate, orders / rate)
    assert (len(stripe.calls), calls["BatchGetItem"]) == (expected.lists, expected.batches)
    assert set(stripe.calls) == {"list_intents"}
    # After the last order, the last slice needs no second page.
    assert calls["Query"] in {expected.queries, expected.queries - rate // PAGE}


def test_the_calls_that_compare_stock_are_as_documented(
    shop: Shop, stripe: FakeStripe, calls: Counter[str]
) -> None:
    sell(shop, stripe, 250, 1)
    calls.clear()

    listing, books = OrderListing(shop.client, ORDERS_TABLE), StockBooks(shop.client, INVENTORY_TABLE)
    report = run_through(lambda run: StockReconciliation(run, listing, books).reconcile())

    assert [finding.ids["sku"] for finding in report.new] == [ARMCHAIR.sku]
    made = Calls(queries=calls["Query"] + calls["Scan"], batches=calls["BatchGetItem"])
    assert made == stock_calls([0, 0, 0, 250])
