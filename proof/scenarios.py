"""Scenarios: what is sent, and what happens while the order runs.

The product has no test hooks. Failures are caused outside of it: by the fault proxy, by the Stripe stand-in,
or by another customer.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from cli.errors import Refused
from cli.shapes import ItemJson, RefundRequestJson, SubmissionJson
from local.catalogue import SAMPLE_STOCK
from local.fault_proxy.faults import Fault
from local.users import CUSTOMER, OPERATOR
from proof.port import PlayedWorld

CREATE: Final = "charge_payment: stripe POST /v1/payment_intents"
CONFIRM: Final = "charge_payment: stripe POST /v1/payment_intents/{id}/confirm"
RETRIEVE: Final = "*_payment: stripe GET /v1/payment_intents/{id}"
CANCEL: Final = "*_payment: stripe POST /v1/payment_intents/{id}/cancel"
REFUND: Final = "refund_payment: stripe POST /v1/refunds"
"""The calls of the steps to Stripe, as the fault proxy names them. A webhook makes none of them."""

PIVOT: Final = "reserve_inventory: dynamodb TransactWriteItems *"
"""The pivot, as the fault proxy names it."""

_TIMEOUT_SECONDS: Final = 30.0
QUEUE_SECONDS: Final = 150
"""Time for the charges of the orders ahead: enough to cancel an order in a world that shortens waits, too."""
_RETRIES_USED_UP_SECONDS: Final = 120.0
"""On a busy machine the tries of a step take a minute."""


@dataclass(frozen=True)
class FollowedOrder:
    """The order and the execution that a journey is about.

    Attributes:
        order_id: The order.
        execution: Name of the execution; it has ended.
        customer_id: The order's customer.
    """

    order_id: str
    execution: str
    customer_id: str = CUSTOMER


Scenario = Callable[[PlayedWorld, SubmissionJson], FollowedOrder]
"""Submits an order, makes something happen, and waits for the end of the execution that matters."""

BeforeCancellation = Callable[[PlayedWorld, str], None]
"""Called with the id of a confirmed order, just before it is cancelled."""


def submit(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Submit the order; nothing else happens."""
    return ended(world, world.shop.order(order))


def with_faults(*faults: Fault) -> Scenario:
    """Submit the order while faults strike."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        with injected(world, *faults):
            return submit(world, order)

    return scenario


def submit_twice(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Submit the order twice with one key; the second response must repeat the first."""
    key = str(uuid.uuid4())
    first = world.shop.post_order(order, key).raise_for_status()
    second = world.shop.post_order(order, key).raise_for_status()
    if (first.json(), "true") != (second.json(), second.headers.get("Idempotent-Replayed")):
        raise AssertionError(f"the second response is no replay: {second.text}")
    return ended(world, first.json()["order_id"])


def race_for_the_last_unit(*then: Fault) -> Scenario:
    """Two customers pay for the last unit at the same time; follow the order of the one who does not get it.

    Args:
        then: Faults that strike once both are charged.
    """

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        (sku,) = (item["sku"] for item in order["items"])
        world.shop.stock(sku, {**SAMPLE_STOCK[sku], "available": 1})
        # Both orders are validated before one of them is charged, so both find the last unit in stock.
        charges = Fault("hold", CONFIRM, times=2)
        with injected(world, charges):
            customers = {world.shop.signed_in(name).order(order): name for name in ("alice", "bob")}
            world.faults.wait_until_held(len(customers))
            for fault in then:
                world.faults.inject(fault)
            world.faults.lift(charges)
            for order_id in customers:
                world.executions.wait_until_ended(order_id)
        lost = [
            order_id
            for order_id, name in customers.items()
            if world.shop.signed_in(name).get_order(order_id)["status"] != "CONFIRMED"
        ]
        if len(lost) != 1:
            raise AssertionError(f"{len(lost)} of two orders lost the race for one unit")
        return FollowedOrder(lost[0], lost[0], customers[lost[0]])

    return scenario


def confirmed_while_undone(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The charge fails, and a second execution confirms the order before the undo; follow the first one."""
    no_charges = Fault("refuse", "charge_payment: dynamodb *", times=None)
    undos = Fault("hold", "release_inventory: dynamodb *", times=None)
    with injected(world, no_charges, undos):
        order_id = world.shop.order(order)
        world.faults.wait_until_held(timeout_seconds=_RETRIES_USED_UP_SECONDS)
        world.faults.lift(no_charges)
        second = f"{order_id}-again"
        world.executions.start(second, order_id)
        world.executions.wait_until_ended(second)
        world.faults.lift(undos)
        return ended(world, order_id)


def cancelled_while_run_again(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """A confirmed order is run again, and cancelled while that execution's charge fails; follow that one."""
    order_id = submit(world, order).order_id
    second = f"{order_id}-again"
    charge = Fault("hold", "charge_payment: dynamodb *", times=None)
    with injected(world, Fault("refuse", charge.name, times=None), charge):
        world.executions.start(second, order_id)
        world.faults.wait_until_held()
        # The execution of the cancellation waits at its first step, so that the second one undoes the order.
        world.faults.inject(Fault("hold", "validate_order: dynamodb *", times=None))
        world.shop.cancel_order(order_id)
        world.faults.lift(charge)
        world.executions.wait_until_ended(second)
    cancellation_ended(world, order_id)
    return FollowedOrder(order_id, second)


def queued(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Submit the order while many others are to be charged before it."""
    return ended(world, _submit_into_queue(world, order))


def cancelled_while_queued(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Cancel the order while many others are to be charged before it; follow the execution that does it."""
    order_id = _submit_into_queue(world, order)
    world.shop.cancel_order(order_id)
    followed = cancellation_ended(world, order_id)
    ended(world, order_id)
    return followed


def _submit_into_queue(world: PlayedWorld, order: SubmissionJson) -> str:
    """Submit the order behind others, and wait until it waits for its turn; returns its id."""
    let_others_be_charged(world, QUEUE_SECONDS)
    try:
        order_id = world.shop.order(order)
        world.wait_for(
            lambda: "charge_slot" in (world.order_record(order_id) or {}),
            f"order {order_id} waits for its turn",
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    finally:
        let_others_be_charged(world, 0)
    return order_id


def let_others_be_charged(world: PlayedWorld, seconds: float) -> None:
    """Let other orders have all slots of the next seconds; no slot is taken any more with 0 seconds."""
    next_at = round((time.time() + seconds) * 1_000)
    world.update_item(
        "idempotency",
        Key={"id": {"S": "charge-slots"}},
        UpdateExpression="SET next_at = :next_at",
        ExpressionAttributeValues={":next_at": {"N": str(next_at)}},
    )


def cancel_before_the_pivot(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Cancel the order after its charge, before its stock is taken; follow the first execution."""
    world.faults.inject(Fault("hold", PIVOT))
    try:
        order_id = world.shop.order(order)
        world.faults.wait_until_held()
        world.shop.cancel_order(order_id)
        world.wait_for(
            lambda: world.shop.get_order(order_id)["status"] == "CANCELLED",
            f"order {order_id} is cancelled",
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    finally:
        world.faults.clear()
    return ended(world, order_id)


def cancel_once_confirmed(before: BeforeCancellation = lambda _world, _order_id: None) -> Scenario:
    """Cancel the order after it is confirmed; follow the execution that gives back money and stock."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        order_id = submit(world, order).order_id
        before(world, order_id)
        world.shop.cancel_order(order_id)
        return cancellation_ended(world, order_id)

    return scenario


def fulfil_once_confirmed(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Fulfil the order after it is confirmed; then the customer can't cancel it any more."""
    followed = submit(world, order)
    world.shop.signed_in(OPERATOR).fulfil_order(followed.order_id, {"carrier": "DHL"})
    try:
        world.shop.cancel_order(followed.order_id)
    except Refused:
        return followed
    raise AssertionError("the customer has cancelled a fulfilled order")


def take_back_once_fulfilled(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Take the goods of a fulfilled order back; follow the execution that gives back money and stock."""
    order_id = fulfil_once_confirmed(world, order).order_id
    world.shop.signed_in(OPERATOR).cancel_order(order_id)
    return cancellation_ended(world, order_id)


def refund_two_parts(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Refund a unit of the first line, and then an amount; follow the execution that refunds the amount."""
    order_id = refund_one_unit(world, order).order_id
    return _refund_ended(world, order_id, {"amount": 100, "restock": False, "reason": "It came late."})


def refund_one_unit(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Refund a unit of the confirmed order and put it back into stock; follow the execution that does it."""
    return _refund_ended(world, submit(world, order).order_id, _one_unit_of(order))


def refund_refused(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Ask to refund a unit, which Stripe rejects; follow the execution that tries it."""
    order_id = submit(world, order).order_id
    world.stripe.refuse_refunds(order_id)
    return _refund_ended(world, order_id, _one_unit_of(order))


def refund_while(*faults: Fault) -> Scenario:
    """Refund a unit of the confirmed order while faults strike; follow the execution that does it."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        order_id = submit(world, order).order_id
        with injected(world, *faults):
            return _refund_ended(world, order_id, _one_unit_of(order))

    return scenario


def cancel_once_partly_refunded(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Cancel an order of which a unit was refunded; follow the execution that gives back the rest."""
    order_id = refund_one_unit(world, order).order_id
    world.shop.cancel_order(order_id)
    return cancellation_ended(world, order_id)


def _one_unit_of(order: SubmissionJson) -> RefundRequestJson:
    """A refund of a unit of an order's first line."""
    item: ItemJson = {"sku": order["items"][0]["sku"], "quantity": 1}
    return {"items": [item], "restock": True, "reason": "It was broken."}


def _refund_ended(world: PlayedWorld, order_id: str, asked: RefundRequestJson) -> FollowedOrder:
    """Ask for a refund, and wait for the end of its execution, which is named after the request's entry."""
    order = world.shop.signed_in(OPERATOR).refund_lines(order_id, asked, str(uuid.uuid4()))
    requests = [entry["event"].startswith("LineRefundRequested") for entry in order["timeline"]]
    execution = f"{order_id}-refund-v{len(requests) - requests[::-1].index(True)}"
    world.executions.wait_until_ended(execution)
    return FollowedOrder(order_id, execution)


def run_again(first: Scenario = submit) -> Scenario:
    """Run the saga once more for the order of another scenario; follow that execution."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        followed = first(world, order)
        execution = f"{followed.order_id}-again"
        world.executions.start(execution, followed.order_id)
        world.executions.wait_until_ended(execution)
        return replace(followed, execution=execution)

    return scenario


def ended(world: PlayedWorld, order_id: str) -> FollowedOrder:
    """Wait for the end of an order's first execution."""
    world.executions.wait_until_ended(order_id)
    return FollowedOrder(order_id, order_id)


def cancellation_ended(world: PlayedWorld, order_id: str) -> FollowedOrder:
    """Wait for the end of the execution that cancels an order."""
    execution = f"{order_id}-cancel"
    world.executions.wait_until_ended(execution)
    return FollowedOrder(order_id, execution)


@contextmanager
def injected(world: PlayedWorld, *faults: Fault) -> Iterator[None]:
    """Inject faults as long as the context lasts, and deliver no webhook before its end.

    A webhook would tell the saga what a fault hides from it.
    """
    with webhooks_held(world):
        for fault in faults:
            world.faults.inject(fault)
        try:
            yield
        finally:
            world.faults.clear()


@contextmanager
def webhooks_held(world: PlayedWorld) -> Iterator[None]:
    """Deliver no webhook as long as the context lasts; they are delivered after it."""
    world.stripe.hold_webhooks()
    try:
        yield
    finally:
        world.stripe.reset_webhooks()
