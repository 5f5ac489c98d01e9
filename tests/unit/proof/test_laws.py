"""The check of the first law finds every breach: a check that can't fail proves nothing."""

from dataclasses import replace

import pytest

from local.stripe_stand_in.payments import StripePayment
from proof.laws import OrderFact, Snapshot, violations

ORDER = OrderFact(
    order_id="order-1", status="CONFIRMED", currency="usd", amount=500, taken={"CRUNCHY-ARMCHAIR": 2}
)
PAYMENT = StripePayment(
    intent_id="pi_1",
    order_id="order-1",
    amount=500,
    currency="usd",
    status="succeeded",
    captured=500,
    refunded=0,
    charges=1,
    refunds=0,
)
AUTHORIZED = replace(PAYMENT, status="requires_capture", captured=0, charges=0, authorized=500)
BEFORE = Snapshot(orders=(), payments=(), stock={"CRUNCHY-ARMCHAIR": 10})
AFTER = Snapshot(orders=(ORDER,), payments=(PAYMENT,), stock={"CRUNCHY-ARMCHAIR": 8})


@pytest.mark.parametrize(
    ("order", "payment", "stock"),
    [
        pytest.param(ORDER, PAYMENT, 8, id="confirmed, paid and reserved"),
        pytest.param(
            replace(ORDER, status="FAILED", taken={}),
            replace(PAYMENT, refunded=500, refunds=1),
            10,
            id="failed and refunded",
        ),
        pytest.param(
            replace(ORDER, refunded_outside=100),
            replace(PAYMENT, refunded=100, refunds=1),
            8,
            id="confirmed, and a part refunded in the dashboard",
        ),
        pytest.param(
            replace(ORDER, status="CANCELLED", taken={}, refunded_outside=100),
            replace(PAYMENT, refunded=500, refunds=2, refunds_by_hand=1),
            10,
            id="a part refunded in the dashboard, and the rest when the order was cancelled",
        ),
        pytest.param(
            replace(ORDER, status="CANCELLED", taken={}),
            replace(PAYMENT, refunded=500, refunds=2, failed_by_hand=1),
            10,
            id="cancelled, and refunded once more what a failed refund of the dashboard brought back",
        ),
        pytest.param(
            replace(ORDER, taken={"CRUNCHY-ARMCHAIR": 1}, refunded_lines=350, line_refunds=2),
            replace(PAYMENT, refunded=350, refunds=2),
            9,
            id="confirmed, a line refunded and restocked, and an amount refunded",
        ),
        pytest.param(
            replace(
                ORDER, status="CANCELLED", taken={"CRUNCHY-ARMCHAIR": 1}, refunded_lines=250, line_refunds=1
            ),
            replace(PAYMENT, refunded=500, refunds=2),
            9,
            id="a line refunded without its unit, and the rest when the order was cancelled",
        ),
        pytest.param(
            replace(ORDER, status="CANCELLED", taken={}, settled_outside=True),
            PAYMENT,
            10,
            id="cancelled, and settled outside of Stripe",
        ),
        pytest.param(replace(ORDER, is_captured_late=True), AUTHORIZED, 8, id="confirmed and authorized"),
        pytest.param(
            replace(ORDER, is_captured_late=True, capture_asked=True, is_fulfilled=True),
            PAYMENT,
            8,
            id="fulfilled and captured",
        ),
        pytest.param(
            replace(ORDER, is_captured_late=True),
            replace(PAYMENT, captured_by_hand=True),
            8,
            id="captured in the dashboard",
        ),
        pytest.param(
            replace(ORDER, status="CANCELLED", taken={}, is_captured_late=True),
            replace(AUTHORIZED, status="canceled", authorized=0),
            10,
            id="cancelled, and the authorization released",
        ),
    ],
)
def test_an_order_that_agrees_with_money_and_stock_is_no_breach(
    order: OrderFact, payment: StripePayment, stock: int
) -> None:
    after = Snapshot(orders=(order,), payments=(payment,), stock={"CRUNCHY-ARMCHAIR": stock})

    assert violations(BEFORE, after) == []


@pytest.mark.parametrize(
    ("after", "breach"),
    [
        pytest.param(
            replace(AFTER, payments=()),
            "order order-1 (CONFIRMED) costs 500, but Stripe holds 0",
            id="confirmed but not paid",
        ),
        pytest.param(
            replace(AFTER, payments=(replace(PAYMENT, charges=2),)),
            "order order-1 (CONFIRMED) was charged 2 times",
            id="charged twice",
        ),
        pytest.param(
            replace(AFTER, payments=(replace(PAYMENT, refunds=2),)),
            "order order-1 (CONFIRMED) was refunded 2 times",
            id="refunded twice",
        ),
        pytest.param(
            replace(AFTER, payments=(replace(PAYMENT, currency="eur"),)),
            "order order-1 (CONFIRMED) is in usd, but was charged in another currency",
            id="other currency",
        ),
        pytest.param(
            replace(AFTER, payments=(replace(PAYMENT, refunded=100, refunds=1),)),
            "order order-1 (CONFIRMED) costs 500, but Stripe holds 400",
            id="refunded in the dashboard, not on the record",
        ),
        pytest.param(
            replace(AFTER, orders=(replace(ORDER, refunded_lines=250, line_refunds=1),)),
            "order order-1 (CONFIRMED) costs 500 and 250 was given back, but Stripe holds 500",
            id="a refund of lines on the record, not at Stripe",
        ),
        pytest.param(
            replace(AFTER, orders=(replace(ORDER, status="FAILED", taken={}),), stock=BEFORE.stock),
            "order order-1 (FAILED) is not fulfilled, but Stripe holds 500",
            id="failed but paid",
        ),
        pytest.param(
            replace(AFTER, orders=(replace(ORDER, status="PENDING", taken={}),), stock=BEFORE.stock),
            "order order-1 (PENDING) is not at rest",
            id="not at rest",
        ),
        pytest.param(
            replace(AFTER, payments=(PAYMENT, replace(PAYMENT, intent_id="pi_2", order_id=None))),
            "Stripe holds 500 of pi_2, which has no order",
            id="money without an order",
        ),
        pytest.param(
            replace(
                AFTER,
                orders=(replace(ORDER, status="FAILED", taken={}),),
                payments=(AUTHORIZED,),
                stock=BEFORE.stock,
            ),
            "order order-1 (FAILED) is not fulfilled, but Stripe holds 500",
            id="failed but still authorized",
        ),
        pytest.param(
            replace(
                AFTER,
                orders=(replace(ORDER, status="FAILED", taken={}, refunded_outside=500),),
                payments=(replace(AUTHORIZED, status="canceled", authorized=0),),
                stock=BEFORE.stock,
            ),
            "order order-1 (FAILED) records 500 refunded outside, but Stripe refunded 0",
            id="a released authorization taken for a refund",
        ),
        pytest.param(
            replace(AFTER, orders=(replace(ORDER, is_captured_late=True),)),
            "order order-1 was captured before anybody asked to fulfil it",
            id="captured too early",
        ),
        pytest.param(
            replace(
                AFTER,
                orders=(replace(ORDER, is_captured_late=True, capture_asked=True, is_fulfilled=True),),
                payments=(AUTHORIZED,),
            ),
            "order order-1 is fulfilled, but its money was not captured",
            id="fulfilled and not captured",
        ),
        pytest.param(
            replace(AFTER, stock={"CRUNCHY-ARMCHAIR": 9}),
            "CRUNCHY-ARMCHAIR: 10 units before, 2 sold, 9 left",
            id="sold but still in stock",
        ),
    ],
)
def test_a_breach_is_named(after: Snapshot, breach: str) -> None:
    assert violations(BEFORE, after) == [breach]


def test_oversold_stock_is_named() -> None:
    before = replace(BEFORE, stock={"CRUNCHY-ARMCHAIR": 1})
    after = replace(AFTER, stock={"CRUNCHY-ARMCHAIR": -1})

    assert violations(before, after) == ["CRUNCHY-ARMCHAIR is oversold: -1"]
