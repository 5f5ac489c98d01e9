"""Scenarios of orders whose money is authorized first, and captured when their goods are handed over."""

from collections.abc import Callable
from typing import Final

from cli.errors import Refused
from cli.shapes import SubmissionJson
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from proof.payment_scenarios import intent_id_of, wait_for_webhooks
from proof.port import PlayedWorld
from proof.scenarios import (
    FollowedOrder,
    Scenario,
    cancellation_ended,
    injected,
    submit,
    webhooks_held,
)

CAPTURE: Final = "capture_payment: stripe POST /v1/payment_intents/{id}/capture"
"""The capture, as the fault proxy names it."""

_TIMEOUT_SECONDS: Final = 30.0

BeforeFulfilment = Callable[[PlayedWorld, str], None]
"""Called with the id of a confirmed order, just before it is fulfilled."""


def fulfil_authorized(before: BeforeFulfilment = lambda _world, _order_id: None) -> Scenario:
    """Fulfil the confirmed order, which the customer can't cancel any more; follow its capture."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        order_id = submit(world, order).order_id
        before(world, order_id)
        execution = _ask_for_capture(world, order_id)
        try:
            world.shop.cancel_order(order_id)
        except Refused:
            world.executions.wait_until_ended(execution)
            return FollowedOrder(order_id, execution)
        raise AssertionError("the customer has cancelled an order that is being sent")

    return scenario


def fulfil_while(*faults: Fault) -> Scenario:
    """Fulfil the confirmed order while faults strike; follow its capture."""

    def scenario(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
        order_id = submit(world, order).order_id
        with injected(world, *faults):
            return _captured(world, order_id)

    return scenario


def take_back_once_captured(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """Take the goods of a captured order back; follow the execution that gives back money and stock."""
    order_id = fulfil_authorized()(world, order).order_id
    world.wait_for(
        lambda: "fulfilment" in world.shop.get_order(order_id),
        f"order {order_id} is fulfilled",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    world.shop.signed_in(OPERATOR).cancel_order(order_id)
    return cancellation_ended(world, order_id)


def expire_once_confirmed(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The authorization of the confirmed order expires; follow the execution that undoes the order."""
    order_id = submit(world, order).order_id
    world.stripe.expire_authorization(intent_id_of(world, order_id))
    return cancellation_ended(world, order_id)


def void_once_confirmed(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The payment is cancelled in Stripe's dashboard; follow the execution that undoes the order."""
    order_id = submit(world, order).order_id
    world.stripe.cancel_in_dashboard(intent_id_of(world, order_id))
    return cancellation_ended(world, order_id)


def fulfil_once_expired(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The authorization expires, and an operator fulfils the order before the webhook; follow the undo."""
    order_id = submit(world, order).order_id
    with webhooks_held(world):
        world.stripe.expire_authorization(intent_id_of(world, order_id))
        _captured(world, order_id)
        followed = cancellation_ended(world, order_id)
    wait_for_webhooks(world, order_id)
    return followed


def fulfil_once_captured_by_hand(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The payment is captured in Stripe's dashboard, and then the order is fulfilled as if it were paid."""
    followed = submit(world, order)
    world.stripe.capture_in_dashboard(intent_id_of(world, followed.order_id))
    world.wait_for(
        lambda: world.shop.get_order(followed.order_id)["payment"]["status"] == "succeeded",
        f"the capture of order {followed.order_id} is recorded",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    world.shop.signed_in(OPERATOR).fulfil_order(followed.order_id, {"carrier": "DHL"})
    return followed


def refuse_capture(world: PlayedWorld, order_id: str) -> None:
    """Let the bank decline the next capture of an order."""
    world.stripe.refuse_capture(order_id)


def retry_once_refused(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The bank declines the capture, and an operator runs the saga again; follow that execution."""
    order_id = _refused(world, order)
    world.shop.signed_in(OPERATOR).retry_order(order_id)
    names = world.wait_for(
        lambda: world.executions.names(f"{order_id}-retry"),
        f"order {order_id} is run again",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    world.executions.wait_until_ended(names[0])
    return FollowedOrder(order_id, names[0])


def cancel_once_refused(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """The bank declines the capture, and an operator cancels the order; follow that execution."""
    order_id = _refused(world, order)
    world.shop.signed_in(OPERATOR).cancel_order(order_id)
    return cancellation_ended(world, order_id)


def cancel_while_captured(world: PlayedWorld, order: SubmissionJson) -> FollowedOrder:
    """An operator cancels while the capture is under way, and is faster; follow the cancellation."""
    order_id = submit(world, order).order_id
    capture = Fault("hold", CAPTURE)
    with injected(world, capture):
        execution = _ask_for_capture(world, order_id)
        world.faults.wait_until_held()
        if "fulfilment" in world.shop.signed_in(OPERATOR).cancel_order(order_id):
            raise AssertionError("the capture was faster")
        followed = cancellation_ended(world, order_id)
        world.faults.lift(capture)
        world.executions.wait_until_ended(execution)
    return followed


def _refused(world: PlayedWorld, order: SubmissionJson) -> str:
    """Fulfil an order whose capture the bank declines, and wait until it needs attention; returns its id."""
    order_id = fulfil_authorized(refuse_capture)(world, order).order_id
    world.wait_for(
        lambda: world.shop.get_order(order_id)["status"] == "NEEDS_ATTENTION",
        f"order {order_id} needs attention",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    return order_id


def _captured(world: PlayedWorld, order_id: str) -> FollowedOrder:
    execution = _ask_for_capture(world, order_id)
    world.executions.wait_until_ended(execution)
    return FollowedOrder(order_id, execution)


def _ask_for_capture(world: PlayedWorld, order_id: str) -> str:
    """Fulfil an order whose money is authorized; returns the name of the execution that captures it."""
    world.shop.signed_in(OPERATOR).fulfil_order(order_id, {"carrier": "DHL"})
    return f"{order_id}-fulfil"
