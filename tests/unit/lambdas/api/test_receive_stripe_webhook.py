"""What the events of Stripe change in an order."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from lambdas.api.receive_stripe_webhook.event import StripeEvent
from lambdas.api.receive_stripe_webhook.logic import receive_stripe_webhook
from lambdas.domain.errors import PaymentProviderUnavailable, StoreUnavailable
from lambdas.domain.failure import AUTHORIZATION_ENDED
from lambdas.domain.line_refund import LineRefundStatus
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.domain.payment import DisputeState, PaymentIntent, Refund
from lambdas.domain.vocabulary import Capture, WebhookOutcome
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
        kind: str = "payment_intent.succeeded",
        intent_id: str | None = "pi_1",
        *,
        order_id: str | None = ORDER_ID,
        livemode: bool = False,
    ) -> WebhookOutcome:
        event = StripeEvent("evt_1", kind, livemode, 0, intent_id, order_id)
        return receive_stripe_webhook(event, shop.orders, stripe, callback, lambda action: action())

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
        receive(kind)

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


def test_a_repeated_event_resumes_again_but_neither_asks_nor_writes(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    """The function can end between recording the success and resuming the execution."""
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    receive()
    once = shop.order()
    stripe.calls.clear()

    assert receive() is WebhookOutcome.ALREADY_KNOWN

    assert callback.resumed == [(TASK_TOKEN, "goes on")] * 2
    assert shop.order() == once
    assert stripe.calls == []


def test_an_event_after_the_deadline_writes_nothing(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    shop.awaiting_payment(stripe)
    undone = shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    stripe.settle("pi_1")
    stripe.calls.clear()

    assert receive() is WebhookOutcome.ALREADY_KNOWN

    assert [answer.partition(":")[0] for _, answer in callback.resumed] == ["UndoAlreadyBegun"]
    assert shop.order() == undone
    assert stripe.calls == []


@pytest.mark.parametrize("kind", ["payment_intent.created", "payment_intent.requires_action"])
def test_stripe_is_not_asked_before_the_payment_is_decided(
    shop: Shop, stripe: FakeStripe, receive: Receive, kind: str
) -> None:
    shop.awaiting_payment(stripe)
    stripe.calls.clear()

    assert receive(kind) is WebhookOutcome.ALREADY_KNOWN

    assert stripe.calls == []


@pytest.mark.parametrize(
    "given",
    [Shop.priced, Shop.paid, Shop.confirmed, Shop.closed],
    ids=["no intent yet", "paid", "confirmed", "closed"],
)
@pytest.mark.parametrize("kind", ["payment_intent.created", "payment_intent.succeeded", "charge.updated"])
def test_stripe_is_not_asked_if_no_execution_waits(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop,
    stripe: FakeStripe,
    callback: FakeCallback,
    receive: Receive,
    given: Callable[[Shop], Order],
    kind: str,
) -> None:
    order = given(shop)

    assert receive(kind, order.payment.intent_id or "pi_paid") is WebhookOutcome.ALREADY_KNOWN

    assert (stripe.calls, callback.resumed) == ([], [])
    assert shop.order() == order


def test_an_event_fails_if_stripe_does_not_answer(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    waiting = shop.awaiting_payment(stripe)
    stripe.before["retrieve_intent"] = no_answer

    with pytest.raises(PaymentProviderUnavailable):
        receive()

    assert shop.order() == waiting


# Authorized payments


def test_a_payment_that_is_authorized_resumes_the_saga(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    waiting = shop.awaiting_payment(stripe, capture=Capture.AT_FULFILMENT)
    stripe.approve("pi_1")

    for _ in range(2):
        receive("payment_intent.amount_capturable_updated")

    assert callback.resumed == [(TASK_TOKEN, "goes on")] * 2
    assert events_since(shop, waiting) == ["PaymentAuthorized"]


def test_a_capture_in_the_dashboard_is_recorded_once(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    order = shop.confirmed_uncaptured(stripe)
    stripe.settle("pi_1")

    assert receive() is WebhookOutcome.HANDLED
    assert receive() is WebhookOutcome.ALREADY_KNOWN

    assert events_since(shop, order) == ["PaymentCaptured"]
    assert shop.order().payment.status is PaymentStatus.SUCCEEDED
    assert shop.order().status is OrderStatus.CONFIRMED


def test_a_capture_of_less_does_not_pay_for_the_order(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    """The reconciliation reports it, and the goods do not ship."""
    order = shop.confirmed_uncaptured(stripe)
    stripe.settle("pi_1", AMOUNT - 1_000)

    for kind in ("refund.created", "charge.refunded", "payment_intent.succeeded"):
        receive(kind)

    assert shop.order() == order


@pytest.mark.parametrize("given", [Shop.authorized, Shop.confirmed_uncaptured])
def test_an_authorization_that_has_ended_cancels_the_order(
    shop: Shop, stripe: FakeStripe, receive: Receive, given: Callable[[Shop, FakeStripe], Order]
) -> None:
    order = given(shop, stripe)
    stripe.cancel_intent("pi_1")

    for _ in range(2):
        receive("payment_intent.canceled")

    assert events_since(shop, order) == ["CancellationRequested: payment_provider"]
    closed = shop.close_cancelled(PaymentStatus.CANCELED)
    assert (closed.status, closed.failure) == (OrderStatus.FAILED, AUTHORIZATION_ENDED)
    assert shop.available(ARMCHAIR.sku) == 5


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "payment_intent.canceled"])
def test_an_event_that_disagrees_with_the_authorization_is_ignored(
    shop: Shop, stripe: FakeStripe, receive: Receive, kind: str
) -> None:
    order = shop.confirmed_uncaptured(stripe)

    assert receive(kind) is WebhookOutcome.HANDLED

    assert shop.order() == order


def test_an_authorization_that_the_undo_releases_changes_nothing(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    shop.confirmed_uncaptured(stripe)
    shop.cancel()
    cancelled = shop.order()
    stripe.cancel_intent("pi_1")

    assert receive("payment_intent.canceled") is WebhookOutcome.ALREADY_KNOWN

    assert shop.order() == cancelled


def test_a_released_authorization_is_no_refund_outside(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    """Stripe can list it as a refund, and report it as one."""
    shop.confirmed_uncaptured(stripe)
    shop.cancel()
    refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)
    released = shop.order()
    assert [refund.amount for refund in stripe.list_refunds("pi_1")] == [AMOUNT]

    for kind in ("refund.created", "charge.refunded"):
        receive(kind)

    assert shop.order() == released


def test_a_refund_of_a_captured_payment_is_still_recorded(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    shop.confirmed_uncaptured(stripe)
    stripe.settle("pi_1")
    receive()
    stripe.refund_by_hand("pi_1", 2_000)

    receive("refund.created")

    assert shop.order().payment.refunded_outside == 2_000


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


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("order_id", [None, "no-such-order"])
def test_an_event_of_an_unknown_order_is_acknowledged(
    stripe: FakeStripe, receive: Receive, order_id: str | None
) -> None:
    assert receive(order_id=order_id) is WebhookOutcome.UNKNOWN_ORDER

    assert stripe.calls == []


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "charge.refunded", "charge.dispute.created"])
@pytest.mark.parametrize("given", [Shop.priced, Shop.paid], ids=["no payment", "another payment"])
def test_a_foreign_payment_that_names_an_order_does_not_touch_it(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop,
    stripe: FakeStripe,
    callback: FakeCallback,
    receive: Receive,
    given: Callable[[Shop], Order],
    kind: str,
) -> None:
    order = given(shop)
    stripe.put(replace(PAID, intent_id="pi_foreign"))
    stripe.refund_by_hand("pi_foreign", 100)
    stripe.dispute("pi_foreign")

    receive(kind, "pi_foreign")

    assert callback.resumed == []
    assert shop.order() == order


def test_a_payment_that_stripe_does_not_know_is_of_another_environment(shop: Shop, receive: Receive) -> None:
    shop.confirmed()

    assert receive("charge.refunded", "pi_paid") is WebhookOutcome.OTHER_ENVIRONMENT


# Disputes, and refunds outside of the saga


def test_a_dispute_is_recorded_once(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    order = a_confirmed_order(shop, stripe)
    stripe.dispute("pi_paid")

    for kind in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        assert receive(kind, "pi_paid") is WebhookOutcome.HANDLED

    assert events_since(shop, order) == ["PaymentDisputed"]
    assert shop.order().payment.disputed
    assert shop.order().status is OrderStatus.CONFIRMED


@pytest.mark.parametrize(
    ("won", "event", "disputed"), [(True, "PaymentDisputeWon", False), (False, "PaymentDisputeLost", True)]
)
def test_the_end_of_a_dispute_is_recorded_once(  # noqa: PLR0913 - fixtures and parameters
    shop: Shop, stripe: FakeStripe, receive: Receive, *, won: bool, event: str, disputed: bool
) -> None:
    order = a_confirmed_order(shop, stripe)
    stripe.dispute("pi_paid")
    receive("charge.dispute.created", "pi_paid")
    stripe.close_dispute("pi_paid", won=won)

    for kind in ("charge.dispute.closed", "charge.dispute.funds_reinstated", "charge.dispute.created"):
        receive(kind, "pi_paid")

    assert events_since(shop, order) == ["PaymentDisputed", event]
    assert shop.order().payment.disputed is disputed


@pytest.mark.parametrize(("order_id", "asked"), [(ORDER_ID, 0), (None, 1), ("another-order", 1)])
@pytest.mark.parametrize(
    ("kind", "what"),
    [("charge.refunded", "list_refunds"), ("charge.dispute.created", "list_disputes")],
)
def test_the_payment_is_retrieved_only_if_the_event_does_not_name_its_order(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop,
    stripe: FakeStripe,
    receive: Receive,
    kind: str,
    what: str,
    order_id: str | None,
    asked: int,
) -> None:
    a_confirmed_order(shop, stripe)

    assert receive(kind, "pi_paid", order_id=order_id) is WebhookOutcome.HANDLED

    assert stripe.calls == [*["retrieve_intent"] * asked, what]


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


def test_a_failed_refund_in_the_dashboard_is_followed_down(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    order = a_confirmed_order(shop, stripe)

    for amount in (2_000, -2_000, 1_500):  # the first one fails
        stripe.refund_by_hand("pi_paid", amount)
        receive("refund.updated", "pi_paid")

    assert events_since(shop, order) == [
        "PaymentRefundedOutside: 2000",
        "PaymentRefundedOutside: 0",
        "PaymentRefundedOutside: 1500",
    ]


@pytest.mark.parametrize(
    ("kind", "what"),
    [("charge.refunded", "list_refunds"), ("charge.dispute.created", "list_disputes")],
)
def test_stripe_is_asked_again_if_the_order_changes_meanwhile(
    shop: Shop, stripe: FakeStripe, receive: Receive, kind: str, what: str
) -> None:
    order = a_confirmed_order(shop, stripe)
    stripe.refund_by_hand("pi_paid", 500)
    stripe.dispute("pi_paid")
    stripe.after[what] = shop.cancel

    assert receive(kind, "pi_paid") is WebhookOutcome.HANDLED

    assert stripe.calls.count(what) == 2
    recorded = {"list_refunds": "PaymentRefundedOutside: 500", "list_disputes": "PaymentDisputed"}[what]
    assert events_since(shop, order) == ["CancellationRequested: customer", recorded]


def test_an_order_that_keeps_changing_is_left_to_the_next_delivery(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    a_confirmed_order(shop, stripe)
    stripe.refund_by_hand("pi_paid", 500)
    at = iter(range(10))

    def change() -> None:
        stripe.after["list_refunds"] = change
        shop.disputed(shop.order(), (DisputeState.OPEN, DisputeState.WON)[next(at) % 2])

    stripe.after["list_refunds"] = change

    with pytest.raises(StoreUnavailable, match="keeps changing"):
        receive("charge.refunded", "pi_paid")


def test_a_refund_whose_metadata_another_tool_wrote_is_outside(
    shop: Shop, stripe: FakeStripe, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_confirmed_order(shop, stripe)
    forged = Refund("re_1", 500, "succeeded", attempt="an-attempt-that-the-order-does-not-record")
    monkeypatch.setattr(stripe, "list_refunds", lambda _: [forged])

    receive("charge.refunded", "pi_paid")

    assert shop.order().payment.refunded_outside == 500


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

    stripe.fail_refunds("pi_paid")
    receive("refund.failed", "pi_paid")

    assert shop.order().status is OrderStatus.NEEDS_ATTENTION
    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


def test_a_pending_refund_that_has_arrived_is_recorded(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    stripe.put(PAID)
    shop.paid()
    stripe.refund_status = "pending"
    pending = refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)
    receive("charge.refunded", "pi_paid")

    stripe.refund_status = "succeeded"
    receive("refund.updated", "pi_paid")

    assert events_since(shop, pending) == ["PaymentRefunded"]
    assert shop.order().payment.status is PaymentStatus.REFUNDED


def test_a_pending_refund_that_asks_for_an_action_needs_attention(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    stripe.put(PAID)
    shop.paid()
    stripe.refund_status = "pending"
    refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)
    shop.orders.close(ORDER_ID, TIMED_OUT)

    stripe.refund_status = "requires_action"
    receive("refund.updated", "pi_paid")

    assert shop.order().status is OrderStatus.NEEDS_ATTENTION


def test_a_pending_refund_that_fails_needs_attention(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    stripe.put(PAID)
    shop.paid()
    stripe.refund_status = "pending"
    refund_payment(ORDER_ID, TIMED_OUT, "the-undo-0", shop.orders, stripe)
    shop.orders.close(ORDER_ID, TIMED_OUT)

    stripe.fail_refunds("pi_paid")
    receive("refund.failed", "pi_paid")

    order = shop.order()
    assert (order.status, order.payment.status) == (OrderStatus.NEEDS_ATTENTION, PaymentStatus.SUCCEEDED)


def test_a_payment_that_was_refunded_does_not_confirm_the_order(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, receive: Receive
) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    stripe.refund_by_hand("pi_1", 100)

    receive()

    assert [answer.partition(":")[0] for _, answer in callback.resumed] == ["PaymentDeclined"]


# Refunds of lines


def a_refund_of_lines(shop: Shop, stripe: FakeStripe, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
    """One of two units is refunded; both sides know it."""
    order = shop.lines_refunded(shop.notified(a_confirmed_order(shop, stripe)), **changes)
    stripe.refund_lines(order, stripe.intents["pi_paid"], order.refunds[0])
    return order


def test_a_refund_of_lines_is_not_one_from_outside(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    order = a_refund_of_lines(shop, stripe)

    receive("refund.created", "pi_paid")

    assert events_since(shop, order) == []


def test_a_refund_of_lines_that_is_only_requested_is_left_to_its_execution(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    order = shop.refund_requested(a_confirmed_order(shop, stripe))
    stripe.refund_lines(order, stripe.intents["pi_paid"], order.refunds[0])

    receive("refund.created", "pi_paid")

    assert events_since(shop, order) == []


def test_a_pending_refund_of_lines_arrives(shop: Shop, stripe: FakeStripe, receive: Receive) -> None:
    stripe.refund_status = "pending"
    order = a_refund_of_lines(shop, stripe)
    receive("refund.created", "pi_paid")
    stripe.refund_status = "succeeded"

    receive("refund.updated", "pi_paid")

    assert shop.order().refunds[0].status is LineRefundStatus.REFUNDED
    assert shop.order().is_at_rest
    assert events_since(shop, order)[-1] == f"LineRefundArrived: {order.refunds[0].refund_id}"


def test_a_pending_refund_of_lines_arrives_after_its_order_is_closed(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    stripe.refund_status = "pending"
    refund_id = a_refund_of_lines(shop, stripe).refunds[0].refund_id
    receive("refund.created", "pi_paid")
    shop.close_cancelled()
    closed = shop.order()
    stripe.refund_status = "succeeded"

    receive("refund.updated", "pi_paid")

    assert shop.order().refunds[0].status is LineRefundStatus.REFUNDED
    assert events_since(shop, closed)[0] == f"LineRefundArrived: {refund_id}"


def test_a_refund_of_lines_that_the_bank_returns_is_due_again(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    order = a_refund_of_lines(shop, stripe)
    stripe.fail_refunds("pi_paid")

    receive("refund.failed", "pi_paid")

    after, refund_id = shop.order(), order.refunds[0].refund_id
    assert (after.status, after.refund_due) == (OrderStatus.CONFIRMED, refund_id)
    assert after.refunds[0].status is LineRefundStatus.FAILED
    assert events_since(shop, order) == [f"LineRefundReturned: {refund_id}"]


def test_the_undo_looks_after_the_refunds_of_lines_of_its_order(
    shop: Shop, stripe: FakeStripe, receive: Receive
) -> None:
    a_refund_of_lines(shop, stripe)
    shop.cancel()
    cancelled = shop.order()
    stripe.fail_refunds("pi_paid")

    receive("refund.failed", "pi_paid")

    assert events_since(shop, cancelled) == []
