from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Fulfilment, Order, OrderStatus, Payment, PaymentStatus
from lambdas.domain.payment import DisputeState, PaymentIntent
from lambdas.domain.vocabulary import Capture, FindingKind, ReconciliationScope
from lambdas.recovery.reconcile_payments import logic
from lambdas.recovery.reconcile_payments.logic import PaymentReconciliation, judge
from lambdas.shared.reconciliation import Finding, Report
from lambdas.shared.store.listings import OrderListing
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, PAYMENT_SERVICE, TIMED_OUT, an_order
from tests.unit.lambdas.fakes import FakeExecutions, FakeStripe
from tests.unit.lambdas.runs import STALE_AFTER, run_through
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop

OTHER_ORDER_ID = "b1b2b3b4-0000-5000-8000-000000000002"
PRICE = 75_800
"""Two armchairs."""


def at(time: str, day: str = "2026-03-01") -> str:
    return f"{day}T{time}.000Z"


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@dataclass(frozen=True)
class Ledger:
    """The shop's orders, Stripe's payments, and the reconciliation that compares them."""

    shop: Shop
    stripe: FakeStripe
    executions: FakeExecutions

    def reconcile(
        self, *, scope: ReconciliationScope = ReconciliationScope.FULL, hurried: bool = False
    ) -> Report:
        listing = OrderListing(self.shop.client, ORDERS_TABLE)
        return run_through(
            lambda run: PaymentReconciliation(
                run, STALE_AFTER, listing, self.shop.orders, self.stripe, self.executions
            ).reconcile(),
            scope=scope,
            hurried=hurried,
        )

    def payment(self, **changes: Any) -> PaymentIntent:  # noqa: ANN401 - any attribute
        """Add a payment for two armchairs."""
        created = seconds(at("12:00:00"))
        return self.stripe.put(replace(A_PAYMENT, **{"created": created, **changes}))

    def confirmed(self, order_id: str = ORDER_ID, intent_id: str = "pi_paid", **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        self.shop.priced(order_id=order_id, **changes)
        self.shop.orders.record_intent(order_id, intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
        paid = self.shop.orders.record_payment(order_id, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
        return self.shop.notified(self.shop.stock.take(paid))

    def authorized(self, expires_at: str, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        """Add a confirmed order whose payment is only authorized, until a time."""
        intent = self.payment(
            **{"status": "requires_capture", "amount_received": 0, "amount_capturable": PRICE, **changes},
            capture_before=seconds(expires_at),
        )
        order = self.shop.priced(capture=Capture.AT_FULFILMENT)
        self.shop.orders.record_intent(ORDER_ID, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
        held = self.shop.orders.record_paid_or_held(ORDER_ID, replace(intent, status="requires_capture"))
        assert order.payment.intent_id is None
        return self.shop.notified(self.shop.confirm(held))

    def closed(self, payment: PaymentStatus = PaymentStatus.CANCELED) -> Order:
        """Add an order that was confirmed, then cancelled and undone."""
        self.confirmed()
        return self.shop.notified(self.shop.close_cancelled(payment))


@pytest.fixture
def ledger(shop: Shop, stripe: FakeStripe) -> Ledger:
    return Ledger(shop, stripe, FakeExecutions())


# What is wrong with an order and a payment


A_CONFIRMED_ORDER = an_order(
    status=OrderStatus.CONFIRMED, amount=PRICE, payment=Payment(PaymentStatus.SUCCEEDED, "pi_paid")
)
A_PAYMENT = PaymentIntent(
    "pi_paid",
    "succeeded",
    currency="usd",
    amount_received=PRICE,
    order_id=ORDER_ID,
    service=PAYMENT_SERVICE,
)
A_REFUND = LineRefund(
    "refund-1",
    {},
    500,
    restock=False,
    reason="",
    requested_by="",
    requested_at="",
    status=LineRefundStatus.REFUNDED,
)
A_FAILED_REFUND = replace(A_REFUND, status=LineRefundStatus.FAILED)
AN_AUTHORIZED_PAYMENT = replace(
    A_PAYMENT, status="requires_capture", amount_received=0, amount_capturable=PRICE
)
A_REFUNDED_PAYMENT = replace(A_PAYMENT, amount_refunded=PRICE)


def order_with(**changes: Any) -> Order:  # noqa: ANN401 - any attribute
    return replace(A_CONFIRMED_ORDER, **changes)


def with_payment(**changes: Any) -> Order:  # noqa: ANN401 - any attribute
    return order_with(payment=replace(A_CONFIRMED_ORDER.payment, **changes))


A_SETTLED_ORDER = replace(
    with_payment(status=PaymentStatus.SETTLED_OUTSIDE), status=OrderStatus.CANCELLED, stock_taken=False
)


@pytest.mark.parametrize(
    ("order", "intent", "kind"),
    [
        (A_CONFIRMED_ORDER, A_PAYMENT, None),
        (None, A_PAYMENT, "money_without_order"),
        (None, A_REFUNDED_PAYMENT, None),
        (A_CONFIRMED_ORDER, None, "order_without_money"),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, status="canceled", amount_received=0), "order_without_money"),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, amount_refunded=1), "order_without_money"),
        (with_payment(refunded_outside=1), replace(A_PAYMENT, amount_refunded=1), None),
        (with_payment(refunded_outside=1), replace(A_PAYMENT, amount_refunded=2), "order_without_money"),
        (with_payment(refunded_outside=1), A_PAYMENT, "amount_differs"),
        (order_with(refunds=(A_REFUND,)), replace(A_PAYMENT, amount_refunded=500), None),
        (order_with(refunds=(A_REFUND,)), A_PAYMENT, "amount_differs"),
        (order_with(refunds=(A_REFUND,), refund_due="refund-1"), A_PAYMENT, None),
        (order_with(refunds=(A_FAILED_REFUND,)), A_PAYMENT, None),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, disputed=True), "order_without_money"),
        (with_payment(dispute=DisputeState.OPEN), replace(A_PAYMENT, disputed=True), None),
        (with_payment(dispute=DisputeState.LOST), replace(A_PAYMENT, disputed=True), None),
        (
            with_payment(dispute=DisputeState.OPEN),
            replace(A_REFUNDED_PAYMENT, disputed=True),
            "order_without_money",
        ),
        (with_payment(dispute=DisputeState.WON), replace(A_PAYMENT, disputed=True), None),
        (
            with_payment(dispute=DisputeState.WON),
            replace(A_REFUNDED_PAYMENT, disputed=True),
            "order_without_money",
        ),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, amount_received=PRICE - 1), "amount_differs"),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, amount_received=PRICE + 1), "amount_differs"),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, currency="eur"), "amount_differs"),
        (A_CONFIRMED_ORDER, replace(A_PAYMENT, intent_id="pi_other"), "second_payment"),
        (A_CONFIRMED_ORDER, replace(A_REFUNDED_PAYMENT, intent_id="pi_other"), None),
        (order_with(status=OrderStatus.PENDING, payment=Payment()), A_PAYMENT, "second_payment"),
        (order_with(status=OrderStatus.FAILED), A_PAYMENT, "money_of_closed_order"),
        (order_with(status=OrderStatus.CANCELLED), A_PAYMENT, "money_of_closed_order"),
        (order_with(status=OrderStatus.CANCELLED), A_REFUNDED_PAYMENT, None),
        (A_SETTLED_ORDER, A_PAYMENT, None),
        (order_with(status=OrderStatus.PENDING), A_REFUNDED_PAYMENT, None),
        (with_payment(status=PaymentStatus.REQUIRES_CAPTURE), AN_AUTHORIZED_PAYMENT, None),
        (A_CONFIRMED_ORDER, AN_AUTHORIZED_PAYMENT, "order_without_money"),
        (
            with_payment(status=PaymentStatus.REQUIRES_CAPTURE),
            replace(AN_AUTHORIZED_PAYMENT, amount_capturable=PRICE - 1),
            "amount_differs",
        ),
        (
            with_payment(status=PaymentStatus.REQUIRES_CAPTURE),
            replace(AN_AUTHORIZED_PAYMENT, status="succeeded", amount_received=1, amount_capturable=0),
            "amount_differs",
        ),
        (
            with_payment(status=PaymentStatus.REQUIRES_CAPTURE),
            replace(AN_AUTHORIZED_PAYMENT, status="canceled", amount_capturable=0),
            "order_without_money",
        ),
        (order_with(capture_due=Fulfilment("", "the-boss")), AN_AUTHORIZED_PAYMENT, None),
        (order_with(status=OrderStatus.FAILED), AN_AUTHORIZED_PAYMENT, "money_of_closed_order"),
        (order_with(cancel_requested_by="customer"), A_REFUNDED_PAYMENT, None),
        (order_with(status=OrderStatus.NEEDS_ATTENTION), A_REFUNDED_PAYMENT, None),
    ],
)
def test_an_order_is_judged_by_its_payment(
    order: Order | None, intent: PaymentIntent | None, kind: str | None
) -> None:
    assert judge(order, intent) == kind


# What is compared


def test_a_confirmed_order_and_its_payment_agree(ledger: Ledger) -> None:
    ledger.confirmed()
    ledger.payment()

    assert ledger.reconcile().counts == {
        "orders_compared": 1,
        "payments_compared": 1,
        "payments_of_others": 0,
    }
    assert "retrieve_intent" not in ledger.stripe.calls


def test_a_payment_that_was_settled_outside_is_counted(ledger: Ledger) -> None:
    ledger.shop.notified(ledger.shop.settled())
    ledger.payment()

    report = ledger.reconcile()

    assert (report.counts["payments_settled_outside"], report.new) == (1, [])


def test_a_payment_made_long_after_its_order_is_found_in_the_list(ledger: Ledger) -> None:
    ledger.confirmed(created_at=at("12:00:00", day="2026-02-27"))
    ledger.payment()

    assert ledger.reconcile().counts == {
        "orders_compared": 1,
        "payments_compared": 1,
        "payments_of_others": 0,
    }
    assert "retrieve_intent" not in ledger.stripe.calls


def test_a_payment_too_young_for_the_list_is_retrieved(ledger: Ledger) -> None:
    ledger.confirmed()
    ledger.payment(created=seconds(at("12:30:00")))

    assert not ledger.reconcile().new
    assert ledger.stripe.calls.count("retrieve_intent") == 1


@pytest.mark.parametrize(
    ("scope", "created_at", "missing"),
    [
        ("recent", at("12:30:00"), 0),
        ("recent", at("11:00:00"), 1),
        ("recent", at("10:59:59"), 0),
        ("full", at("12:30:00"), 0),
        ("full", at("13:00:00", day="2026-02-26"), 1),
        ("full", at("12:59:59", day="2026-02-26"), 0),
        ("restored", at("13:00:00", day="2026-01-24"), 1),
        ("restored", at("12:59:59", day="2026-01-24"), 0),
    ],
)
def test_only_orders_of_the_window_are_compared(
    ledger: Ledger, scope: str, created_at: str, missing: int
) -> None:
    """An order is compared from 30 minutes after it was accepted, until it is as old as the scope says."""
    ledger.confirmed(created_at=created_at)

    report = ledger.reconcile(scope=ReconciliationScope(scope))

    assert report.counts["order_without_money"] == missing


def test_a_closed_order_needs_no_payment(ledger: Ledger) -> None:
    ledger.closed()

    report = ledger.reconcile()

    assert not report.new
    assert "retrieve_intent" not in ledger.stripe.calls
    assert report.counts["orders_without_a_listed_payment"] == 1


# What is reported


def the_finding(report: Report) -> Finding:
    [finding] = report.new
    return finding


def test_an_order_without_its_money_is_reported_with_facts(ledger: Ledger) -> None:
    ledger.confirmed()
    ledger.payment(amount_refunded=800)

    finding = the_finding(ledger.reconcile())

    assert finding.kind is FindingKind.ORDER_WITHOUT_MONEY
    assert finding.ids == {"order_id": ORDER_ID, "intent_id": "pi_paid"}
    assert finding.since == ledger.shop.order().created_at
    assert finding.facts == {
        "order_status": "CONFIRMED",
        "order_amount": 75_800,
        "order_currency": "usd",
        "order_intent_id": "pi_paid",
        "refunded_outside": 0,
        "dispute": None,
        "payment_status": "succeeded",
        "received": 75_800,
        "held": 75_000,
        "currency": "usd",
        "disputed": False,
    }


def test_an_order_whose_payment_is_unknown_to_stripe_is_reported(ledger: Ledger) -> None:
    ledger.confirmed()

    finding = the_finding(ledger.reconcile())

    assert (finding.kind, finding.facts["order_amount"]) == (FindingKind.ORDER_WITHOUT_MONEY, 75_800)


@pytest.mark.parametrize("order_id", [None, OTHER_ORDER_ID], ids=["no order", "unknown order"])
def test_money_without_an_order_is_reported(ledger: Ledger, order_id: str | None) -> None:
    ledger.payment(intent_id="pi_foreign", order_id=order_id)

    finding = the_finding(ledger.reconcile())

    assert finding.kind is FindingKind.MONEY_WITHOUT_ORDER
    assert finding.ids == {"order_id": order_id, "intent_id": "pi_foreign"}
    assert finding.since is not None
    assert (finding.facts["held"], finding.facts["currency"]) == (75_800, "usd")


def test_only_the_second_payment_of_an_order_is_reported(ledger: Ledger) -> None:
    ledger.confirmed()
    ledger.payment()
    ledger.payment(intent_id="pi_second")

    finding = the_finding(ledger.reconcile())

    assert finding.kind is FindingKind.SECOND_PAYMENT
    assert (finding.ids["intent_id"], finding.facts["order_intent_id"]) == ("pi_second", "pi_paid")


@pytest.mark.parametrize("service", [None, "orders-of-another-stage"])
def test_a_payment_of_another_service_is_only_counted(ledger: Ledger, service: str | None) -> None:
    ledger.payment(service=service)

    report = ledger.reconcile()

    assert not report.new
    assert report.counts == {"orders_compared": 0, "payments_compared": 0, "payments_of_others": 1}


def test_an_outdated_list_makes_no_finding(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.confirmed()
    paid = ledger.payment()
    late = replace(paid, amount_received=0, status="requires_confirmation")
    monkeypatch.setattr(
        ledger.stripe, "list_intents", lambda since, to: iter([late] if since <= late.created < to else [])
    )

    assert not ledger.reconcile().new


# Authorizations


EXPIRES_SOON = at("12:59:59", day="2026-03-02")
"""A run begins at 13:00 on the day before."""


@pytest.mark.parametrize("hurried", [False, True])
def test_an_authorization_that_soon_expires_is_announced_once(ledger: Ledger, *, hurried: bool) -> None:
    order = ledger.authorized(EXPIRES_SOON)

    finding = the_finding(ledger.reconcile(hurried=hurried))

    assert finding.kind is FindingKind.AUTHORIZATION_EXPIRING
    assert finding.ids == {"order_id": ORDER_ID, "intent_id": "pi_paid"}
    assert (finding.facts["capture_before"], finding.facts["held"]) == (EXPIRES_SOON, PRICE)
    announced = ledger.shop.order()
    assert announced.timeline[len(order.timeline) :] == announced.timeline[-1:]
    assert announced.timeline[-1].event == "PaymentAuthorizationExpiring"
    assert announced.is_at_rest
    ledger.stripe.calls.clear()
    assert not ledger.reconcile().new
    assert "retrieve_intent" not in ledger.stripe.calls


def test_an_authorization_is_announced_a_day_before_its_end(ledger: Ledger) -> None:
    order = ledger.authorized(at("13:00:00", day="2026-03-02"))

    assert not ledger.reconcile().new
    assert ledger.shop.order() == order


def test_an_authorization_that_is_being_captured_is_not_announced(ledger: Ledger) -> None:
    ledger.authorized(EXPIRES_SOON)
    requested = ledger.shop.orders.fulfil(ORDER_ID, "the-boss", None, None)

    assert not ledger.reconcile().new
    assert ledger.shop.order() == requested


@pytest.mark.parametrize("expires_at", [EXPIRES_SOON, at("12:00:00"), at("12:00:00", day="2026-03-08")])
def test_an_authorization_that_has_ended_cancels_its_order(ledger: Ledger, expires_at: str) -> None:
    """The webhook about it was lost."""
    ledger.authorized(expires_at)
    ledger.stripe.put(replace(AN_AUTHORIZED_PAYMENT, status="canceled", amount_capturable=0))

    report = ledger.reconcile()

    assert (report.new, report.counts["authorizations_followed"]) == ([], 1)
    assert ledger.shop.order().timeline[-1].event == "CancellationRequested: payment_provider"


def test_an_authorization_that_ended_long_ago_is_found_although_it_was_announced(ledger: Ledger) -> None:
    order = ledger.authorized(at("12:00:00"), created=seconds(at("12:00:00", day="2026-02-22")))
    ledger.shop.orders.announce_expiry(order)
    ledger.stripe.put(replace(ledger.stripe.intents["pi_paid"], status="canceled", amount_capturable=0))

    ledger.reconcile()

    assert ledger.shop.order().cancel_requested_by == "payment_provider"


def test_a_capture_in_the_dashboard_without_a_webhook_is_recorded(ledger: Ledger) -> None:
    ledger.authorized(at("12:00:00", day="2026-03-08"))
    ledger.payment()

    report = ledger.reconcile()

    assert (report.new, report.counts["authorizations_followed"]) == ([], 1)
    assert ledger.shop.order().payment.status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("expires_at", [EXPIRES_SOON, at("12:00:00", day="2026-03-08")])
def test_a_capture_of_less_is_reported_until_somebody_acts(ledger: Ledger, expires_at: str) -> None:
    """While the payment is in the window of a run, and from the day before its authorization expires."""
    order = ledger.authorized(expires_at)
    ledger.payment(amount_received=PRICE - 1_000)

    for _ in range(2):
        assert {finding.kind for finding in ledger.reconcile().new} == {FindingKind.AMOUNT_DIFFERS}

    assert ledger.shop.order() == order


def test_a_captured_payment_is_not_listed_any_more(ledger: Ledger) -> None:
    ledger.authorized(EXPIRES_SOON)
    ledger.payment()
    ledger.shop.orders.record_captured(ORDER_ID)
    listing = OrderListing(ledger.shop.client, ORDERS_TABLE)

    page = listing.uncaptured(ORDER_ID[0], before=at("00:00:00", day="2027-01-01"), start=None)

    assert page.orders == []


# What is healed


def test_the_saga_gives_back_the_money_of_a_closed_order(ledger: Ledger) -> None:
    order = ledger.closed()
    ledger.payment()

    report = ledger.reconcile()
    again = ledger.reconcile()

    assert ledger.executions.started == {f"{ORDER_ID}-v{order.version}": ORDER_ID}
    assert not report.new
    assert report.counts["closed_orders_rerun_started"] == 1
    assert not again.new
    assert again.counts["closed_orders_rerun_running"] == 1


def test_money_of_a_closed_order_is_reported_if_the_saga_leaves_it(ledger: Ledger) -> None:
    ledger.closed()
    ledger.payment()
    ledger.reconcile()
    ledger.executions.ended |= ledger.executions.started.keys()

    finding = the_finding(ledger.reconcile())

    assert finding.kind is FindingKind.MONEY_OF_CLOSED_ORDER
    assert (finding.facts["order_status"], finding.facts["held"]) == ("CANCELLED", 75_800)


@pytest.mark.parametrize("status", [PaymentStatus.REFUNDED, PaymentStatus.REFUND_PENDING])
def test_a_refund_that_failed_unnoticed_needs_a_human(ledger: Ledger, status: PaymentStatus) -> None:
    # Given
    ledger.closed(status)
    ledger.payment()  # Stripe holds the money again

    # When
    report = ledger.reconcile()
    again = ledger.reconcile()

    # Then
    assert ledger.shop.order().status is OrderStatus.NEEDS_ATTENTION
    assert not ledger.executions.started  # another refund could fail, too
    assert (report.new, report.counts["failed_refunds_recorded"]) == ([], 1)
    assert "failed_refunds_recorded" not in again.counts


def test_a_refund_of_lines_that_came_back_unnoticed_is_recorded(ledger: Ledger) -> None:
    payment = ledger.payment()
    order = ledger.shop.lines_refunded(ledger.confirmed())
    ledger.stripe.refund_lines(order, payment, order.refunds[0])
    ledger.stripe.fail_refunds("pi_paid")

    report = ledger.reconcile()

    assert (report.counts["line_refunds_recorded"], report.new) == (1, [])
    assert ledger.shop.order().refunds[0].status is LineRefundStatus.FAILED


def spare(ledger: Ledger, **changes: Any) -> PaymentIntent:  # noqa: ANN401 - any attribute
    return ledger.payment(
        **{"intent_id": "pi_spare", "status": "requires_confirmation", "amount_received": 0, **changes}
    )


@pytest.mark.parametrize("status", ["requires_confirmation", "requires_payment_method", "requires_action"])
def test_a_spare_payment_of_an_order_is_cancelled(ledger: Ledger, status: str) -> None:
    ledger.confirmed()
    ledger.payment()
    spare(ledger, status=status)

    report = ledger.reconcile()
    again = ledger.reconcile()

    assert ledger.stripe.intents["pi_spare"].status == "canceled"
    assert (report.new, report.counts["spare_payments_cancelled"]) == ([], 1)
    assert "spare_payments_cancelled" not in again.counts


def test_a_payment_that_a_cancelled_order_never_recorded_is_cancelled(ledger: Ledger) -> None:
    ledger.shop.priced()
    ledger.shop.cancel()
    spare(ledger)

    assert ledger.reconcile().counts["spare_payments_cancelled"] == 1


def test_a_payment_that_its_order_may_still_record_is_kept(ledger: Ledger) -> None:
    ledger.shop.priced()
    spare(ledger)

    ledger.reconcile()

    assert "cancel_intent" not in ledger.stripe.calls


@pytest.mark.parametrize("status", ["requires_confirmation", "requires_action"])
def test_an_unpaid_payment_of_an_order_that_was_lost_is_cancelled(ledger: Ledger, status: str) -> None:
    """Its customer could still approve it, and no order would get the money."""
    spare(ledger, status=status, order_id=OTHER_ORDER_ID)

    report = ledger.reconcile()

    assert ledger.stripe.intents["pi_spare"].status == "canceled"
    assert (report.new, report.counts["spare_payments_cancelled"]) == ([], 1)


def test_the_payment_that_an_order_records_is_not_spare(ledger: Ledger, stripe: FakeStripe) -> None:
    ledger.shop.awaiting_payment(stripe)
    spare(ledger, intent_id="pi_1", status="requires_action")

    ledger.reconcile()

    assert "cancel_intent" not in ledger.stripe.calls


def test_a_payment_that_its_settled_order_left_open_is_cancelled(ledger: Ledger, stripe: FakeStripe) -> None:
    """An operator can settle an order whose customer could still approve the payment."""
    ledger.shop.awaiting_payment(stripe)
    spare(ledger, intent_id="pi_1", status="requires_action")
    ledger.shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    ledger.shop.orders.flag(ORDER_ID, "PaymentProviderUnavailable", may_pass=True)
    ledger.shop.orders.settle(ORDER_ID, "the-boss", "Nothing was paid.")
    ledger.shop.orders.close(ORDER_ID, {})

    ledger.reconcile()

    assert stripe.intents["pi_1"].status == "canceled"


def test_a_spare_payment_that_changes_meanwhile_is_left_to_the_next_run(ledger: Ledger) -> None:
    ledger.confirmed()
    ledger.payment()
    payment = spare(ledger)
    ledger.stripe.before["cancel_intent"] = lambda: ledger.stripe.put(replace(payment, status="processing"))

    assert "spare_payments_cancelled" not in ledger.reconcile().counts


# Any number of orders


def many(ledger: Ledger, moments: list[datetime]) -> None:
    for n, moment in enumerate(moments):
        order_id = f"{n % 16:x}1b2c3d4-0000-5000-8000-{n:012}"
        created_at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ledger.confirmed(order_id, f"pi_{n}", created_at=created_at)
        created = int((moment + timedelta(seconds=2)).timestamp())
        ledger.payment(intent_id=f"pi_{n}", order_id=order_id, created=created)


@pytest.mark.parametrize("hurried", [False, True], ids=["at once", "in many calls"])
def test_many_payments_are_each_compared_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *, hurried: bool
) -> None:
    # More orders in one second than there are on a page, and some around midnight.
    monkeypatch.setattr(logic, "PAGE", 3)
    ledger.shop.put(ARMCHAIR, available=100)
    noon = datetime(2026, 2, 27, 12, tzinfo=UTC)
    midnight = datetime(2026, 2, 28, tzinfo=UTC)
    many(
        ledger,
        [
            *(noon + timedelta(milliseconds=5 * n) for n in range(7)),
            *(noon + timedelta(seconds=1, milliseconds=5 * n) for n in range(2)),
            *(midnight + timedelta(milliseconds=500 * n) for n in range(-3, 3)),
        ],
    )
    ledger.stripe.put(replace(ledger.stripe.intents["pi_4"], amount_refunded=1))

    report = ledger.reconcile(hurried=hurried)

    assert report.counts["payments_compared"] == 15
    assert [finding.ids["intent_id"] for finding in report.new] == ["pi_4"]
    assert ledger.stripe.calls.count("retrieve_intent") == 1


def test_a_slice_with_too_many_payments_is_cut(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "_MOST_INTENTS", 2)
    for n in range(7):
        ledger.payment(intent_id=f"pi_{n}", order_id=None, created=seconds(at("12:00:00")) + n // 4)

    report = ledger.reconcile()

    assert report.counts["payments_compared"] == 7
    assert report.counts["money_without_order"] == 7


def test_the_number_of_unpaid_orders_in_the_cursor_is_limited(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "_MOST_UNPAID", 0)
    ledger.confirmed(created_at=at("12:00:00", day="2026-02-27"))
    ledger.payment()

    report = ledger.reconcile()

    assert not report.new
    assert ledger.stripe.calls.count("retrieve_intent") == 1
