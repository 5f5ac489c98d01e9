from collections.abc import Callable
from contextlib import suppress

import pytest

from lambdas.domain.errors import (
    OrderAlreadyConfirmed,
    PaymentActionRequired,
    PaymentDeclined,
    PaymentInFlux,
    PaymentProviderUnavailable,
    RefundRefused,
    TransientFailure,
)
from lambdas.domain.order import MONEY_IS_BACK, Order, OrderStatus, Payment, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.saga.refund_payment.logic import refund_payment
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT
from tests.unit.lambdas.fakes import (
    CARD_WITH_3DS,
    DECLINED_CARD,
    GOOD_CARD,
    SLOW_CARD,
    FakeStripe,
    no_answer,
    store_is_down,
)
from tests.unit.lambdas.shop import Shop

AMOUNT = 2 * ARMCHAIR.unit_price


def charge(shop: Shop, stripe: FakeStripe, payment_method: str = GOOD_CARD) -> None:
    """Run ChargePayment, whether it succeeds or not."""
    shop.priced(payment_method=payment_method)
    stripe.calls.clear()
    with suppress(PaymentActionRequired, PaymentDeclined, PaymentProviderUnavailable):
        charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())
    stripe.calls.clear()


def undo(shop: Shop, stripe: FakeStripe) -> Order:
    attempt = f"the-execution-{len(stripe.calls)}"  # unique, like every try in the state machine
    return refund_payment(ORDER_ID, TIMED_OUT, attempt, shop.orders, stripe)


# The undo depends on the state of the payment


def test_an_order_without_an_intent_needs_no_refund(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()

    order = undo(shop, stripe)

    assert order.payment == Payment(PaymentStatus.NOT_STARTED)
    assert stripe.calls == []


def test_an_intent_that_was_never_confirmed_is_canceled(shop: Shop, stripe: FakeStripe) -> None:
    stripe.before["confirm_intent"] = no_answer
    charge(shop, stripe)

    order = undo(shop, stripe)

    assert order.payment == Payment(PaymentStatus.CANCELED, "pi_1")
    assert stripe.intents["pi_1"].status == "canceled"


def test_an_authorization_is_released_without_a_refund(shop: Shop, stripe: FakeStripe) -> None:
    shop.authorized(stripe)

    order = undo(shop, stripe)

    assert order.payment.status is PaymentStatus.CANCELED
    assert order.timeline[-1].event == "PaymentCanceled"
    assert (stripe.held, stripe.charges, stripe.refunds) == (0, 0, [])


def test_a_payment_that_is_captured_while_it_is_released_is_refunded(shop: Shop, stripe: FakeStripe) -> None:
    shop.authorized(stripe)
    stripe.before["cancel_intent"] = lambda: stripe.settle("pi_1")

    with pytest.raises(PaymentInFlux):
        undo(shop, stripe)

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert stripe.held == 0


@pytest.mark.parametrize("payment_method", [DECLINED_CARD, CARD_WITH_3DS])
def test_an_intent_that_could_still_be_paid_is_canceled(
    shop: Shop, stripe: FakeStripe, payment_method: str
) -> None:
    charge(shop, stripe, payment_method)

    order = undo(shop, stripe)

    assert order.payment.status is PaymentStatus.CANCELED
    assert stripe.intents["pi_1"].status == "canceled"


def test_an_intent_that_is_only_authorized_is_canceled(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe, CARD_WITH_3DS)
    stripe.put(PaymentIntent("pi_1", "requires_capture"))

    order = undo(shop, stripe)

    assert order.payment.status is PaymentStatus.CANCELED
    assert stripe.calls == ["retrieve_intent", "cancel_intent"]


def test_a_payment_that_succeeded_is_refunded_in_full(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)

    order = undo(shop, stripe)

    assert order.payment.status is PaymentStatus.REFUNDED
    assert stripe.refunds == [AMOUNT]


def test_a_charge_that_was_never_recorded_is_refunded(shop: Shop, stripe: FakeStripe) -> None:
    stripe.after["confirm_intent"] = no_answer
    charge(shop, stripe)
    assert shop.order().payment.status is PaymentStatus.REQUIRES_CONFIRMATION

    undo(shop, stripe)

    assert (stripe.charges, stripe.held) == (1, 0)


def test_an_undecided_payment_is_retried_until_it_is_decided(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe, SLOW_CARD)

    with pytest.raises(PaymentInFlux):
        undo(shop, stripe)
    assert stripe.calls == ["retrieve_intent"]
    stripe.settle("pi_1")

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert stripe.held == 0


def test_the_rest_of_a_partly_refunded_payment_is_refunded(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.refund_by_hand("pi_1", 10_000)

    undo(shop, stripe)

    assert stripe.refunds == [AMOUNT - 10_000]
    assert stripe.held == 0


def test_a_payment_refunded_in_the_dashboard_is_not_refunded_again(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.refund_by_hand("pi_1", AMOUNT)

    order = undo(shop, stripe)

    assert stripe.refunds == []
    assert order.payment.status is PaymentStatus.REFUNDED


def test_an_intent_canceled_in_the_dashboard_stays_as_it_is(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe, DECLINED_CARD)
    stripe.cancel_intent("pi_1")
    stripe.calls.clear()

    order = undo(shop, stripe)

    assert stripe.calls == ["retrieve_intent"]
    assert order.payment.status is PaymentStatus.CANCELED


# Whatever is lost, the payment is refunded once


@pytest.mark.parametrize("payment_method", [GOOD_CARD, DECLINED_CARD])
def test_a_second_run_changes_nothing(shop: Shop, stripe: FakeStripe, payment_method: str) -> None:
    charge(shop, stripe, payment_method)
    once = undo(shop, stripe)

    assert undo(shop, stripe) == once
    assert stripe.held == 0


@pytest.mark.parametrize("call", ["retrieve_intent", "refund"])
def test_a_request_that_was_lost_is_sent_again(shop: Shop, stripe: FakeStripe, call: str) -> None:
    charge(shop, stripe)
    stripe.before[call] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        undo(shop, stripe)
    undo(shop, stripe)

    assert stripe.refunds == [AMOUNT]


@pytest.mark.parametrize("failure", [no_answer, store_is_down])
def test_a_refund_whose_reply_or_record_was_lost_is_not_repeated(
    shop: Shop, stripe: FakeStripe, failure: Callable[[], None]
) -> None:
    charge(shop, stripe)
    stripe.after["refund"] = failure

    with pytest.raises(TransientFailure):
        undo(shop, stripe)
    order = undo(shop, stripe)

    assert stripe.refunds == [AMOUNT]
    assert order.payment.status is PaymentStatus.REFUNDED


def test_a_cancellation_whose_reply_was_lost_is_found(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe, DECLINED_CARD)
    stripe.after["cancel_intent"] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        undo(shop, stripe)

    assert undo(shop, stripe).payment.status is PaymentStatus.CANCELED


def test_a_payment_that_succeeds_while_it_is_canceled_is_refunded(shop: Shop, stripe: FakeStripe) -> None:
    stripe.before["confirm_intent"] = no_answer
    charge(shop, stripe)
    stripe.before["cancel_intent"] = lambda: stripe.confirm_intent(shop.order(), "pi_1")

    with pytest.raises(PaymentInFlux):
        undo(shop, stripe)
    undo(shop, stripe)

    assert (stripe.charges, stripe.held) == (1, 0)


@pytest.mark.parametrize("decide", [FakeStripe.settle, FakeStripe.decline])
def test_an_approval_at_the_deadline_leaves_no_money_with_us(
    shop: Shop, stripe: FakeStripe, decide: Callable[[FakeStripe, str], object]
) -> None:
    shop.awaiting_payment(stripe)
    stripe.before["cancel_intent"] = lambda: decide(stripe, "pi_1")

    with suppress(PaymentInFlux):
        undo(shop, stripe)
    order = undo(shop, stripe)

    assert order.payment.status in MONEY_IS_BACK
    assert stripe.held == 0


def test_a_payment_is_refunded_only_once_its_dispute_is_over(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.dispute("pi_1")

    for _ in range(2):
        with pytest.raises(RefundRefused, match="charge_disputed"):
            undo(shop, stripe)
    assert shop.order().payment.status is PaymentStatus.SUCCEEDED
    stripe.dispute("pi_1", disputed=False)

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert stripe.refunds == [AMOUNT]


def test_two_attempts_at_the_same_time_refund_once(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.before["refund"] = lambda: undo(shop, stripe)

    with pytest.raises(PaymentInFlux):
        undo(shop, stripe)

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert stripe.refunds == [AMOUNT]


# A refund can take days, and can fail


def test_a_pending_refund_gives_the_money_back(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.refund_status = "pending"

    order = undo(shop, stripe)

    assert order.payment.status is PaymentStatus.REFUND_PENDING
    assert order.timeline[-1].event == "PaymentRefundPending"
    assert shop.orders.close(ORDER_ID, TIMED_OUT).is_closed


def test_a_second_run_finds_that_a_pending_refund_has_arrived(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.refund_status = "pending"
    undo(shop, stripe)
    stripe.refund_status = "succeeded"

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert stripe.refunds == [AMOUNT]


def test_a_refund_that_arrives_before_it_is_recorded_as_pending_is_found(
    shop: Shop, stripe: FakeStripe
) -> None:
    charge(shop, stripe)
    stripe.refund_status = "pending"

    def arrive() -> None:
        stripe.refund_status = "succeeded"

    stripe.before["list_refunds"] = arrive
    with pytest.raises(PaymentInFlux):
        undo(shop, stripe)

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert stripe.refunds == [AMOUNT]


def test_a_pending_part_that_a_colleague_refunded_is_waited_for(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.refund_by_hand("pi_1", 10_000)
    stripe.refund_status = "pending"

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUND_PENDING


@pytest.mark.parametrize("status", ["failed", "canceled", "requires_action"])
def test_a_refund_that_does_not_arrive_needs_an_operator(shop: Shop, stripe: FakeStripe, status: str) -> None:
    charge(shop, stripe)
    stripe.refund_status = status

    with pytest.raises(RefundRefused, match=f"^refund re_1 is {status}$"):
        undo(shop, stripe)

    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


def test_a_part_refunded_in_the_meantime_is_left_out_next_time(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    stripe.before["refund"] = lambda: stripe.refund_by_hand("pi_1", 10_000)

    with pytest.raises(PaymentInFlux):
        undo(shop, stripe)
    undo(shop, stripe)

    assert (stripe.refunds, stripe.held) == ([AMOUNT - 10_000], 0)


def test_an_attempt_is_recorded_before_its_refund_is_made(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    recorded: list[frozenset[str]] = []
    stripe.before["refund"] = lambda: recorded.append(shop.order().payment.refund_attempts)

    order = undo(shop, stripe)

    assert recorded == [frozenset(stripe.attempts)]
    assert order.payment.refund_attempts == recorded[0]


def test_every_attempt_stays_on_the_record(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    for _ in range(2):
        stripe.before["refund"] = no_answer
        with pytest.raises(PaymentProviderUnavailable):
            undo(shop, stripe)

    assert len(undo(shop, stripe).payment.refund_attempts) == 3


def test_a_payment_that_was_settled_outside_is_not_refunded(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    shop.orders.flag(ORDER_ID, "RefundRefused")
    shop.orders.settle(ORDER_ID, "the-boss", "Paid back in cash.")

    assert undo(shop, stripe).payment.status is PaymentStatus.SETTLED_OUTSIDE
    assert stripe.calls == []


def test_an_order_that_is_settled_meanwhile_is_not_refunded(shop: Shop, stripe: FakeStripe) -> None:
    """Another execution has flagged the order, and this one is slower than the operator."""
    charge(shop, stripe)
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    shop.orders.flag(ORDER_ID, "RefundRefused")
    stripe.after["retrieve_intent"] = lambda: shop.orders.settle(ORDER_ID, "the-boss", "Paid back in cash.")

    assert undo(shop, stripe).payment.status is PaymentStatus.SETTLED_OUTSIDE
    assert stripe.refunds == []


# The undo is recorded before it takes effect


def test_the_undo_is_recorded_before_money_moves(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    recorded = []
    stripe.before["retrieve_intent"] = lambda: recorded.append(shop.order().failure)

    undo(shop, stripe)

    assert recorded[0] is not None


def test_a_confirmed_order_keeps_its_payment(shop: Shop, stripe: FakeStripe) -> None:
    charge(shop, stripe)
    shop.stock.take(shop.order())

    with pytest.raises(OrderAlreadyConfirmed):
        undo(shop, stripe)

    assert shop.order().status is OrderStatus.CONFIRMED
    assert stripe.held == AMOUNT
