"""The saved queries, over events that the code derives from changes of orders."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import duckdb
import pytest

from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Failure, Order, OrderStatus, Payment, PaymentStatus
from lambdas.domain.payment import DisputeState
from lambdas.events.publish_order_events.order_event import OrderEvent, event_of_change
from local.processes import REPOSITORY
from stacks.event_table import COLUMNS, PARTITION
from tests.unit.lambdas.builders import ARMCHAIR, an_order, changed, priced

MONDAY, TUESDAY, WEDNESDAY = "2026-03-02", "2026-03-03", "2026-03-04"
SUBMITTED = an_order(priced(ARMCHAIR), amount=75_800)

Row = dict[str, Any]


def event_of(
    order: Order,
    entry: str,
    day: str,
    hour: int = 12,
    **changes: Any,  # noqa: ANN401 - any attribute of an order
) -> tuple[Order, OrderEvent]:
    """The order after a change, and the event of the change."""
    at = f"{day}T{hour:02}:00:00.000Z"
    after = changed(order, entry, updated_at=at, **changes)
    event = event_of_change(order, after)
    assert event is not None
    return after, event


def confirmed(day: str, order: Order = SUBMITTED) -> tuple[Order, OrderEvent]:
    return event_of(
        order, "OrderConfirmed", day, status=OrderStatus.CONFIRMED, payment=Payment(PaymentStatus.SUCCEEDED)
    )


def closed(
    day: str, code: str, order: Order = SUBMITTED, status: OrderStatus = OrderStatus.FAILED
) -> tuple[Order, OrderEvent]:
    entry = "OrderCancelled" if status is OrderStatus.CANCELLED else "OrderFailed"
    return event_of(order, entry, day, hour=13, status=status, failure=Failure(code, "A sentence."))


def of_an_earlier_version(event: OrderEvent) -> OrderEvent:
    """The event as it was published before events had the order's version."""
    return replace(event, detail=cast("Any", {**event.detail, "order_version": None}))


def duckdb_type(glue_type: str) -> str:
    """A type of Glue, as DuckDB writes it."""
    lists = re.sub(r"array<(struct<[^<>]*>)>", r"\1[]", glue_type)
    return re.sub(r"(\w+):", r"\1 ", lists).replace("struct<", "STRUCT(").replace(">", ")")


def answer(query: str, events: Iterable[OrderEvent], arrived_on: str = MONDAY) -> list[Row]:
    """The rows of a query over these events, which arrived on one day."""
    database = duckdb.connect()
    columns = {name: duckdb_type(kind) for name, kind in COLUMNS.items()} | {PARTITION: "string"}
    definition = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    database.execute(f"CREATE TABLE order_events ({definition})")
    for event in events:
        database.execute(
            "INSERT INTO order_events VALUES (?, ?, ?)", [event.detail_type, event.detail, arrived_on]
        )
    result = database.execute((REPOSITORY / "analytics" / f"{query}.sql").read_text(encoding="utf-8"))
    names = [each[0] for each in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def revenue(*events: OrderEvent) -> list[tuple[str, str, int]]:
    return [(row["day"], row["currency"], row["revenue"]) for row in answer("revenue", events)]


def test_a_sale_is_revenue_of_its_day_in_its_currency() -> None:
    _, in_dollars = confirmed(MONDAY)
    _, in_euros = confirmed(MONDAY, replace(SUBMITTED, order_id="another", currency="eur"))

    assert revenue(in_dollars, in_euros) == [(MONDAY, "eur", 75_800), (MONDAY, "usd", 75_800)]


def test_an_event_that_is_delivered_twice_counts_once() -> None:
    _, event = confirmed(MONDAY)

    assert revenue(event, event) == [(MONDAY, "usd", 75_800)]


def test_a_cancellation_gives_back_on_its_own_day() -> None:
    order, sale = confirmed(MONDAY)
    _, cancellation = closed(TUESDAY, "cancelled_by_customer", order, OrderStatus.CANCELLED)

    assert revenue(sale, cancellation) == [(TUESDAY, "usd", -75_800), (MONDAY, "usd", 75_800)]


def test_an_order_that_was_never_confirmed_gives_nothing_back() -> None:
    _, failure = closed(MONDAY, "payment_declined")

    assert revenue(failure) == []


def test_refunds_outside_count_by_their_change() -> None:
    """The event has the sum of all refunds, and a refund that fails lowers it."""
    order, sale = confirmed(MONDAY)
    order, refunds = event_of(
        order, "PaymentRefundedOutside: 800", TUESDAY, payment=replace(order.payment, refunded_outside=800)
    )
    _, failed = event_of(
        order, "PaymentRefundedOutside: 300", WEDNESDAY, payment=replace(order.payment, refunded_outside=300)
    )

    assert revenue(sale, refunds, failed) == [
        (WEDNESDAY, "usd", 500),
        (TUESDAY, "usd", -800),
        (MONDAY, "usd", 75_800),
    ]


def refund_of_lines(refund_id: str, amount: int) -> LineRefund:
    return LineRefund(
        refund_id,
        items={},
        amount=amount,
        restock=False,
        reason="Goodwill",
        requested_by="olga",
        requested_at=f"{TUESDAY}T10:00:00.000Z",
        status=LineRefundStatus.REFUNDED,
    )


def test_refunds_of_lines_add_up_until_the_rest_is_given_back() -> None:
    first, second = refund_of_lines("first", 500), refund_of_lines("second", 300)
    order, sale = confirmed(MONDAY)
    order, one = event_of(order, "LinesRefunded: first", TUESDAY, refunds=(first,))
    order, two = event_of(order, "LinesRefunded: second", WEDNESDAY, refunds=(first, second))
    _, cancellation = closed(WEDNESDAY, "returned", order, OrderStatus.CANCELLED)

    assert revenue(sale, one, two) == [
        (WEDNESDAY, "usd", -300),
        (TUESDAY, "usd", -500),
        (MONDAY, "usd", 75_800),
    ]
    assert revenue(sale, one, two, cancellation)[0] == (WEDNESDAY, "usd", -75_300)


def test_a_refund_of_lines_that_is_made_again_counts_once() -> None:
    """The customer's bank returned it, and then Stripe reports that it was made after all."""
    refund = refund_of_lines("first", 500)
    returned = replace(refund, status=LineRefundStatus.FAILED)
    order, sale = confirmed(MONDAY)
    order, made = event_of(order, "LinesRefunded: first", TUESDAY, refunds=(refund,))
    order, back = event_of(order, "LineRefundReturned: first", WEDNESDAY, refunds=(returned,))
    _, made_again = event_of(order, "LineRefundMade: first", WEDNESDAY, refunds=(refund,))

    while_it_is_back = [(WEDNESDAY, "usd", 500), (TUESDAY, "usd", -500), (MONDAY, "usd", 75_800)]
    assert revenue(sale, made, back) == while_it_is_back
    assert revenue(sale, made, back, made_again) == [(WEDNESDAY, "usd", 0), *while_it_is_back[1:]]
    assert revenue(sale, made, made_again) == while_it_is_back[1:]  # from before its return was an event


def test_an_order_whose_money_is_stuck_gives_back_when_it_is_closed() -> None:
    order, sale = confirmed(MONDAY)
    order, stuck = event_of(order, "OrderNeedsAttention", TUESDAY, status=OrderStatus.NEEDS_ATTENTION)
    _, cancellation = closed(WEDNESDAY, "cancelled_by_customer", order, OrderStatus.CANCELLED)

    assert revenue(sale, stuck) == [(MONDAY, "usd", 75_800)]
    assert revenue(sale, stuck, cancellation)[0] == (WEDNESDAY, "usd", -75_800)


def test_events_of_an_earlier_version_are_told_by_their_time() -> None:
    """They lack the order's version, and are older than the events that have it."""
    order, sale = confirmed(MONDAY)
    _, cancellation = closed(TUESDAY, "cancelled_by_customer", order, OrderStatus.CANCELLED)
    old = [of_an_earlier_version(event) for event in (sale, cancellation)]
    expected = [(TUESDAY, "usd", -75_800), (MONDAY, "usd", 75_800)]

    assert revenue(*reversed(old)) == expected
    assert revenue(cancellation, old[0]) == expected
    assert revenue(*old, cancellation, sale) == expected  # published again, by this version


def test_a_cancellation_after_a_refund_gives_back_the_rest() -> None:
    order, sale = confirmed(MONDAY)
    order, refund = event_of(
        order, "PaymentRefundedOutside: 800", MONDAY, 13, payment=replace(order.payment, refunded_outside=800)
    )
    _, cancellation = closed(TUESDAY, "cancelled_by_operator", order, OrderStatus.CANCELLED)

    assert revenue(sale, refund, cancellation)[0] == (TUESDAY, "usd", -75_000)


def test_a_dispute_takes_the_money_until_it_is_won() -> None:
    order, sale = confirmed(MONDAY)
    order, opened = event_of(
        order, "PaymentDisputed", TUESDAY, payment=replace(order.payment, dispute=DisputeState.OPEN)
    )
    _, won = event_of(
        order, "PaymentDisputeWon", WEDNESDAY, payment=replace(order.payment, dispute=DisputeState.WON)
    )

    assert revenue(sale, opened, won) == [
        (WEDNESDAY, "usd", 75_800),
        (TUESDAY, "usd", -75_800),
        (MONDAY, "usd", 75_800),
    ]


def test_what_is_received_and_given_back_stands_apart() -> None:
    order, sale = confirmed(MONDAY)
    _, cancellation = closed(MONDAY, "cancelled_by_customer", order, OrderStatus.CANCELLED)
    _, other = confirmed(MONDAY, replace(SUBMITTED, order_id="another"))

    assert answer("revenue", [sale, cancellation, other]) == [
        {"day": MONDAY, "currency": "usd", "received": 151_600, "given_back": -75_800, "revenue": 75_800}
    ]


def today(days_ago: int = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()


def test_failures_are_counted_by_reason_and_currency() -> None:
    _, declined = closed(today(), "payment_declined")
    _, unpriced = closed(today(), "unknown_sku", replace(SUBMITTED, order_id="another", amount=None))

    assert answer("failures", [declined, declined, unpriced], arrived_on=today()) == [
        {"reason": "payment_declined", "currency": "usd", "orders": 1, "amount": 75_800},
        {"reason": "unknown_sku", "currency": "usd", "orders": 1, "amount": 0},
    ]


def test_the_refund_of_a_closed_order_is_no_second_failure() -> None:
    order, failure = closed(
        today(), "out_of_stock", replace(SUBMITTED, payment=Payment(PaymentStatus.REFUND_PENDING))
    )
    _, refund = event_of(order, "PaymentRefunded", today(), 14, payment=Payment(PaymentStatus.REFUNDED))

    (row,) = answer("failures", [failure, refund], arrived_on=today())

    assert row["orders"] == 1


@pytest.mark.parametrize(("days_ago", "arrived", "rows"), [(30, 31, 1), (31, 31, 0), (31, 0, 0)])
def test_failures_are_those_of_thirty_days(days_ago: int, arrived: int, rows: int) -> None:
    """An event after midnight can be in yesterday's partition, and an old one can be published again."""
    _, failure = closed(today(days_ago), "payment_declined")

    assert len(answer("failures", [failure], arrived_on=today(arrived))) == rows
