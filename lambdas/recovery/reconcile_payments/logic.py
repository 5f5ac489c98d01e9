"""Compares the payments of the last hours or days with the orders, in both directions."""

from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from lambdas.domain import clock
from lambdas.domain.errors import PaymentInFlux, PaymentUnknown
from lambdas.domain.order import MONEY_WAS_SENT_BACK, Order, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.domain.vocabulary import FindingKind
from lambdas.shared.log import about, logger
from lambdas.shared.payments.authorization import follow_authorization
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.line_refunds import follow_line_refunds
from lambdas.shared.reconciliation import Cursor, Finding, Rerun, Run, run_again
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.listings import BATCH, Listed, OrderListing, PageKey
from lambdas.shared.store.order_item import SHARDS
from lambdas.shared.store.orders import OrderTable

PAGE: Final = 100
"""Approximate number of orders in one slice of time."""

_MOST_INTENTS: Final = 500
"""Payments that are listed for one slice of time: five calls to Stripe. A fuller slice is cut in half."""

_UNUSED: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
"""Statuses of a payment that holds no money and can be cancelled."""

_ANNOUNCED_BEFORE: Final = timedelta(days=1)
"""How long before its end an authorization is announced, so that somebody can still fulfil the order."""

_MOST_UNPAID: Final = 2_000
"""Limit on unpaid orders carried in the cursor: 80 KB; Step Functions passes on at most 256 KiB."""


def judge(order: Order | None, intent: PaymentIntent | None) -> FindingKind | None:
    """Return what is wrong with an order and its payment; None if they agree.

    Refunds, disputes and a settlement outside of Stripe are not wrong if the order record has them. An order
    that is still being processed is not judged.
    """
    held = intent.amount_held if intent else 0
    if order is None:
        return FindingKind.MONEY_WITHOUT_ORDER if held else None
    if intent is not None and order.payment.intent_id != intent.intent_id:
        return FindingKind.SECOND_PAYMENT if held else None
    if order.is_closed:
        return FindingKind.MONEY_OF_CLOSED_ORDER if held and not order.is_settled_outside else None
    return _judge_confirmed(order, intent) if order.has_passed_the_pivot else None


def _judge_confirmed(order: Order, intent: PaymentIntent | None) -> FindingKind | None:
    if order.refund_due is not None or order.capture_due is not None:
        return None
    if intent is None or not intent.amount_taken:
        return FindingKind.ORDER_WITHOUT_MONEY
    if (intent.amount_taken, intent.currency) != (order.amount, order.currency):
        return FindingKind.AMOUNT_DIFFERS
    expected = order.price.amount - order.amount_refunded
    is_claimed = intent.disputed and order.payment.dispute is None
    is_uncaptured = intent.is_authorized and order.payment.status is not PaymentStatus.REQUIRES_CAPTURE
    if is_claimed or is_uncaptured or intent.amount_held < expected:
        return FindingKind.ORDER_WITHOUT_MONEY
    # More than expected: a bank has sent back a refund of the dashboard, and the webhook about it was lost.
    return FindingKind.AMOUNT_DIFFERS if intent.amount_held > expected else None


def has_gone_on(order: Order | None, intent: PaymentIntent) -> bool:
    """Whether a payment that its order records as authorized was captured, or is not held any more."""
    is_recorded = order is not None and order.payment.intent_id == intent.intent_id
    return is_recorded and _is_authorized(order) and not intent.is_authorized


def _is_authorized(order: Order | None) -> bool:
    return order is not None and order.payment.status is PaymentStatus.REQUIRES_CAPTURE


def is_spare(order: Order | None, intent: PaymentIntent) -> bool:
    """Whether a payment can be cancelled because no order will ever use it.

    An order is accepted before its payment is created. So a payment without an order belongs to one that was
    lost with its table, and nobody should approve it any more.

    A stored 500 or a cancellation can leave an intent behind that the order does not record. While an order
    may still record its first intent, none of its intents is spare. A closed order uses none: an operator may
    have settled it while its customer could still approve the payment.
    """
    if order is None:
        return intent.status in _UNUSED
    is_recorded = order.payment.intent_id == intent.intent_id
    needs_another = order.payment.intent_id is None and order.may_go_forward
    is_in_use = (is_recorded or needs_another) and not order.is_closed
    return intent.status in _UNUSED and not is_in_use


class PaymentReconciliation:
    """One call of the reconciliation of payments.

    Payments of other services, such as payment links and other stages, are only counted.

    It walks through time in slices without gaps, and compares the orders that were accepted in a slice with
    the payments that were created in it. A payment is created after its order was accepted, so it can be in a
    later slice; until then the order is carried in the cursor as `unpaid`. Orders and payments younger than
    `stale_after` are not compared.

    Before that, it lists the authorizations that soon expire, whenever they were made.

    An order and a payment that seem to disagree are `suspects`. Because lists can be outdated, a suspect's
    order and payment are each read again before anything is reported or done.

    Raises:
        StoreUnavailable: From `reconcile`, when DynamoDB does not answer; the call can be repeated.
        PaymentProviderUnavailable: The same, for Stripe.
        SagaUnavailable: The same, for Step Functions.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - both sides of the comparison, and the saga
        self,
        run: Run,
        stale_after: timedelta,
        listing: OrderListing,
        orders: OrderTable,
        gateway: PaymentGateway,
        executions: SagaRunner,
    ) -> None:
        cursor: dict[str, Any] = run.cursor or {
            "shards": [(shard, None) for shard in SHARDS],
            "at": _second(run.started_at - run.scope.window),
            "unpaid": [],
            "suspects": [],
        }
        self._run = run
        self._end = _second(run.started_at - stale_after)
        self._soon = clock.text(run.started_at + _ANNOUNCED_BEFORE)
        # A cursor of an earlier version has no shards.
        self._shards: list[tuple[str, PageKey | None]] = cursor.get("shards", [])
        self._at: int = cursor["at"]
        self._unpaid = dict.fromkeys(cursor["unpaid"])
        self._suspects: list[list[str | None]] = cursor["suspects"]
        self._listing = listing
        self._orders = orders
        self._gateway = gateway
        self._executions = executions

    def reconcile(self) -> Cursor | None:
        """Heal what is safe to heal, report the rest, and return the cursor; None at the end."""
        while True:
            if self._suspects:
                self._look_closely(*self._suspects.pop())
            elif self._shards:
                self._list_authorizations(*self._shards.pop())
            elif self._unpaid and (self._at >= self._end or len(self._unpaid) > _MOST_UNPAID):
                self._sort_out_unpaid()
            elif self._at < self._end:
                self._compare_slice()
            else:
                return None
            if not self._run.has_time():
                return {
                    "shards": self._shards,
                    "at": self._at,
                    "unpaid": list(self._unpaid),
                    "suspects": self._suspects,
                }

    def _list_authorizations(self, shard: str, start: PageKey | None) -> None:
        """Of authorizations that soon expire, suspect those that were not announced, or are over."""
        page = self._listing.uncaptured(shard, before=self._soon, start=start)
        now = clock.text(self._run.started_at)
        for order in self._listing.read(each.order_id for each in page.orders).values():
            is_over = (order.payment.capture_before or "") < now
            if _is_authorized(order) and (is_over or not order.has_had("PaymentAuthorizationExpiring")):
                self._suspects.append([order.order_id, order.payment.intent_id])
        if page.next_key is not None:
            self._shards.append((shard, page.next_key))

    def _compare_slice(self) -> None:
        listed, to = self._accepted_from(self._at)
        intents = self._made_until(to)
        while len(intents) > _MOST_INTENTS and to - self._at > 1:
            to = self._at + (to - self._at) // 2
            intents = self._made_until(to)
        self._unpaid |= dict.fromkeys(each.order_id for each in listed)
        ours = [intent for intent in intents if intent.service == self._gateway.service]
        orders = self._listing.read(intent.order_id for intent in ours if intent.order_id)
        for intent in ours:
            order = orders.get(intent.order_id or "")
            if order is not None and order.payment.intent_id == intent.intent_id:
                self._unpaid.pop(order.order_id, None)
                if order.is_settled_outside and intent.amount_held:
                    self._count("payments_settled_outside")
            if judge(order, intent) or is_spare(order, intent) or has_gone_on(order, intent):
                self._suspects.append([intent.order_id, intent.intent_id])
        self._count("orders_compared", len(listed))
        self._count("payments_compared", len(ours))
        self._count("payments_of_others", len(intents) - len(ours))
        self._at = to

    def _accepted_from(self, at: int) -> tuple[list[Listed], int]:
        """About a page of orders that were accepted from a second on, and the second after the last one.

        A payment has only the second in which it was created, so a slice ends with a whole second. Orders are
        listed by day, so it ends with the day at the latest.
        """
        day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0)
        end = min(self._end, _second(day + timedelta(days=1)))
        listed: list[Listed] = []
        start: PageKey | None = None
        while True:
            since = clock.text(datetime.fromtimestamp(at, UTC))
            page = self._listing.of_day(day.date().isoformat(), since=since, start=start, limit=PAGE)
            listed += page.orders
            start = page.next_key
            if start is None or _second_of(listed[-1]) >= end:
                return [each for each in listed if _second_of(each) < end], end
            last = _second_of(listed[-1])
            if last > at:  # more orders of the last second can be on the next page
                return [each for each in listed if _second_of(each) < last], last

    def _made_until(self, to: int) -> list[PaymentIntent]:
        """The slice's payments; at most one more than the limit, unless the slice is a single second."""
        most = _MOST_INTENTS + 1 if to - self._at > 1 else None
        return list(islice(self._gateway.list_intents(self._at, to), most))

    def _sort_out_unpaid(self) -> None:
        """Of the oldest orders without a payment, suspect those that should have one."""
        oldest = list(islice(self._unpaid, BATCH))
        for order_id in oldest:
            del self._unpaid[order_id]
        confirmed = (order for order in self._listing.read(oldest).values() if order.has_passed_the_pivot)
        self._suspects += [[order.order_id, order.payment.intent_id] for order in confirmed]
        self._count("orders_without_a_listed_payment", len(oldest))

    def _look_closely(self, order_id: str | None, intent_id: str | None) -> None:
        order = self._orders.find(order_id) if order_id else None
        with about(order) if order is not None else nullcontext():
            self._compare(order, order_id, intent_id)

    def _compare(self, order: Order | None, order_id: str | None, intent_id: str | None) -> None:
        intent = self._retrieve(intent_id) if intent_id else None
        if intent is not None and is_spare(order, intent):
            self._cancel(intent)
            return
        if self._has_followed(order, intent):
            return
        kind = judge(order, intent)
        if kind is FindingKind.MONEY_OF_CLOSED_ORDER and order is not None:
            if order.payment.status in MONEY_WAS_SENT_BACK:
                # A refund failed, and no webhook said so. Another could fail, too: a human decides.
                if self._orders.record_refund_failed(order) is not None:
                    self._count("failed_refunds_recorded")
                return
            # The saga's undo retrieves the payment, and gives back what is still held.
            rerun = run_again(order, self._executions)
            self._count(f"closed_orders_rerun_{rerun}")
            if rerun is not Rerun.NO_HELP:
                return
        if kind is not None and order is not None and intent is not None and order.refunds:
            # A webhook about a refund of lines was lost.
            followed = follow_line_refunds(order, self._gateway.list_refunds(intent.intent_id), self._orders)
            if followed is not order:
                self._count("line_refunds_recorded")
                return
        if kind is not None:
            ids = {"order_id": order_id, "intent_id": intent_id}
            request_id = order.request_id if order is not None else None
            since = _since(order, intent)
            self._run.report.add(Finding(kind, ids, _facts(order, intent), request_id, since))

    def _has_followed(self, order: Order | None, intent: PaymentIntent | None) -> bool:
        """Bring an authorized order up to date with its payment, or announce that it soon expires."""
        if order is None or intent is None or not _is_authorized(order):
            return False
        if has_gone_on(order, intent):
            followed = follow_authorization(order, intent, self._orders)
            self._count("authorizations_followed", int(followed.version != order.version))
            return followed.version != order.version
        expires_soon = (order.payment.capture_before or "") < self._soon
        if not expires_soon or self._orders.announce_expiry(order) is None:
            return False
        ids = {"order_id": order.order_id, "intent_id": intent.intent_id}
        facts = {"capture_before": order.payment.capture_before, **_facts(order, intent)}
        kind = FindingKind.AUTHORIZATION_EXPIRING
        self._run.report.add(Finding(kind, ids, facts, order.request_id, order.created_at))
        return True

    def _cancel(self, intent: PaymentIntent) -> None:
        with suppress(PaymentInFlux):  # the next run retrieves it again
            self._gateway.cancel_intent(intent.intent_id)
            self._count("spare_payments_cancelled")
            logger.info("spare payment cancelled", extra={"intent_id": intent.intent_id})

    def _retrieve(self, intent_id: str) -> PaymentIntent | None:
        try:
            return self._gateway.retrieve_intent(intent_id)
        except PaymentUnknown:
            return None

    def _count(self, what: str, units: int = 1) -> None:
        self._run.report.counts[what] += units


def _facts(order: Order | None, intent: PaymentIntent | None) -> dict[str, str | int | None]:
    """Both sides of the comparison, with amounts in minor units."""
    facts: dict[str, str | int | None] = {}
    if order is not None:
        facts |= {
            "order_status": order.status,
            "order_amount": order.amount,
            "order_currency": order.currency,
            "order_intent_id": order.payment.intent_id,
            "refunded_outside": order.payment.refunded_outside,
            "dispute": order.payment.dispute,
        }
    if intent is not None:
        facts |= {
            "payment_status": intent.status,
            "received": intent.amount_received,
            "held": intent.amount_held,
            "currency": intent.currency,
            "disputed": intent.disputed,
        }
    return facts


def _since(order: Order | None, intent: PaymentIntent | None) -> str | None:
    if order is not None:
        return order.created_at
    return clock.text(datetime.fromtimestamp(intent.created, UTC)) if intent is not None else None


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _second_of(listed: Listed) -> int:
    return _second(datetime.fromisoformat(listed.created_at))
