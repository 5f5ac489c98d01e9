"""Fakes of what is outside of the functions: payment provider, state machine, mail service, event bus."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast

from typing_extensions import override

from lambdas.domain.errors import (
    CaptureRefused,
    OrderSagaError,
    PaymentDeclined,
    PaymentInFlux,
    PaymentProviderUnavailable,
    PaymentUnknown,
    RefundRefused,
    StoreUnavailable,
)
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import Order
from lambdas.domain.payment import Charge, Dispute, PaymentIntent, Refund
from lambdas.domain.vocabulary import Capture
from lambdas.shared.mail.letter import Letter
from lambdas.shared.mail.mailer import Mailer
from lambdas.shared.mail.text_part import text_part
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.settlement import Callback
from lambdas.shared.saga_executions import SagaRunner
from proof.event_contract import breaches
from tests.unit.lambdas.builders import PAYMENT_SERVICE

# Stripe's payment methods for tests (https://docs.stripe.com/testing).
GOOD_CARD: Final = "pm_card_visa"
DECLINED_CARD: Final = "pm_card_chargeDeclined"
CARD_WITH_3DS: Final = "pm_card_authenticationRequired"
SLOW_CARD: Final = "pm_slow"  # ours: the payment is decided later

DECLINED: Final = "The card was declined."
NOT_APPROVED: Final = "The payment was not approved."
CLIENT_SECRET: Final = "pi_secret_of_the_customer"  # noqa: S105 - not a real one
NEXT_ACTION: Final = {
    "type": "redirect_to_url",
    "redirect_to_url": {"url": "https://bank.example/approve", "return_url": None},
}

_STATUS_ONCE_CONFIRMED: Final = {
    GOOD_CARD: "succeeded",
    DECLINED_CARD: "requires_payment_method",
    CARD_WITH_3DS: "requires_action",
    SLOW_CARD: "processing",
}

_CAN_BE_CANCELED: Final = (
    "requires_confirmation",
    "requires_payment_method",
    "requires_action",
    "requires_capture",
)

_LEAVES_THE_CHARGE: Final = {"failed", "canceled"}
"""Statuses of a refund that the charge's `amount_refunded` does not contain."""

CHARGED_AT: Final = 1_772_366_400
CAPTURE_BEFORE: Final = CHARGED_AT + 7 * 24 * 60 * 60
"""When authorizations expire."""

_Answer = TypeVar("_Answer")


def no_answer() -> None:
    """Fail a call: before its effect the provider is down, after it the reply is lost."""
    raise PaymentProviderUnavailable("no answer")


def store_is_down() -> None:
    """Fail a step after the effect of a call, before it is recorded."""
    raise StoreUnavailable("UpdateItem: ThrottlingException")


@dataclass
class FakeStripe(PaymentGateway):
    """A gateway with Stripe's idempotency: the same key gets the first response again.

    Attributes:
        before: Runs once, just before the effect of the call of that name: a failure (`no_answer`), or an
            action of another party at the same time.
        after: The same, just after the effect.
        calls: Names of all calls, in order.
        intents: Every PaymentIntent by its id.
        charges: Number of charges.
        refunds: Amounts of the refunds.
        attempts: The attempts that made them.
        disputes: Statuses of the disputes of each PaymentIntent.
        refund_status: Status of the refunds of the saga.
        capture_refused: Whether the bank refuses captures.
    """

    livemode: bool = False
    service: str = PAYMENT_SERVICE

    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    after: dict[str, Callable[[], object]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    intents: dict[str, PaymentIntent] = field(default_factory=dict)
    charges: int = 0
    refunds: list[int] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    disputes: dict[str, list[str]] = field(default_factory=dict)
    refund_status: str = "succeeded"
    capture_refused: bool = False
    _orders: dict[str, Order] = field(default_factory=dict)
    _answers: dict[str, tuple[object, object]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """Minor units of the customers' money that we hold."""
        return sum(intent.amount_held for intent in self.intents.values())

    @override
    def create_intent(self, order: Order) -> PaymentIntent:
        def create() -> PaymentIntent:
            intent_id = f"pi_{len(self.intents) + 1}"
            intent = PaymentIntent(
                intent_id,
                "requires_confirmation",
                order_id=order.order_id,
                service=self.service,
                client_secret=CLIENT_SECRET,
            )
            self._orders[intent.intent_id] = order
            return self.put(intent)

        parameters = (order.price, order.payment_method)
        return self._once("create_intent", f"{order.order_id}-charge", parameters, create)

    @override
    def confirm_intent(self, order: Order, intent_id: str) -> PaymentIntent:
        def confirm() -> PaymentIntent:
            intent = self._in_status(intent_id, "requires_confirmation")
            intent = self.put(replace(intent, status=_STATUS_ONCE_CONFIRMED[order.payment_method]))
            if intent.status == "requires_payment_method":
                self.decline(intent_id, DECLINED)
                raise PaymentDeclined(DECLINED)
            if intent.status == "requires_action":
                return self.put(replace(intent, next_action=NEXT_ACTION))
            return self.approve(intent_id) if intent.status == "succeeded" else intent

        return self._once("confirm_intent", f"{order.order_id}-confirm", intent_id, confirm)

    @override
    def retrieve_intent(self, intent_id: str) -> PaymentIntent:
        return self._call("retrieve_intent", lambda: self._known(intent_id))

    @override
    def list_intents(self, created_from: int, created_to: int) -> Iterator[PaymentIntent]:
        newest_first = sorted(self.intents.values(), key=lambda intent: intent.created, reverse=True)
        listed = [intent for intent in newest_first if created_from <= intent.created < created_to]
        return self._call("list_intents", lambda: iter(listed))

    @override
    def cancel_intent(self, intent_id: str) -> PaymentIntent:
        def cancel() -> PaymentIntent:
            self._in_status(intent_id, *_CAN_BE_CANCELED)
            return self._change(intent_id, status="canceled", amount_capturable=0)

        return self._call("cancel_intent", cancel)

    @override
    def capture_intent(self, intent_id: str) -> PaymentIntent:
        def capture() -> PaymentIntent:
            self._in_status(intent_id, "requires_capture")
            if self.capture_refused:
                raise CaptureRefused("Stripe returned card_declined")
            return self.settle(intent_id)

        return self._call("capture_intent", capture)

    @override
    def refund(self, order: Order, intent: PaymentIntent, attempt: str) -> Refund:
        return self._refund(order, intent, attempt, intent.amount_held)

    @override
    def refund_lines(self, order: Order, intent: PaymentIntent, refund: LineRefund) -> Refund:
        return self._refund(order, intent, refund.refund_id, refund.amount)

    def _refund(self, order: Order, intent: PaymentIntent, attempt: str, amount: int) -> Refund:
        def refund() -> Refund:
            current = self._in_status(intent.intent_id, "succeeded")
            if current.disputed:
                raise RefundRefused("Stripe returned charge_disputed")
            if amount > current.amount_held:
                raise PaymentInFlux("charge_already_refunded")
            self.refunds.append(amount)
            self.attempts.append(attempt)
            made = Refund(f"re_{len(self.refunds)}", amount, self.refund_status, attempt)
            if made.status not in _LEAVES_THE_CHARGE:
                self.put(replace(current, amount_refunded=current.amount_refunded + amount))
            return made

        parameters = (intent.intent_id, amount)
        return self._once("refund", f"{order.order_id}-refund-{attempt}", parameters, refund)

    @override
    def list_refunds(self, intent_id: str) -> list[Refund]:
        def refunds() -> list[Refund]:
            ours = [
                Refund(f"re_{n}", amount, self.refund_status, attempt)
                for n, (amount, attempt) in enumerate(zip(self.refunds, self.attempts, strict=True), 1)
            ]
            by_saga = sum(refund.amount for refund in ours if refund.status not in _LEAVES_THE_CHARGE)
            by_hand = self._known(intent_id).amount_refunded - by_saga
            others = {"re_by_hand": by_hand, "re_released": self._known(intent_id).amount_released}
            return [*ours, *(Refund(name, units, "succeeded") for name, units in others.items() if units)]

        return self._call("list_refunds", refunds)

    @override
    def list_disputes(self, intent_id: str) -> list[Dispute]:
        statuses = self.disputes.get(intent_id, ())
        return self._call(
            "list_disputes", lambda: [Dispute(f"du_{n}", status) for n, status in enumerate(statuses, 1)]
        )

    def approve(self, intent_id: str) -> PaymentIntent:
        """The payment is approved: the money is taken, or the bank only reserves it."""
        order = self._orders[intent_id]
        if order.capture is Capture.AT_ORDER:
            return self.settle(intent_id)
        return self._change(
            intent_id,
            status="requires_capture",
            amount_capturable=order.price.amount,
            charge=Charge(f"ch_{self.charges + 1}", order.price.amount, "succeeded", CHARGED_AT),
            capture_before=CAPTURE_BEFORE,
            next_action=None,
        )

    def settle(self, intent_id: str, received: int | None = None) -> PaymentIntent:
        """The payment succeeds: at once, after the customer approved, after the bank decided, or captured.

        In the dashboard, less than all can be captured.
        """
        self.charges += 1
        amount = self._orders[intent_id].price.amount
        charge = Charge(f"ch_{self.charges}", amount, "succeeded", CHARGED_AT)
        return self._change(
            intent_id,
            status="succeeded",
            amount_received=amount if received is None else received,
            amount_capturable=0,
            next_action=None,
            charge=charge,
        )

    def process(self, intent_id: str) -> PaymentIntent:
        """The customer approved, and the bank takes its time to decide."""
        return self._change(intent_id, status="processing", next_action=None)

    def decline(self, intent_id: str, reason: str = NOT_APPROVED) -> PaymentIntent:
        """The customer does not approve, or the bank declines."""
        return self._change(intent_id, status="requires_payment_method", decline=reason, next_action=None)

    def dispute(self, intent_id: str, *, disputed: bool = True) -> PaymentIntent:
        """The customer's bank disputes the charge, or withdraws the dispute."""
        self.disputes[intent_id] = ["needs_response"] if disputed else []
        return self._change(intent_id, disputed=disputed)

    def close_dispute(self, intent_id: str, *, won: bool) -> None:
        """The dispute ends; Stripe's charge stays disputed."""
        self.disputes[intent_id] = ["won" if won else "lost"]

    def refund_by_hand(self, intent_id: str, amount: int) -> None:
        """An operator refunds money in Stripe's dashboard."""
        self._change(intent_id, amount_refunded=self.intents[intent_id].amount_refunded + amount)

    def fail_refunds(self, intent_id: str) -> None:
        """The bank returns the refunds of the saga."""
        self.refund_status = "failed"
        self._change(intent_id, amount_refunded=self.intents[intent_id].amount_refunded - sum(self.refunds))

    def _change(self, intent_id: str, **changes: Any) -> PaymentIntent:  # noqa: ANN401 - any attribute
        return self.put(replace(self.intents[intent_id], **changes))

    def put(self, intent: PaymentIntent) -> PaymentIntent:
        """Replace a payment."""
        self.intents[intent.intent_id] = intent
        return intent

    def _known(self, intent_id: str) -> PaymentIntent:
        if intent_id not in self.intents:
            raise PaymentUnknown("Stripe has no such payment")
        return self.intents[intent_id]

    def _in_status(self, intent_id: str, *statuses: str) -> PaymentIntent:
        intent = self.intents[intent_id]
        if intent.status not in statuses:
            raise PaymentInFlux("payment_intent_unexpected_state")
        return intent

    def _call(self, name: str, effect: Callable[[], _Answer]) -> _Answer:
        self.calls.append(name)
        self.before.pop(name, _nothing)()
        try:
            return effect()
        finally:
            self.after.pop(name, _nothing)()

    def _once(self, name: str, key: str, parameters: object, effect: Callable[[], _Answer]) -> _Answer:
        def first_answer() -> _Answer:
            if key not in self._answers:
                try:
                    self._answers[key] = (parameters, effect())
                except (PaymentDeclined, PaymentInFlux, RefundRefused) as error:
                    self._answers[key] = (parameters, error)
            first_parameters, answer = self._answers[key]
            assert parameters == first_parameters, f"the key {key} was used with other parameters"
            if isinstance(answer, Exception):
                raise answer
            return cast(_Answer, answer)

        return self._call(name, first_answer)


def _nothing() -> None:
    pass


@dataclass
class FakeExecutions(SagaRunner):
    """Executions of the saga.

    Attributes:
        started: The order of each execution, by the name of the execution.
        requests: The request that caused each execution, by the name of the execution.
        ended: Names of the executions that have ended.
    """

    started: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str | None] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    @override
    def start(self, order_id: str, request_id: str | None, name: str) -> bool:
        if name in self.started:
            return False
        self.started[name] = order_id
        self.requests[name] = request_id
        return True

    @override
    def is_running(self, name: str) -> bool:
        return name not in self.ended


@dataclass
class FakeCallback(Callback):
    """Records how executions were resumed.

    Attributes:
        before: Runs once, just before an execution is resumed.
        resumed: Each token with `goes on`, or with the error's name and message.
    """

    before: Callable[[], object] = _nothing
    resumed: list[tuple[str, str]] = field(default_factory=list)

    @override
    def succeed(self, task_token: str) -> None:
        self._resume(task_token, "goes on")

    @override
    def fail(self, task_token: str, error: OrderSagaError) -> None:
        self._resume(task_token, f"{type(error).__name__}: {error}")

    def _resume(self, task_token: str, what: str) -> None:
        before, self.before = self.before, _nothing
        before()
        self.resumed.append((task_token, what))


@dataclass(frozen=True)
class Mail:
    to: str
    letter: Letter

    @property
    def subject(self) -> str:
        return self.letter.subject

    @property
    def text(self) -> str:
        return text_part(self.letter)


@dataclass
class FakeMailer(Mailer):
    """Keeps the letters that it is given, or refuses one."""

    sent: list[Mail] = field(default_factory=list)
    refusal: Exception | None = None

    @override
    def send(self, to: str, letter: Letter) -> None:
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.sent.append(Mail(to, letter))


@dataclass
class FakeEventBridge:
    """A client of EventBridge.

    Attributes:
        entries: Events that were put on the bus.
        breaches: What they have that their published schemas do not permit.
        trouble: By the number of the call, from 0: an exception that the call raises, or the error code that
            it returns for the entry.
    """

    entries: list[dict[str, str]] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    trouble: dict[int, Exception | str] = field(default_factory=dict)
    _calls: int = 0

    def put_events(self, **request: list[dict[str, str]]) -> dict[str, object]:
        trouble = self.trouble.get(self._calls)
        self._calls += 1
        if isinstance(trouble, Exception):
            raise trouble
        if trouble is not None:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": trouble, "ErrorMessage": "try again"}]}
        self.entries += request["Entries"]
        for entry in request["Entries"]:
            self.breaches += breaches(entry["DetailType"], json.loads(entry["Detail"]))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "event-1"}]}
