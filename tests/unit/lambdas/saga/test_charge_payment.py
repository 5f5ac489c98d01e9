import pytest

from lambdas.domain.errors import (
    OrderCancelled,
    PaymentActionRequired,
    PaymentDeclined,
    PaymentInFlux,
    PaymentProviderUnavailable,
    StoreUnavailable,
    UndoAlreadyBegun,
)
from lambdas.domain.order import Order, OrderStatus, Payment, PaymentStatus
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.saga.refund_payment.logic import refund_payment
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT, an_order
from tests.unit.lambdas.fakes import (
    CARD_WITH_3DS,
    CLIENT_SECRET,
    DECLINED,
    DECLINED_CARD,
    NEXT_ACTION,
    SLOW_CARD,
    FakeStripe,
    no_answer,
)
from tests.unit.lambdas.shop import Shop

AMOUNT = 2 * ARMCHAIR.unit_price


def charge(shop: Shop, stripe: FakeStripe) -> Order:
    return charge_payment(ORDER_ID, shop.orders, stripe)


def undo(shop: Shop, stripe: FakeStripe) -> Order:
    return refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)


def test_an_order_is_charged_its_amount_once(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()

    order = charge(shop, stripe)

    assert order.payment == Payment(PaymentStatus.SUCCEEDED, "pi_1")
    assert (stripe.charges, stripe.held) == (1, AMOUNT)


def test_the_intent_is_on_the_record_before_money_can_move(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    recorded = []
    stripe.before["confirm_intent"] = lambda: recorded.append(shop.order().payment)

    charge(shop, stripe)

    assert recorded == [Payment(PaymentStatus.REQUIRES_CONFIRMATION, "pi_1")]


def test_a_second_run_asks_nobody_and_changes_nothing(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    once = charge(shop, stripe)
    stripe.calls.clear()

    assert charge(shop, stripe) == once
    assert stripe.calls == []


# Whatever gets lost on the way, the next attempt ends with one charge


@pytest.mark.parametrize("call", ["create_intent", "confirm_intent"])
def test_an_attempt_that_stripe_did_not_get_is_made_again(shop: Shop, stripe: FakeStripe, call: str) -> None:
    shop.priced()
    stripe.before[call] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)
    assert stripe.held == 0
    charge(shop, stripe)

    assert (stripe.charges, stripe.held) == (1, AMOUNT)


@pytest.mark.parametrize("call", ["create_intent", "confirm_intent"])
def test_an_attempt_whose_answer_is_lost_is_not_charged_again(
    shop: Shop, stripe: FakeStripe, call: str
) -> None:
    shop.priced()
    stripe.after[call] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)
    order = charge(shop, stripe)

    assert order.payment == Payment(PaymentStatus.SUCCEEDED, "pi_1")
    assert (len(stripe.intents), stripe.charges) == (1, 1)


@pytest.mark.parametrize("call", ["create_intent", "confirm_intent"])
def test_an_attempt_that_could_not_write_down_what_it_did_is_not_charged_again(
    shop: Shop, stripe: FakeStripe, call: str
) -> None:
    shop.priced()
    stripe.after[call] = _store_is_down

    with pytest.raises(StoreUnavailable):
        charge(shop, stripe)
    order = charge(shop, stripe)

    assert order.payment == Payment(PaymentStatus.SUCCEEDED, "pi_1")
    assert (len(stripe.intents), stripe.charges) == (1, 1)


def test_a_lost_answer_is_looked_up_and_not_confirmed_again(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    stripe.after["confirm_intent"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)

    charge(shop, stripe)

    assert stripe.calls == ["create_intent", "confirm_intent", "retrieve_intent"]


# The bank does not say yes


def test_a_declined_card_raises_payment_declined_and_records_it(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=DECLINED_CARD)

    with pytest.raises(PaymentDeclined, match=DECLINED):
        charge(shop, stripe)

    assert shop.order().payment == Payment(PaymentStatus.REQUIRES_PAYMENT_METHOD, "pi_1")
    assert shop.order().timeline[-1].event == "PaymentDeclined"
    assert stripe.held == 0


def test_a_declined_card_is_not_tried_again(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=DECLINED_CARD)
    with pytest.raises(PaymentDeclined):
        charge(shop, stripe)

    with pytest.raises(PaymentDeclined):
        charge(shop, stripe)

    assert stripe.calls.count("confirm_intent") == 1


def test_a_decline_whose_answer_is_lost_is_found_out_with_its_reason(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced(payment_method=DECLINED_CARD)
    stripe.after["confirm_intent"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)

    with pytest.raises(PaymentDeclined, match=DECLINED):
        charge(shop, stripe)


def test_a_payment_that_somebody_canceled_at_stripe_is_declined(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    stripe.before["confirm_intent"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        charge(shop, stripe)
    stripe.cancel_intent("pi_1")

    with pytest.raises(PaymentDeclined, match="The payment was declined"):
        charge(shop, stripe)


# The customer, or their bank, has to decide


@pytest.mark.parametrize(
    ("payment_method", "status", "next_action"),
    [
        (CARD_WITH_3DS, PaymentStatus.REQUIRES_ACTION, NEXT_ACTION),
        (SLOW_CARD, PaymentStatus.PROCESSING, None),
    ],
)
def test_a_payment_that_is_not_decided_is_waited_for_with_all_that_the_customer_needs(
    shop: Shop,
    stripe: FakeStripe,
    payment_method: str,
    status: PaymentStatus,
    next_action: dict[str, object] | None,
) -> None:
    shop.priced(payment_method=payment_method)

    with pytest.raises(PaymentActionRequired, match=status):
        charge(shop, stripe)

    order = shop.order()
    assert order.payment == Payment(status, "pi_1", next_action, CLIENT_SECRET)
    assert order.timeline[-1].event == "PaymentActionRequired"
    assert stripe.held == 0


def test_a_payment_that_still_waits_is_waited_for_again(shop: Shop, stripe: FakeStripe) -> None:
    waiting = shop.awaiting_payment(stripe)

    with pytest.raises(PaymentActionRequired):
        charge(shop, stripe)

    assert shop.order() == waiting
    assert waiting.status is OrderStatus.AWAITING_PAYMENT
    assert stripe.calls.count("confirm_intent") == 1


def test_a_payment_that_was_approved_meanwhile_goes_on(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")

    assert charge(shop, stripe).payment.status is PaymentStatus.SUCCEEDED
    assert stripe.calls.count("confirm_intent") == 1


def test_a_payment_that_was_not_approved_meanwhile_is_declined(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.decline("pi_1", "The payment was not approved.")

    with pytest.raises(PaymentDeclined, match="The payment was not approved"):
        charge(shop, stripe)


def test_a_late_attempt_does_not_write_over_a_payment_that_succeeded_meanwhile(
    shop: Shop, stripe: FakeStripe
) -> None:
    shop.awaiting_payment(stripe)
    stripe.after["retrieve_intent"] = lambda: shop.orders.record_payment(
        ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded"
    )

    with pytest.raises(PaymentActionRequired):  # AwaitPayment asks Stripe once more, and goes on
        charge(shop, stripe)

    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


# Two attempts at the same time


def test_of_two_intents_the_one_that_is_on_the_record_is_charged(shop: Shop, stripe: FakeStripe) -> None:
    # Given: Stripe has forgotten the key (they are kept for a day), so each attempt has its own intent.
    shop.priced()
    first = stripe.create_intent(an_order(order_id="under another key", amount=AMOUNT))
    stripe.after["create_intent"] = lambda: shop.orders.record_intent(
        ORDER_ID, first.intent_id, PaymentStatus.REQUIRES_CONFIRMATION
    )

    # When
    order = charge(shop, stripe)

    # Then
    assert order.payment == Payment(PaymentStatus.SUCCEEDED, first.intent_id)
    assert stripe.intents["pi_2"].status == "requires_confirmation"
    assert stripe.charges == 1


# Nobody is charged behind an undo


def test_an_order_that_was_asked_to_be_cancelled_is_not_charged(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    shop.cancel()

    with pytest.raises(OrderCancelled):
        charge(shop, stripe)

    assert stripe.calls == []


def test_an_order_that_is_being_undone_is_not_charged(shop: Shop, stripe: FakeStripe) -> None:
    shop.being_undone()

    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert stripe.calls == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_attempt_that_is_undone_while_it_creates_its_intent_never_confirms_it(
    shop: Shop, stripe: FakeStripe, moment: str
) -> None:
    shop.priced()
    getattr(stripe, moment)["create_intent"] = lambda: undo(shop, stripe)

    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert "confirm_intent" not in stripe.calls
    assert shop.order().payment == Payment(PaymentStatus.NOT_STARTED)


def test_an_attempt_that_is_undone_before_it_confirms_cannot_confirm(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    stripe.before["confirm_intent"] = lambda: undo(shop, stripe)

    with pytest.raises(PaymentInFlux):
        charge(shop, stripe)
    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert stripe.charges == 0
    assert shop.order().payment == Payment(PaymentStatus.CANCELED, "pi_1")


def test_an_attempt_that_is_undone_after_it_confirmed_cannot_record_its_payment(
    shop: Shop, stripe: FakeStripe
) -> None:
    shop.priced()
    stripe.after["confirm_intent"] = lambda: undo(shop, stripe)

    with pytest.raises(UndoAlreadyBegun):
        charge(shop, stripe)

    assert (stripe.charges, stripe.held) == (1, 0)
    assert shop.order().payment == Payment(PaymentStatus.REFUNDED, "pi_1")


def _store_is_down() -> None:
    raise StoreUnavailable("UpdateItem: ThrottlingException")
