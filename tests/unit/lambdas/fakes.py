"""Stand in for what is outside: a payment provider, a mail service, an event bus."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar, cast

from lambdas.shared.errors import PaymentDeclined, PaymentInFlux, StripeUnavailable
from lambdas.shared.order import Order
from lambdas.shared.payment_gateway import PaymentIntent

# Stripe's own names of payment methods for tests (https://docs.stripe.com/testing).
GOOD_CARD: Final = "pm_card_visa"
DECLINED_CARD: Final = "pm_card_chargeDeclined"
CARD_WITH_3DS: Final = "pm_card_authenticationRequired"
SLOW_CARD: Final = "pm_slow"  # ours: Stripe decides later

_STATUS_ONCE_CONFIRMED: Final = {
    GOOD_CARD: "succeeded",
    DECLINED_CARD: "requires_payment_method",
    CARD_WITH_3DS: "requires_action",
    SLOW_CARD: "processing",
}

_Answer = TypeVar("_Answer")


def no_answer() -> None:
    """What a call runs into: before its effect Stripe is down, after it only the reply is lost."""
    raise StripeUnavailable("no answer")


@dataclass
class FakeStripe:
    """A `PaymentGateway` with Stripe's idempotency: the same key gets the first answer again.

    Attributes:
        before: What happens once, just before the effect of the call of that name: a failure
            (`no_answer`), or whatever somebody else does in that moment.
        after: The same, just after the effect.
        calls: The names of all calls, in order.
        intents: Every PaymentIntent by its id, as it is now.
        charges: How often money was taken.
        refunds: The amounts that went back.
    """

    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    after: dict[str, Callable[[], object]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    intents: dict[str, PaymentIntent] = field(default_factory=dict)
    charges: int = 0
    refunds: list[int] = field(default_factory=list)
    _orders: dict[str, Order] = field(default_factory=dict)
    _answers: dict[str, tuple[object, object]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """How much of the customers' money we have."""
        return sum(intent.amount_held for intent in self.intents.values())

    def create_intent(self, order: Order) -> PaymentIntent:
        def create() -> PaymentIntent:
            intent = PaymentIntent(f"pi_{len(self.intents) + 1}", "requires_confirmation")
            self._orders[intent.intent_id] = order
            return self._set(intent)

        parameters = (order.price, order.payment_method)
        return self._once("create_intent", f"{order.order_id}-charge", parameters, create)

    def confirm_intent(self, order_id: str, intent_id: str) -> PaymentIntent:
        def confirm() -> PaymentIntent:
            intent = self._in_status(intent_id, "requires_confirmation")
            order = self._orders[intent_id]
            intent = self._set(replace(intent, status=_STATUS_ONCE_CONFIRMED[order.payment_method]))
            if intent.status == "requires_payment_method":
                raise PaymentDeclined("Your card was declined.")
            if intent.status == "succeeded":
                self.charges += 1
                intent = self._set(replace(intent, amount_received=order.price.amount))
            return intent

        return self._once("confirm_intent", f"{order_id}-confirm", intent_id, confirm)

    def retrieve_intent(self, intent_id: str) -> PaymentIntent:
        return self._call("retrieve_intent", lambda: self.intents[intent_id])

    def cancel_intent(self, order_id: str, intent_id: str) -> PaymentIntent:
        def cancel() -> PaymentIntent:
            open_statuses = ("requires_confirmation", "requires_payment_method", "requires_action")
            return self._set(replace(self._in_status(intent_id, *open_statuses), status="canceled"))

        return self._once("cancel_intent", f"{order_id}-cancel", intent_id, cancel)

    def refund(self, order_id: str, intent: PaymentIntent) -> None:
        amount = intent.amount_held

        def refund() -> None:
            current = self._in_status(intent.intent_id, "succeeded")
            if amount > current.amount_held:
                raise PaymentInFlux("charge_already_refunded")
            self.refunds.append(amount)
            self._set(replace(current, amount_refunded=current.amount_refunded + amount))

        self._once("refund", f"{order_id}-refund", (intent.intent_id, amount), refund)

    def settle(self, intent_id: str) -> None:
        """Stripe decides on a payment that was `processing`: the money has come."""
        amount = self._orders[intent_id].price.amount
        self._set(replace(self.intents[intent_id], status="succeeded", amount_received=amount))

    def refund_by_hand(self, intent_id: str, amount: int) -> None:
        """Somebody gives money back in Stripe's dashboard."""
        intent = self.intents[intent_id]
        self._set(replace(intent, amount_refunded=intent.amount_refunded + amount))

    def _set(self, intent: PaymentIntent) -> PaymentIntent:
        self.intents[intent.intent_id] = intent
        return intent

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
                except (PaymentDeclined, PaymentInFlux) as error:
                    self._answers[key] = (parameters, error)
            first_parameters, answer = self._answers[key]
            assert parameters == first_parameters, f"the key {key} was used for something else"
            if isinstance(answer, Exception):
                raise answer
            return cast(_Answer, answer)

        return self._call(name, first_answer)


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str


@dataclass
class FakeMailer:
    """A mail service that keeps what it is given, or refuses it once."""

    sent: list[Mail] = field(default_factory=list)
    refusal: Exception | None = None

    def send(self, to: str, subject: str, text: str) -> None:
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.sent.append(Mail(to, subject, text))


@dataclass
class FakeEventBridge:
    """A client of EventBridge.

    Attributes:
        entries: What was put on the bus.
        trouble: By the number of the call, from 0: an exception that it raises, or the error code with
            which it answers for the entry.
    """

    entries: list[dict[str, str]] = field(default_factory=list)
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
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "event-1"}]}
