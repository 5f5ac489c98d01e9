from collections.abc import Callable

import pytest

from lambdas.domain.errors import (
    PaymentProviderUnavailable,
)
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.saga.await_payment.logic import await_payment
from tests.unit.lambdas.builders import ORDER_ID, TASK_TOKEN
from tests.unit.lambdas.fakes import NOT_APPROVED, FakeCallback, FakeStripe, no_answer
from tests.unit.lambdas.shop import UNDOS, Shop


def wait(shop: Shop, stripe: FakeStripe, callback: FakeCallback, task_token: str = TASK_TOKEN) -> Order:
    return await_payment(ORDER_ID, task_token, shop.orders, stripe, callback)


def test_the_saga_waits_until_the_payment_is_decided(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.action_required(stripe)

    order = wait(shop, stripe, callback)

    assert (order.status, order.task_token) == (OrderStatus.AWAITING_PAYMENT, TASK_TOKEN)
    assert order.timeline[-1].event == "PaymentAwaited"
    assert callback.resumed == []


def test_the_token_is_recorded_before_the_payment_is_retrieved(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.action_required(stripe)
    recorded = []
    stripe.before["retrieve_intent"] = lambda: recorded.append(shop.order().task_token)

    wait(shop, stripe, callback)

    assert recorded == [TASK_TOKEN]


@pytest.mark.parametrize(
    ("decide", "answer"),
    [(FakeStripe.settle, "goes on"), (FakeStripe.decline, f"PaymentDeclined: {NOT_APPROVED}")],
    ids=["approved", "refused"],
)
def test_a_payment_decided_before_the_token_resumes_the_saga_at_once(
    shop: Shop,
    stripe: FakeStripe,
    callback: FakeCallback,
    decide: Callable[[FakeStripe, str], object],
    answer: str,
) -> None:
    shop.action_required(stripe)
    decide(stripe, "pi_1")

    wait(shop, stripe, callback)

    assert callback.resumed == [(TASK_TOKEN, answer)]


def test_a_second_try_resumes_with_its_own_token(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.action_required(stripe)
    wait(shop, stripe, callback, "token of the first try")
    stripe.settle("pi_1")

    wait(shop, stripe, callback, "token of the second try")

    assert callback.resumed == [("token of the second try", "goes on")]


def test_an_attempt_without_an_answer_succeeds_when_repeated(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.action_required(stripe)
    stripe.settle("pi_1")
    stripe.before["retrieve_intent"] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        wait(shop, stripe, callback)
    wait(shop, stripe, callback)

    assert callback.resumed == [(TASK_TOKEN, "goes on")]
    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


def test_an_execution_of_a_confirmed_order_goes_on_at_once(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    confirmed = shop.confirm(shop.order())

    wait(shop, stripe, callback, "token of another execution")

    assert callback.resumed == [("token of another execution", "goes on")]
    assert shop.order() == confirmed


# No execution waits after an undo has begun


@pytest.mark.parametrize(("undo", "error"), UNDOS.items())
def test_an_order_being_undone_does_not_wait(
    shop: Shop,
    stripe: FakeStripe,
    callback: FakeCallback,
    undo: Callable[[Shop], object],
    error: type[Exception],
) -> None:
    shop.action_required(stripe)
    undo(shop)
    undone = shop.order()

    with pytest.raises(error):
        wait(shop, stripe, callback)

    assert shop.order() == undone
    assert callback.resumed == []
