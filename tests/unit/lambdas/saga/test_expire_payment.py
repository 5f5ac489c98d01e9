from collections.abc import Callable

import pytest

from lambdas.domain.errors import (
    PaymentActionRequired,
    PaymentDeclined,
    PaymentExpired,
    PaymentInFlux,
    PaymentProviderUnavailable,
)
from lambdas.domain.order import Order, Payment, PaymentStatus
from lambdas.domain.vocabulary import Capture
from lambdas.saga.expire_payment.logic import expire_payment
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.fakes import NOT_APPROVED, FakeStripe, no_answer
from tests.unit.lambdas.shop import UNDOS, Shop


def expire(shop: Shop, stripe: FakeStripe) -> Order:
    return expire_payment(ORDER_ID, shop.orders, stripe)


# The customer approved, and nobody told the saga


def test_a_payment_approved_before_the_deadline_goes_on(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")

    order = expire(shop, stripe)

    assert order.payment.status is PaymentStatus.SUCCEEDED
    assert order.timeline[-1].event == "PaymentSucceeded"
    assert "cancel_intent" not in stripe.calls


def test_a_payment_authorized_before_the_deadline_goes_on(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe, capture=Capture.AT_FULFILMENT)
    stripe.approve("pi_1")

    order = expire(shop, stripe)

    assert order.payment.status is PaymentStatus.REQUIRES_CAPTURE
    assert expire(shop, stripe) == order
    assert stripe.held == order.amount


def test_a_payment_that_a_webhook_recorded_goes_on_without_a_call(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    recorded = shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    stripe.calls.clear()

    assert expire(shop, stripe) == recorded
    assert stripe.calls == []


def test_a_payment_approved_just_before_it_is_cancelled_goes_on(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.before["cancel_intent"] = lambda: stripe.settle("pi_1")

    with pytest.raises(PaymentInFlux):
        expire(shop, stripe)

    assert expire(shop, stripe).payment.status is PaymentStatus.SUCCEEDED


def test_a_payment_that_is_processing_is_awaited_again(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.process("pi_1")

    with pytest.raises(PaymentActionRequired):
        expire(shop, stripe)

    assert shop.order().payment == Payment(PaymentStatus.PROCESSING, "pi_1")
    assert "cancel_intent" not in stripe.calls


# The customer did not approve


def test_a_payment_that_was_not_approved_is_cancelled_and_expires(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)

    with pytest.raises(PaymentExpired, match=r"^The payment was not approved in time\.$"):
        expire(shop, stripe)

    assert stripe.intents["pi_1"].status == "canceled"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_cancellation_without_an_answer_is_repeated(shop: Shop, stripe: FakeStripe, moment: str) -> None:
    shop.awaiting_payment(stripe)
    getattr(stripe, moment)["cancel_intent"] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        expire(shop, stripe)
    with pytest.raises(PaymentExpired):
        expire(shop, stripe)

    assert stripe.intents["pi_1"].status == "canceled"


def test_a_refused_payment_is_declined_with_its_reason(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.decline("pi_1")

    with pytest.raises(PaymentDeclined, match=NOT_APPROVED):
        expire(shop, stripe)


def test_a_payment_refunded_in_the_dashboard_is_declined(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    stripe.refund_by_hand("pi_1", 100)

    with pytest.raises(PaymentDeclined, match="refunded"):
        expire(shop, stripe)


@pytest.mark.parametrize(("undo", "error"), UNDOS.items())
def test_the_payment_of_an_order_being_undone_is_left_to_the_undo(
    shop: Shop, stripe: FakeStripe, undo: Callable[[Shop], object], error: type[Exception]
) -> None:
    shop.awaiting_payment(stripe)
    undo(shop)
    stripe.calls.clear()

    with pytest.raises(error):
        expire(shop, stripe)

    assert stripe.calls == []
