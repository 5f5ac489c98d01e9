"""The steps as Step Functions calls them: a payload in, a small result or a named error out."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from lambdas.domain.errors import (
    OrderNotFound,
    OutOfStock,
    PaymentActionRequired,
    PaymentExpired,
    RefundRefused,
    StockContended,
)
from lambdas.domain.order import Order, OrderStatus
from lambdas.domain.vocabulary import Metric
from lambdas.shared.metrics import Measure
from lambdas.shared.step import StepInputError
from lambdas.shared.store.reservations import StockReservations
from statemachines.steps import STEP_FUNCTIONS
from tests.unit.lambdas.builders import ARMCHAIR, TASK_TOKEN, TIMED_OUT, caught
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import CARD_WITH_3DS, FakeCallback, FakeMailer, FakeStripe
from tests.unit.lambdas.invocations import call_step, step_payload
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import Shop

FORWARD = ("validate_order", "charge_payment", "reserve_inventory", "notify_customer")
UNDO = ("release_inventory", "refund_payment", "close_order")


def run(
    step: str, error: Mapping[str, str] | None = None, task_token: str | None = None
) -> Mapping[str, Any]:
    return call_step(step, step_payload(error, task_token=task_token))


def test_the_forward_path_ends_with_a_confirmed_order(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer
) -> None:
    shop.placed()

    results = [run(step) for step in FORWARD]

    assert results == [
        {"status": "PENDING", "amount": 75_800, "currency": "usd"},
        {"payment": "succeeded", "intent_id": "pi_1"},
        {"status": "CONFIRMED"},
        {"status": "CONFIRMED"},
    ]
    assert (stripe.held, shop.available(ARMCHAIR.sku), len(mailer.sent)) == (75_800, 3, 1)


def test_the_undo_chain_gives_back_money_and_stock(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer
) -> None:
    shop.placed()
    run("validate_order")
    run("charge_payment")
    shop.sell_out(ARMCHAIR)
    with pytest.raises(OutOfStock) as failure:
        run("reserve_inventory")

    error = caught(failure.value)
    results = [run(step, error) for step in UNDO]

    assert results == [
        {"status": "PENDING", "stock_taken": False},
        {"payment": "refunded", "intent_id": "pi_1"},
        {"status": "FAILED", "failure": "out_of_stock"},
    ]
    assert run("notify_customer") == {"status": "FAILED"}
    assert (stripe.held, stripe.refunds, len(mailer.sent)) == (0, [75_800], 1)


def test_an_approved_payment_resumes_the_waiting_saga(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.placed(payment_method=CARD_WITH_3DS)
    run("validate_order")
    with pytest.raises(PaymentActionRequired):
        run("charge_payment")
    stripe.settle("pi_1")

    assert run("await_payment", task_token=TASK_TOKEN) == {"status": "AWAITING_PAYMENT"}
    assert callback.resumed == [(TASK_TOKEN, "goes on")]
    assert run("reserve_inventory") == {"status": "CONFIRMED"}


def test_an_unapproved_payment_leaves_no_money_and_no_stock_taken(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.placed(payment_method=CARD_WITH_3DS)
    run("validate_order")
    with pytest.raises(PaymentActionRequired):
        run("charge_payment")
    run("await_payment", task_token=TASK_TOKEN)

    expired = caught(PaymentExpired("The payment was not approved in time."))
    run("refund_payment", expired)

    assert run("close_order", expired) == {"status": "FAILED", "failure": "payment_expired"}
    assert stripe.intents["pi_1"].status == "canceled"
    assert callback.resumed == []


def test_a_second_run_of_the_whole_saga_changes_nothing(
    shop: Shop, stripe: FakeStripe, mailer: FakeMailer
) -> None:
    shop.placed()
    for step in FORWARD:
        run(step)
    confirmed = shop.order()

    for step in FORWARD:
        run(step)

    assert shop.order() == confirmed
    assert (stripe.charges, shop.available(ARMCHAIR.sku), len(mailer.sent)) == (1, 3, 1)


def test_a_second_run_of_the_undo_chain_changes_nothing(shop: Shop, stripe: FakeStripe) -> None:
    shop.placed()
    run("validate_order")
    run("charge_payment")
    for step in UNDO:
        run(step, TIMED_OUT)
    closed = shop.order()

    for step in UNDO:
        run(step, TIMED_OUT)

    assert shop.order() == closed
    assert stripe.refunds == [75_800]


def test_a_flagged_order_names_the_undo_error(shop: Shop, log: Log) -> None:
    shop.being_undone()

    assert run("flag_for_operator", caught(RefundRefused("refund re_1 is failed"))) == {
        "status": "NEEDS_ATTENTION"
    }

    assert shop.order().timeline[-1].event == "OrderNeedsAttention: RefundRefused: refund re_1 is failed"
    assert "refund re_1 is failed" in log.text


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [(RefundRefused("Stripe returned charge_disputed"), False), (KeyError("a bug"), True)],
)
def test_a_flag_says_whether_the_cause_may_pass(shop: Shop, error: Exception, *, may_pass: bool) -> None:
    shop.being_undone()

    run("flag_for_operator", caught(error))

    assert shop.order().attention_may_pass is may_pass


def test_a_flag_after_another_one_says_whether_its_own_cause_may_pass(shop: Shop) -> None:
    shop.being_undone()
    run("flag_for_operator", TIMED_OUT)
    shop.orders.request_retry(shop.order().order_id)

    run("flag_for_operator", caught(RefundRefused("Stripe returned charge_disputed")))

    assert not shop.order().attention_may_pass


def test_a_step_works_on_the_refund_that_the_state_machine_passes(shop: Shop, stripe: FakeStripe) -> None:
    shop.placed()
    for step in FORWARD[:-1]:
        run(step)
    refund = {**step_payload(), "refund_id": shop.refund_requested(shop.order()).refund_due}

    call_step("refund_lines", refund)
    call_step("restock_lines", refund)
    shop.refund_requested(shop.order())
    call_step("flag_for_operator", {**refund, "error": caught(RefundRefused("closed"))})

    assert [each.status for each in shop.order().refunds] == ["refunded", "requested"]
    assert (len(stripe.refunds), shop.available(ARMCHAIR.sku)) == (1, 4)


@pytest.mark.usefixtures("stripe")
def test_an_execution_with_an_older_definition_works_on_the_due_refund(shop: Shop) -> None:
    shop.placed()
    for step in FORWARD[:-1]:
        run(step)
    shop.refund_requested(shop.order())

    run("refund_lines")
    run("restock_lines")

    assert shop.order().refund_due is None


def test_an_order_is_flagged_even_without_an_error(shop: Shop) -> None:
    shop.being_undone()

    assert run("flag_for_operator", {})["status"] == OrderStatus.NEEDS_ATTENTION


@pytest.mark.parametrize("step", STEP_FUNCTIONS)
@pytest.mark.usefixtures("shop", "stripe", "callback", "mailer")
def test_a_retry_is_counted_for_its_step(step: str, emitted: Emitted) -> None:
    with suppress(OrderNotFound):
        call_step(step, {**step_payload(), "attempt": 1})

    assert emitted() == [Measure(Metric.STEP_RETRIES, step)]


def test_a_conflict_at_the_pivot_is_counted(
    shop: Shop, emitted: Emitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(_stock: StockReservations, _order: Order) -> Order:
        raise StockContended("the transaction was cancelled: TransactionConflict, None")

    shop.paid()
    monkeypatch.setattr(StockReservations, "take", conflict)

    with pytest.raises(StockContended):
        run("reserve_inventory")

    assert emitted() == [Measure(Metric.STOCK_CONFLICTS)]


@pytest.mark.parametrize("step", STEP_FUNCTIONS)
@pytest.mark.usefixtures("shop", "stripe", "callback", "mailer")
def test_an_unknown_order_needs_an_operator(step: str) -> None:
    with pytest.raises(OrderNotFound):
        run(step)


@pytest.mark.parametrize("step", STEP_FUNCTIONS)
@pytest.mark.parametrize(
    ("payload", "lacking"),
    [
        ({}, "order_id"),
        ({"order_id": None, "execution": "e"}, "order_id"),
        ({"order_id": "o"}, "execution"),
        ({"order_id": "o", "execution": 7}, "execution"),
    ],
)
def test_a_payload_without_an_id_is_rejected_by_the_ids_name(
    step: str, payload: dict[str, Any], lacking: str
) -> None:
    with pytest.raises(StepInputError, match=lacking):
        call_step(step, payload)
