"""Stripe's payments of the last days against the orders, in both directions."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from lambdas.domain import clock
from lambdas.domain.errors import PaymentUnknown
from lambdas.domain.order import Order
from lambdas.domain.payment import PaymentIntent
from lambdas.domain.vocabulary import FindingKind
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.reconciliation import (
    WINDOW,
    Cursor,
    Finding,
    Rerun,
    Run,
    run_again,
)
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.listings import BATCH, Listed, OrderListing, PageKey
from lambdas.shared.store.orders import OrderTable

_PAGE: Final = 100
"""About as many orders are in one slice of time."""

_MOST_INTENTS: Final = 500
"""As many payments are listed for one slice of time: five calls to Stripe. A fuller slice is cut in half."""

_MOST_UNPAID: Final = 2_000
"""As many orders are carried on whose payment was not listed yet: 80 KB, and a state may get 256 KiB."""


def judge(order: Order | None, intent: PaymentIntent | None) -> FindingKind | None:
    """Say what is wrong with an order and a payment that belong together.

    What the record knows of a payment is not wrong: what was refunded outside, and disputes. An order that
    is on its way is nobody's business here.
    """
    held = intent.amount_held if intent else 0
    if order is None:
        return FindingKind.MONEY_WITHOUT_ORDER if held else None
    if intent is not None and order.payment.intent_id != intent.intent_id:
        return FindingKind.SECOND_PAYMENT if held else None
    if order.is_closed:
        return FindingKind.MONEY_OF_CLOSED_ORDER if held else None
    return _judge_confirmed(order, intent) if order.is_beyond_the_pivot else None


def _judge_confirmed(order: Order, intent: PaymentIntent | None) -> FindingKind | None:
    if order.payment.disputed:
        return None
    if intent is None or not intent.amount_received:
        return FindingKind.ORDER_WITHOUT_MONEY
    if (intent.amount_received, intent.currency) != (order.amount, order.currency):
        return FindingKind.AMOUNT_DIFFERS
    expected = order.price.amount - order.payment.refunded_outside
    is_gone = intent.disputed or intent.amount_held < expected
    return FindingKind.ORDER_WITHOUT_MONEY if is_gone else None


class PaymentReconciliation:
    """One call of the reconciliation of payments.

    It walks through time in slices without gaps: the orders that were accepted in a slice, and the payments
    that were made in it. A payment is made a moment after its order was accepted, so it may be in a later
    slice: until it turns up the order is carried on as `unpaid`. Whatever looks wrong there is a `suspect`;
    lists may be a moment old, so the order and its payment are read once more, by themselves, before
    anything is said or done about them.

    Raises:
        StoreUnavailable: From `reconcile`, when DynamoDB is not there; the call can be made again.
        PaymentProviderUnavailable: The same, for Stripe.
        SagaUnavailable: The same, for Step Functions.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - both sides, and what can be done about them
        self,
        run: Run,
        stale_after: timedelta,
        listing: OrderListing,
        orders: OrderTable,
        gateway: PaymentGateway,
        executions: SagaRunner,
    ) -> None:
        """Prepare a call.

        Args:
            run: Where the run stands.
            stale_after: Orders and payments younger than this are left alone.
            listing: Finds orders by the day.
            orders: The orders.
            gateway: The payments.
            executions: The saga.
        """
        cursor: dict[str, Any] = run.cursor or {
            "at": _second(run.started_at - WINDOW),
            "unpaid": [],
            "suspects": [],
        }
        self._run = run
        self._end = _second(run.started_at - stale_after)
        self._at: int = cursor["at"]
        self._unpaid = dict.fromkeys(cursor["unpaid"])
        self._suspects: list[list[str | None]] = cursor["suspects"]
        self._listing = listing
        self._orders = orders
        self._gateway = gateway
        self._executions = executions

    def reconcile(self) -> Cursor | None:
        """Heal what is safe to heal, and report the rest; returns where to go on, None when all is done."""
        while True:
            if self._suspects:
                self._look_closely(*self._suspects.pop())
            elif self._unpaid and (self._at >= self._end or len(self._unpaid) > _MOST_UNPAID):
                self._sort_out_unpaid()
            elif self._at < self._end:
                self._compare_slice()
            else:
                return None
            if not self._run.has_time():
                return {"at": self._at, "unpaid": list(self._unpaid), "suspects": self._suspects}

    def _compare_slice(self) -> None:
        listed, to = self._accepted_from(self._at)
        intents = self._made_until(to)
        while len(intents) > _MOST_INTENTS and to - self._at > 1:
            to = self._at + (to - self._at) // 2
            intents = self._made_until(to)
        self._unpaid |= dict.fromkeys(each.order_id for each in listed)
        orders = self._listing.read(intent.order_id for intent in intents if intent.order_id)
        for intent in intents:
            order = orders.get(intent.order_id or "")
            if order is not None and order.payment.intent_id == intent.intent_id:
                self._unpaid.pop(order.order_id, None)
            if judge(order, intent):
                self._suspects.append([intent.order_id, intent.intent_id])
        self._count("payments_compared", len(intents))
        self._at = to

    def _accepted_from(self, at: int) -> tuple[list[Listed], int]:
        """The orders from a second on, about a page of them, and the second after the last one.

        Payments know only the second in which they were made. So a slice ends with a whole second, and as
        orders are listed by the day, at the latest with a day.
        """
        day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0)
        end = min(self._end, _second(day + timedelta(days=1)))
        listed: list[Listed] = []
        start: PageKey | None = None
        while True:
            since = clock.text(datetime.fromtimestamp(at, UTC))
            page = self._listing.of_day(day.date().isoformat(), since=since, start=start, limit=_PAGE)
            listed += page.orders
            start = page.next_key
            if start is None or _second_of(listed[-1]) >= end:
                return [each for each in listed if _second_of(each) < end], end
            last = _second_of(listed[-1])
            if last > at:  # there may be more of the last second on the next page
                return [each for each in listed if _second_of(each) < last], last

    def _made_until(self, to: int) -> list[PaymentIntent]:
        """The payments from where we are to a second: all of a single one, else one more than the most."""
        most = _MOST_INTENTS + 1 if to - self._at > 1 else None
        return list(islice(self._gateway.list_intents(self._at, to), most))

    def _sort_out_unpaid(self) -> None:
        """Find the orders among the oldest ones without a payment that should have one."""
        oldest = list(islice(self._unpaid, BATCH))
        for order_id in oldest:
            del self._unpaid[order_id]
        confirmed = (order for order in self._listing.read(oldest).values() if order.is_beyond_the_pivot)
        self._suspects += [[order.order_id, order.payment.intent_id] for order in confirmed]
        self._count("orders_without_a_listed_payment", len(oldest))

    def _look_closely(self, order_id: str | None, intent_id: str | None) -> None:
        order = self._orders.find(order_id) if order_id else None
        intent = self._retrieve(intent_id) if intent_id else None
        kind = judge(order, intent)
        if kind is FindingKind.MONEY_OF_CLOSED_ORDER and order is not None:
            # The undo of its saga asks Stripe what is there to give back, and gives it back.
            rerun = run_again(order, self._executions)
            self._count(f"closed_orders_rerun_{rerun}")
            if rerun is not Rerun.NO_HELP:
                return
        if kind is not None:
            self._run.report.add(
                Finding(kind, {"order_id": order_id, "intent_id": intent_id}, _facts(order, intent))
            )

    def _retrieve(self, intent_id: str) -> PaymentIntent | None:
        try:
            return self._gateway.retrieve_intent(intent_id)
        except PaymentUnknown:
            return None

    def _count(self, what: str, units: int = 1) -> None:
        self._run.report.counts[what] += units


def _facts(order: Order | None, intent: PaymentIntent | None) -> dict[str, str | int | None]:
    """Both sides in numbers: minor units."""
    facts: dict[str, str | int | None] = {}
    if order is not None:
        facts |= {
            "order_status": order.status,
            "order_amount": order.amount,
            "order_currency": order.currency,
            "order_intent_id": order.payment.intent_id,
            "refunded_outside": order.payment.refunded_outside,
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


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _second_of(listed: Listed) -> int:
    return _second(datetime.fromisoformat(listed.created_at))
