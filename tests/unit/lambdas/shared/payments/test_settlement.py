from collections.abc import Callable

import pytest

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.order import Order, Payment, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.shared.payments.settlement import settle_payment
from tests.unit.lambdas.builders import TASK_TOKEN
from tests.unit.lambdas.fakes import FakeCallback, FakeStripe
from tests.unit.lambdas.shop import UNDOS, Shop

SUCCEEDED = PaymentIntent("pi_1", "succeeded")
PROCESSING = PaymentIntent("pi_1", "processing")
NOT_APPROVED = PaymentIntent("pi_1", "requires_payment_method", decline="The card has expired.")


def settle(shop: Shop, callback: FakeCallback, order: Order, intent: PaymentIntent) -> bool:
    return settle_payment(order, intent, shop.orders, callback)


def test_a_payment_that_waits_for_the_customer_changes_nothing(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)

    assert not settle(shop, callback, waiting, PaymentIntent("pi_1", "requires_action"))

    assert callback.resumed == []
    assert shop.order() == waiting


def test_an_approved_payment_that_the_bank_decides_later_is_recorded_once(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)

    for _ in range(2):
        assert not settle(shop, callback, waiting, PROCESSING)

    order = shop.order()
    assert order.payment == Payment(PaymentStatus.PROCESSING, "pi_1")
    assert [entry.event for entry in order.timeline[-2:]] == ["PaymentAwaited", "PaymentProcessing"]
    assert callback.resumed == []


@pytest.mark.parametrize("undo", UNDOS)
def test_a_payment_that_is_processing_does_not_change_an_order_being_undone(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, undo: Callable[[Shop], object]
) -> None:
    waiting = shop.awaiting_payment(stripe)
    undo(shop)
    undone = shop.order()

    assert not settle(shop, callback, waiting, PROCESSING)

    assert shop.order() == undone


def test_an_outdated_processing_does_not_overwrite_a_success(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)
    settle(shop, callback, waiting, SUCCEEDED)
    paid = shop.order()

    assert not settle(shop, callback, waiting, PROCESSING)

    assert shop.order() == paid


def test_a_payment_that_succeeded_resumes_the_saga(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)

    assert settle(shop, callback, waiting, SUCCEEDED)

    assert callback.resumed == [(TASK_TOKEN, "goes on")]
    assert shop.order().timeline[-1].event == "PaymentSucceeded"


def test_a_declined_payment_fails_the_saga_with_its_reason(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)

    assert settle(shop, callback, waiting, NOT_APPROVED)

    assert callback.resumed == [(TASK_TOKEN, "PaymentDeclined: The card has expired.")]


def test_a_payment_that_another_execution_cancelled_at_its_deadline_has_expired(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)

    settle(shop, callback, waiting, PaymentIntent("pi_1", "canceled"))

    assert callback.resumed == [(TASK_TOKEN, "PaymentExpired: The payment was not approved in time.")]


def test_a_payment_that_cannot_succeed_fails_the_saga(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)

    settle(shop, callback, waiting, PaymentIntent("pi_1", "requires_payment_method"))

    assert callback.resumed == [(TASK_TOKEN, "PaymentDeclined: The payment was not approved.")]


@pytest.mark.parametrize("intent", [SUCCEEDED, NOT_APPROVED], ids=["succeeded", "not approved"])
def test_an_order_without_a_token_resumes_nothing(
    shop: Shop, callback: FakeCallback, intent: PaymentIntent
) -> None:
    order = shop.priced()

    assert not settle(shop, callback, order, intent)

    assert callback.resumed == []
    assert shop.order() == order


def test_the_payment_is_recorded_before_the_saga_goes_on(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)
    recorded = []
    callback.before = lambda: recorded.append(shop.order().payment.status)

    settle(shop, callback, waiting, SUCCEEDED)

    assert recorded == [PaymentStatus.SUCCEEDED]


def test_the_next_webhook_resumes_a_saga_that_was_not_resumed(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)
    callback.before = _crash
    with pytest.raises(StoreUnavailable):
        settle(shop, callback, waiting, SUCCEEDED)
    recorded = shop.order()

    assert settle(shop, callback, recorded, SUCCEEDED)

    assert callback.resumed == [(TASK_TOKEN, "goes on")]
    assert shop.order() == recorded


@pytest.mark.parametrize(("undo", "error"), UNDOS.items())
def test_a_payment_after_an_undo_is_not_recorded_and_fails_the_saga(
    shop: Shop,
    stripe: FakeStripe,
    callback: FakeCallback,
    undo: Callable[[Shop], object],
    error: type[Exception],
) -> None:
    waiting = shop.awaiting_payment(stripe)
    undo(shop)
    undone = shop.order()

    with pytest.raises(error):
        settle(shop, callback, waiting, SUCCEEDED)

    [(token, answer)] = callback.resumed
    assert token == waiting.task_token
    assert answer.startswith(error.__name__)
    assert shop.order() == undone


def _crash() -> None:
    raise StoreUnavailable("the function was killed")
