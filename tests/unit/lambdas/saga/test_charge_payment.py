from collections.abc import Callable

import pytest

from lambdas.domain import clock
from lambdas.domain.errors import (
    PaymentActionRequired,
    PaymentDeclined,
    PaymentExpired,
    PaymentInFlux,
    PaymentProviderUnavailable,
    TransientFailure,
    UndoAlreadyBegun,
)
from lambdas.domain.order import Order, OrderStatus, Payment, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.domain.vocabulary import Capture
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.saga.refund_payment.logic import refund_payment
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT, an_order
from tests.unit.lambdas.fakes import (
    CAPTURE_BEFORE,
    CARD_WITH_3DS,
    CHARGED_AT,
    CLIENT_SECRET,
    DECLINED,
    DECLINED_CARD,
    NEXT_ACTION,
    SLOW_CARD,
    FakeStripe,
    no_answer,
    store_is_down,
)
from tests.unit.lambdas.shop import UNDOS, Shop

AMOUNT = 2 * ARMCHAIR.unit_price
EXPIRES_AT = clock.of_timestamp(CAPTURE_BEFORE)


def charge(shop: Shop, stripe: FakeStripe) -> Order:
    return charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())


def refund(shop: Shop, stripe: FakeStripe) -> Order:
    return refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)


def test_an_order_is_charged_its_amount_once(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()

    order = charge(shop, stripe)

    assert order.payment == Payment(PaymentStatus.SUCCEEDED, "pi_1")
    assert (stripe.charges, stripe.held) == (1, AMOUNT)


def test_the_intent_is_recorded_before_money_can_move(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    recorded = []
    stripe.before["confirm_intent"] = lambda: recorded.append(shop.order().payment)

    charge(shop, stripe)

    assert recorded == [Payment(PaymentStatus.REQUIRES_CONFIRMATION, "pi_1")]


def test_a_second_run_calls_nothing_and_changes_nothing(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    once = charge(shop, stripe)
    stripe.calls.clear()

    assert charge(shop, stripe) == once
    assert stripe.calls == []


# Capture at the fulfilment


def test_an_order_that_is_captured_later_is_only_authorized(shop: Shop, stripe: FakeStripe) -> None:
    order = shop.authorized(stripe)

    assert order.payment == Payment(PaymentStatus.REQUIRES_CAPTURE, "pi_1", capture_before=EXPIRES_AT)
    assert order.timeline[-1].event == "PaymentAuthorized"
    assert (stripe.charges, stripe.held) == (0, AMOUNT)


def test_a_second_run_of_an_authorized_order_calls_nothing(shop: Shop, stripe: FakeStripe) -> None:
    once = shop.authorized(stripe)
    stripe.calls.clear()

    assert charge(shop, stripe) == once
    assert stripe.calls == []


def test_an_authorization_whose_reply_was_lost_is_found(shop: Shop, stripe: FakeStripe) -> None:
    stripe.after["confirm_intent"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        shop.authorized(stripe)

    order = charge(shop, stripe)

    assert order.payment == Payment(PaymentStatus.REQUIRES_CAPTURE, "pi_1", capture_before=EXPIRES_AT)
    assert stripe.held == AMOUNT


def test_a_late_attempt_does_not_overwrite_a_capture(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(capture=Capture.AT_FULFILMENT)

    def capture() -> None:
        stripe.settle("pi_1")
        shop.orders.record_paid_or_held(ORDER_ID, stripe.intents["pi_1"])

    stripe.after["confirm_intent"] = capture

    assert charge(shop, stripe).payment.status is PaymentStatus.SUCCEEDED


def test_an_authorization_without_an_end_lasts_for_stripes_default(shop: Shop) -> None:
    shop.priced(capture=Capture.AT_FULFILMENT)
    intent = PaymentIntent("pi_1", "requires_capture", created=CHARGED_AT, amount_capturable=AMOUNT)

    order = shop.orders.record_paid_or_held(ORDER_ID, intent)

    assert order.payment.capture_before == EXPIRES_AT


# Whatever is lost, the next attempt ends with one charge


@pytest.mark.parametrize("call", ["create_intent", "confirm_intent"])
def test_a_request_that_was_lost_is_sent_again(shop: Shop, stripe: FakeStripe, call: str) -> None:
    shop.priced()
    stripe.before[call] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)
    assert stripe.held == 0
    charge(shop, stripe)

    assert (stripe.charges, stripe.held) == (1, AMOUNT)


@pytest.mark.parametrize("failure", [no_answer, store_is_down])
@pytest.mark.parametrize("call", ["create_intent", "confirm_intent"])
def test_a_charge_whose_reply_or_record_was_lost_is_not_repeated(
    shop: Shop, stripe: FakeStripe, call: str, failure: Callable[[], None]
) -> None:
    shop.priced()
    stripe.after[call] = failure

    with pytest.raises(TransientFailure):
        charge(shop, stripe)
    order = charge(shop, stripe)

    assert order.payment == Payment(PaymentStatus.SUCCEEDED, "pi_1")
    assert (len(stripe.intents), stripe.charges) == (1, 1)
    assert stripe.calls.count("confirm_intent") == 1


# Declines


def test_a_declined_card_is_recorded_and_not_tried_again(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=DECLINED_CARD)

    for _ in range(2):
        with pytest.raises(PaymentDeclined, match=DECLINED):
            charge(shop, stripe)

    assert stripe.calls.count("confirm_intent") == 1
    assert shop.order().payment == Payment(PaymentStatus.REQUIRES_PAYMENT_METHOD, "pi_1")
    assert shop.order().timeline[-1].event == "PaymentDeclined"
    assert stripe.held == 0


def test_a_decline_whose_reply_was_lost_is_found_with_its_reason(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=DECLINED_CARD)
    stripe.after["confirm_intent"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)

    with pytest.raises(PaymentDeclined, match=DECLINED):
        charge(shop, stripe)


def test_a_payment_canceled_in_the_dashboard_is_declined(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    stripe.before["confirm_intent"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)
    stripe.cancel_intent("pi_1")

    with pytest.raises(PaymentDeclined, match="The payment was declined"):
        charge(shop, stripe)


def test_a_payment_cancelled_at_its_deadline_is_not_awaited_again(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.cancel_intent("pi_1")  # and the execution was stopped before it recorded why

    with pytest.raises(PaymentExpired):
        charge(shop, stripe)


def test_a_payment_that_expired_before_its_order_was_flagged_is_still_expired(
    shop: Shop, stripe: FakeStripe
) -> None:
    shop.awaiting_payment(stripe)
    stripe.cancel_intent("pi_1")
    shop.orders.flag(ORDER_ID, "StoreUnavailable", may_pass=True)  # before the undo could record why
    shop.orders.request_retry(ORDER_ID)

    with pytest.raises(PaymentExpired):
        charge(shop, stripe)


# Payments that the customer or their bank has to decide


def test_an_approval_is_recorded_with_what_the_customer_must_do(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=CARD_WITH_3DS)

    with pytest.raises(PaymentActionRequired, match="approval"):
        charge(shop, stripe)

    order = shop.order()
    assert order.payment == Payment(PaymentStatus.REQUIRES_ACTION, "pi_1", NEXT_ACTION, CLIENT_SECRET)
    assert order.timeline[-1].event == "PaymentActionRequired"
    assert stripe.held == 0


def test_a_payment_that_the_bank_decides_asks_nothing_of_the_customer(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=SLOW_CARD)

    with pytest.raises(PaymentActionRequired, match="processing"):
        charge(shop, stripe)

    order = shop.order()
    assert order.payment == Payment(PaymentStatus.PROCESSING, "pi_1")
    assert order.timeline[-1].event == "PaymentProcessing"
    assert stripe.held == 0


def test_a_payment_that_is_still_undecided_changes_nothing(shop: Shop, stripe: FakeStripe) -> None:
    waiting = shop.awaiting_payment(stripe)

    with pytest.raises(PaymentActionRequired):
        charge(shop, stripe)

    assert shop.order() == waiting
    assert waiting.status is OrderStatus.AWAITING_PAYMENT
    assert stripe.calls.count("confirm_intent") == 1


def test_a_payment_approved_in_the_meantime_goes_on(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")

    assert charge(shop, stripe).payment.status is PaymentStatus.SUCCEEDED
    assert stripe.calls.count("confirm_intent") == 1


def test_a_late_attempt_does_not_overwrite_a_success(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.after["retrieve_intent"] = lambda: shop.orders.record_payment(
        ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded"
    )

    with pytest.raises(PaymentActionRequired):  # AwaitPayment retrieves the payment again, and goes on
        charge(shop, stripe)

    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


# Two attempts at the same time


def test_only_the_recorded_one_of_two_intents_is_charged(shop: Shop, stripe: FakeStripe) -> None:
    # Given: Stripe has forgotten the key after a day, so each attempt has its own intent.
    shop.priced()
    first = stripe.create_intent(an_order(order_id="under another key", amount=AMOUNT))
    stripe.after["create_intent"] = lambda: shop.orders.record_intent(
        ORDER_ID, first.intent_id, PaymentStatus.REQUIRES_CONFIRMATION
    )

    # When
    order = charge(shop, stripe)

    # Then
    assert order.payment == Payment(PaymentStatus.SUCCEEDED, first.intent_id)
    assert stripe.intents["pi_2"].status == "canceled"
    assert stripe.charges == 1


def test_a_spare_intent_that_cannot_be_cancelled_now_stops_nothing(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    first = stripe.create_intent(an_order(order_id="under another key", amount=AMOUNT))
    stripe.after["create_intent"] = lambda: shop.orders.record_intent(
        ORDER_ID, first.intent_id, PaymentStatus.REQUIRES_CONFIRMATION
    )
    stripe.before["cancel_intent"] = no_answer

    assert charge(shop, stripe).payment == Payment(PaymentStatus.SUCCEEDED, first.intent_id)


# No order is charged after its undo has begun


@pytest.mark.parametrize(("undo", "error"), UNDOS.items())
def test_an_order_being_undone_is_not_charged(
    shop: Shop, stripe: FakeStripe, undo: Callable[[Shop], object], error: type[Exception]
) -> None:
    shop.priced()
    undo(shop)

    with pytest.raises(error):
        charge(shop, stripe)

    assert stripe.calls == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_undo_while_the_intent_is_created_prevents_its_confirmation(
    shop: Shop, stripe: FakeStripe, moment: str
) -> None:
    shop.priced()
    getattr(stripe, moment)["create_intent"] = lambda: refund(shop, stripe)

    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert "confirm_intent" not in stripe.calls
    assert stripe.intents["pi_1"].status == "canceled"
    assert shop.order().payment == Payment(PaymentStatus.NOT_STARTED)


def test_an_undo_before_the_confirmation_prevents_it(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    stripe.before["confirm_intent"] = lambda: refund(shop, stripe)

    with pytest.raises(PaymentInFlux):
        charge(shop, stripe)
    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert stripe.charges == 0
    assert shop.order().payment == Payment(PaymentStatus.CANCELED, "pi_1")


def test_an_undo_after_the_confirmation_refunds_the_charge(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    stripe.after["confirm_intent"] = lambda: refund(shop, stripe)

    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert (stripe.charges, stripe.held) == (1, 0)
    assert shop.order().payment.status is PaymentStatus.REFUNDED
