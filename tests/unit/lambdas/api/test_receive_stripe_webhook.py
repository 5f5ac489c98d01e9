"""What the events of Stripe change in an order."""

from collections.abc import Callable
from itertools import permutations

import pytest

from lambdas.api.receive_stripe_webhook.event import StripeEvent
from lambdas.api.receive_stripe_webhook.logic import WebhookOutcome, receive_stripe_webhook
from lambdas.domain.errors import PaymentProviderUnavailable
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.saga.refund_payment.logic import refund_payment
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TASK_TOKEN, TIMED_OUT
from tests.unit.lambdas.fakes import NOT_APPROVED, FakeCallback, FakeStripe, no_answer
from tests.unit.lambdas.shop import Shop

Receive = Callable[..., WebhookOutcome]

AMOUNT = 2 * ARMCHAIR.unit_price
PAID = PaymentIntent("pi_paid", "succeeded", amount_received=AMOUNT, order_id=ORDER_ID)


@pytest.fixture
def receive(shop: Shop, stripe: FakeStripe, callback: FakeCallback) -> Receive:
    def receive(
        kind: str = "payment_intent.succeeded", intent_id: str | None = "pi_1", *, livemode: bool = False
    ) -> WebhookOutcome:
        event = StripeEvent("evt_1", kind, livemode, intent_id)
        return receive_stripe_webhook(event, shop.orders, stripe, callback)

    return receive


def a_confirmed_order(shop: Shop, stripe: FakeStripe) -> Order:
    stripe.put(PAID)
    return shop.confirmed()


def events_since(shop: Shop, order: Order) -> list[str]:
    return [entry.event for entry in shop.order().timeline[len(order.timeline) :]]


# A saga that waits for its payment


@pytest.mark.parametrize(
    ("decide", "resumed", "recorded"),
    [
        (FakeStripe.settle, "goes on", ["PaymentSucceeded"]),
        (FakeStripe.decline, f"PaymentDeclined: {NOT_APPROVED}", []),
    ],
    ids=["approved", "refused"],
)
@pytest.mark.parametrize(
    "order_of_arrival",
    list(
        permutations(f"payment_intent.{kind}" for kind in ("requires_action", "payment_failed", "succeeded"))
    ),
    ids=str,
)
def test_the_result_is_the_same_in_every_order_of_arrival(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop,
    stripe: FakeStripe,
    callback: FakeCallback,
    receive: Receive,
    order_of_arrival: tuple[str, ...],
    decide: Callable[[FakeStripe, str], object],
    resumed: str,
    recorded: list[str],
) -> None:
    waiting = shop.awaiting_payment(stripe)
    decide(stripe, "pi_1")

    for kind in order_of_arrival:
        assert receive(kind) is WebhookOutcome.HANDLED

    assert set(callback.resumed) == {(TASK_TOKEN, resumed)}
    assert events_since(shop, waiting) == recorded


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "payment_intent.payment_failed"])
def test_an_event_that_disagrees_with_the_payment_is_ignored(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive, kind: str
) -> None:
    waiting = shop.awaiting_payment(stripe)

    assert receive(kind) is WebhookOutcome.HANDLED

    assert callback.resumed == []
    assert shop.order() == waiting


def test_a_repeated_event_writes_nothing(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    receive()
    once = shop.order()

    receive()

    assert shop.order() == once


def test_an_event_after_the_deadline_writes_nothing(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    shop.awaiting_payment(stripe)
    undone = shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    stripe.settle("pi_1")

    assert receive() is WebhookOutcome.HANDLED

    assert [answer.partition(":")[0] for _, answer in callback.resumed] == ["UndoAlreadyBegun"]
    assert shop.order() == undone


def test_an_event_before_the_saga_waits_changes_nothing(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    stripe.put(PAID)
    order = shop.paid()

    assert receive(intent_id="pi_paid") is WebhookOutcome.HANDLED

    assert callback.resumed == []
    assert shop.order() == order


def test_an_event_fails_if_stripe_does_not_answer(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    waiting = shop.awaiting_payment(stripe)
    stripe.before["retrieve_intent"] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        receive()

    assert shop.order() == waiting


# Events about something else


@pytest.mark.parametrize("kind", ["customer.created", "invoice.paid", "payout.failed", "charges.new"])
def test_an_event_of_another_kind_is_acknowledged(stripe: FakeStripe, receive: Receive, kind: str) -> None:
    assert receive(kind) is WebhookOutcome.NOT_FOR_US

    assert stripe.calls == []


def test_an_event_without_a_payment_is_acknowledged(stripe: FakeStripe, receive: Receive) -> None:
    assert receive("charge.succeeded", None) is WebhookOutcome.NOT_FOR_US

    assert stripe.calls == []


@pytest.mark.parametrize("ours_is_real", [True, False])
def test_an_event_of_another_environment_is_acknowledged(
    stripe: FakeStripe,
    receive: Receive,
    ours_is_real: bool,  # noqa: FBT001 - a table's column
) -> None:
    stripe.livemode = ours_is_real

    assert receive(livemode=not ours_is_real) is WebhookOutcome.OTHER_ENVIRONMENT

    assert stripe.calls == []


@pytest.mark.parametrize("order_id", [None, "no-such-order"])
def test_an_event_of_an_unknown_order_is_acknowledged(
    stripe: FakeStripe, receive: Receive, order_id: str | None
) -> None:
    stripe.put(PaymentIntent("pi_1", "succeeded", order_id=order_id))

    assert receive() is WebhookOutcome.UNKNOWN_ORDER


def test_an_event_of_another_payment_changes_nothing(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    waiting = shop.awaiting_payment(stripe)
    stripe.put(PaymentIntent("pi_of_another_attempt", "canceled", order_id=ORDER_ID))

    assert receive(intent_id="pi_of_another_attempt") is WebhookOutcome.UNKNOWN_ORDER

    assert callback.resumed == []
    assert shop.order() == waiting


# Disputes, and refunds outside of the saga


def test_a_dispute_is_recorded_once(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    order = a_confirmed_order(shop, stripe)
    stripe.dispute("pi_paid")

    for kind in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        assert receive(kind, "pi_paid") is WebhookOutcome.HANDLED

    assert events_since(shop, order) == ["PaymentDisputed"]
    assert shop.order().payment.disputed
    assert shop.order().status is OrderStatus.CONFIRMED


def test_each_refund_in_the_dashboard_is_recorded_once(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    order = a_confirmed_order(shop, stripe)

    stripe.refund_by_hand("pi_paid", 10_000)
    for kind in ("refund.created", "charge.refunded", "refund.updated"):
        receive(kind, "pi_paid")
    stripe.refund_by_hand("pi_paid", 5_000)
    receive("charge.refunded", "pi_paid")

    assert events_since(shop, order) == ["PaymentRefundedOutside: 10000", "PaymentRefundedOutside: 15000"]
    assert shop.order().payment.refunded_outside == 15_000
    assert shop.order().status is OrderStatus.CONFIRMED


def test_a_refund_by_the_saga_is_not_recorded_as_outside(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    stripe.put(PAID)
    shop.paid()
    refunded = refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)

    assert receive("charge.refunded", "pi_paid") is WebhookOutcome.HANDLED

    assert shop.order() == refunded
    assert refunded.payment.status is PaymentStatus.REFUNDED


def test_a_dispute_of_an_order_that_is_being_undone_is_recorded(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    undone = shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    stripe.dispute("pi_1")

    assert receive("charge.dispute.created") is WebhookOutcome.HANDLED

    assert events_since(shop, undone) == ["PaymentDisputed"]


def test_a_refund_by_the_saga_that_fails_later_needs_attention(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    stripe.put(PAID)
    shop.paid()
    refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)
    shop.orders.close(ORDER_ID, TIMED_OUT)

    stripe.refunds_fail_later = True
    receive("refund.failed", "pi_paid")

    assert shop.order().status is OrderStatus.NEEDS_ATTENTION
    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


def test_a_payment_that_was_refunded_does_not_confirm_the_order(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    stripe.refund_by_hand("pi_1", 100)

    receive()

    assert [answer.partition(":")[0] for _, answer in callback.resumed] == ["PaymentDeclined"]
