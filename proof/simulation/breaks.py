"""Can the simulation fail? Twelve deliberate breaks of the product, each of which it must find.

A break is applied in memory: it replaces a named part of the product, or of the deployed definition, by one
that a careless change would leave. `python -m proof breaks` plays cases at random until each is noticed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest.mock import patch

import stripe
from boto3.dynamodb.conditions import Attr

from lambdas.api.receive_stripe_webhook import handler as webhook
from lambdas.api.receive_stripe_webhook import logic as webhook_logic
from lambdas.api.receive_stripe_webhook.event import StripeEvent
from lambdas.domain import errors
from lambdas.domain.errors import PaymentDeclined, StoreUnavailable
from lambdas.domain.order import MONEY_IS_BACK, Order, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.domain.vocabulary import WebhookOutcome
from lambdas.events.publish_order_events import handler as outbox
from lambdas.saga.capture_payment import handler as capture
from lambdas.saga.charge_payment import logic as charge
from lambdas.saga.refund_payment import handler as refund
from lambdas.saga.refund_payment.logic import refund_payment
from lambdas.shared.payments import stripe_gateway
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.settlement import Callback
from lambdas.shared.run_once import run_once
from lambdas.shared.settings import Settings
from lambdas.shared.store import orders as order_table
from lambdas.shared.store import reservations
from lambdas.shared.store.order_change import Change
from lambdas.shared.store.orders import OrderTable
from proof.simulation import simulated_world
from proof.simulation.release import CURRENT
from statemachines.definition import Definition, read_definition
from statemachines.steps import STEPS, Role

_FORWARD: Final = [each.state for each in STEPS if each.role in {Role.FORWARD, Role.DETOUR, Role.PIVOT}]
_UNDO: Final = [each.state for each in STEPS if each.role in {Role.UNDO, Role.CLOSE}]
_ANY: Final = Attr("order_id").exists()
"""A condition that every stored order fulfils."""


@dataclass(frozen=True)
class Replacement:
    """A part of the product that is replaced.

    Attributes:
        owner: The module or class that has it.
        name: Its name there.
        new: What takes its place.
    """

    owner: Any
    name: str
    new: Any


@dataclass(frozen=True)
class Break:
    """A deliberate break.

    Attributes:
        name: What is broken.
        law: The law of the saga that it breaks.
        how: What the broken product does.
        replacements: The parts that are replaced.
        found_by: A case that finds it.
        noticed: What that case reports, in part.
        cases: How many cases with one random fault `python -m proof breaks --seed 1` played until one found
            it, in November 2026.
    """

    name: str
    law: int
    how: str
    replacements: tuple[Replacement, ...]
    found_by: str
    noticed: str
    cases: int

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Break the product as long as the context lasts."""
        with ExitStack() as stack:
            for each in self.replacements:
                stack.enter_context(patch.object(each.owner, each.name, each.new))
            simulated_world.saga.cache_clear()
            stack.callback(simulated_world.saga.cache_clear)
            yield


def _in_the_definition(change: Callable[[Mapping[str, Any]], None]) -> Replacement:
    """Change the states of every definition that is read; other machines have no states of these names."""

    def read(name: str) -> Definition:
        definition = read_definition(name)
        if name == "order_saga":
            change(definition["States"])
        return definition

    return Replacement(CURRENT, "definition", read)


def _refund_what_the_record_says(
    order_id: str, error: Mapping[str, Any], attempt: str, orders: OrderTable, gateway: PaymentGateway
) -> Order:
    order = orders.begin_undo(order_id, error)
    if order.payment.status is PaymentStatus.SUCCEEDED:
        return refund_payment(order_id, error, attempt, orders, gateway)
    if order.payment.status in MONEY_IS_BACK:
        return order
    return orders.record_money_back(order_id, PaymentStatus.CANCELED, "PaymentCanceled")


def _catch_own_errors_only(states: Mapping[str, Any]) -> None:
    own = [name for name, each in vars(errors).items() if isinstance(each, type)]
    for state in _FORWARD:
        for catcher in states[state]["Catch"]:
            if catcher["ErrorEquals"] == ["States.ALL"]:
                catcher["ErrorEquals"] = own


def _confirm_before_the_intent_is_recorded(
    order: Order, orders: OrderTable, gateway: PaymentGateway
) -> PaymentIntent:
    if order.payment.intent_id is not None:
        return gateway.retrieve_intent(order.payment.intent_id)
    intent = gateway.create_intent(order)
    if intent.status == "requires_confirmation":
        intent = gateway.confirm_intent(order, intent.intent_id)
    orders.record_intent(order.order_id, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
    return intent


def _charge_behind_a_lock(order: Order, orders: OrderTable, gateway: PaymentGateway) -> PaymentIntent:
    def charge_once() -> None:
        intent = gateway.create_intent(order)
        gateway.confirm_intent(order, intent.intent_id)
        orders.record_intent(order.order_id, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)

    key = f"{order.order_id}-charge"
    run_once(key, charge_once, settings=Settings(), unavailable=StoreUnavailable, lock_seconds=60)
    return gateway.retrieve_intent(str(orders.get(order.order_id).payment.intent_id))


def _call_without_a_key(
    _: str,
    call: Callable[[stripe.RequestOptions], Any],
    *,
    has_spent_its_key: object = None,  # noqa: ARG001 - the parameter of what it replaces
) -> Any:  # noqa: ANN401 - any call
    return call({})


def _skip_failed_records(
    event: Mapping[str, Any], process: Callable[[Mapping[str, Any]], None]
) -> dict[str, list[dict[str, str]]]:
    for record in event["Records"]:
        with suppress(Exception):
            process(record)
    return {"batchItemFailures": []}


_SAID: Final = {
    "payment_intent.succeeded": PaymentStatus.SUCCEEDED,
    "payment_intent.processing": PaymentStatus.PROCESSING,
    "payment_intent.payment_failed": PaymentStatus.REQUIRES_PAYMENT_METHOD,
    "payment_intent.canceled": PaymentStatus.CANCELED,
}


def _believe_the_event(
    event: StripeEvent,
    orders: OrderTable,
    gateway: PaymentGateway,
    callback: Callback,
    once: webhook_logic.Once,
) -> WebhookOutcome:
    status = _SAID.get(event.kind)
    order = orders.find(event.order_id) if event.order_id else None
    if status is None or order is None:
        return webhook_logic.receive_stripe_webhook(event, orders, gateway, callback, once)
    orders._change(order.order_id, Change(f"Payment: {status}", _ANY, {"payment.status": status}))  # noqa: SLF001
    if order.task_token is not None and status is PaymentStatus.SUCCEEDED:
        callback.succeed(order.task_token)
    elif order.task_token is not None and status is not PaymentStatus.PROCESSING:
        callback.fail(order.task_token, PaymentDeclined("The payment was not approved."))
    return WebhookOutcome.HANDLED


def _retry_everything(states: Mapping[str, Any]) -> None:
    for state in _FORWARD:
        states[state]["Retry"] = [each for each in states[state]["Retry"] if each["MaxAttempts"]]


def _stop_at_the_first_failure(states: Mapping[str, Any]) -> None:
    for state in _UNDO:
        del states[state]["Retry"], states[state]["Catch"]


def _send_the_goods_first(order_id: str, orders: OrderTable, gateway: PaymentGateway) -> Order:
    order = orders.get(order_id)
    if order.capture_due is None or not order.may_go_forward:
        return order
    fulfilled = orders.record_fulfilment(order)
    gateway.capture_intent(str(order.payment.intent_id))
    return fulfilled


def _take_a_release_for_a_refund(order: Order, gateway: PaymentGateway) -> int:
    del order, gateway
    return 0


BREAKS: Final = (
    Break(
        "no condition on the pivot",
        6,
        "The transaction takes the stock and confirms the order, whatever has become of the order.",
        (Replacement(reservations, "CONFIRM", replace(reservations.CONFIRM, condition=_ANY)),),
        "cancelled",
        "OrderConfirmed came after CancellationRequested",
        21,
    ),
    Break(
        "a refund that believes the record",
        3,
        "`refund_payment` asks Stripe only if the order's record says that the payment has succeeded.",
        (Replacement(refund, "refund_payment", _refund_what_the_record_says),),
        "unknown-outcome",
        "is not fulfilled, but Stripe holds 49800",
        78,
    ),
    Break(
        "a catch of named errors only",
        5,
        "Forward states catch the errors of `lambdas/domain/errors.py` instead of `States.ALL`.",
        (_in_the_definition(_catch_own_errors_only),),
        "happy; refuse saga: lambda Invoke reserve_inventory #1 for 120s",
        "failed with Lambda.SdkClientException, and called no human",
        46,
    ),
    Break(
        "intent written after the effect",
        4,
        "`charge_payment` records the PaymentIntent's id after the confirmation.",
        (Replacement(charge, "_intent_of", _confirm_before_the_intent_is_recorded),),
        "stored-error",
        "is not fulfilled, but Stripe holds 49800",
        173,
    ),
    Break(
        "a lock as the only guard",
        2,
        "`charge_payment` creates and confirms without idempotency keys, inside `run_once`.",
        (
            Replacement(charge, "_intent_of", _charge_behind_a_lock),
            Replacement(stripe_gateway, "_with_idempotency_key", _call_without_a_key),
        ),
        "lost-reply",
        "was charged 2 times",
        12,
    ),
    Break(
        "a stream record skipped",
        8,
        "`publish_order_events` goes on with the next record after an error.",
        (Replacement(outbox, "process_in_order", _skip_failed_records),),
        "happy; refuse publish_order_events: events PutEvents #1 for 3s",
        "the timeline announces ['OrderConfirmed'], the events are []",
        26,
    ),
    Break(
        "a webhook trusted",
        3,
        "`receive_stripe_webhook` records the status that the event names, and does not ask Stripe.",
        (Replacement(webhook, "receive_stripe_webhook", _believe_the_event),),
        "settled-outside; stop charge_payment: dynamodb GetItem orders #1",
        "is not fulfilled, but Stripe holds 49800",
        4,
    ),
    Break(
        "a retry of a business error",
        9,
        "Forward states retry rejections, too.",
        (_in_the_definition(_retry_everything),),
        "declined",
        "retried ChargePayment after PaymentDeclined",
        3,
    ),
    Break(
        "an undo that stops at the first failure",
        5,
        "Undo states have neither retries nor a catch.",
        (_in_the_definition(_stop_at_the_first_failure),),
        "lost-race; refuse refund_payment: stripe GET /v1/payment_intents/{id} #1",
        "failed with PaymentProviderUnavailable, and called no human",
        4,
    ),
    Break(
        "a late attempt let through",
        2,
        "Steps read whether the order may go forward, but their writes have no such condition.",
        (Replacement(order_table, "MAY_GO_FORWARD", _ANY),),
        "declined-later; lose_reply await_payment: dynamodb UpdateItem orders #1 for 120s",
        "PaymentAwaited came after UndoBegan",
        2_780,
    ),
    Break(
        "goods before money",
        1,
        "`capture_payment` records that the order is fulfilled, and then captures its payment.",
        (Replacement(capture, "capture_payment", _send_the_goods_first),),
        "captured-late",
        "is fulfilled, but its money was not captured",
        4,
    ),
    Break(
        "a release taken for a refund",
        3,
        "`receive_stripe_webhook` counts all refunds that Stripe lists, also of what was only authorized.",
        (Replacement(webhook_logic, "_released", _take_a_release_for_a_refund),),
        "authorized-and-cancelled",
        "refunded outside, but Stripe refunded 0",
        4,
    ),
)
