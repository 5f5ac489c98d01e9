"""Every fault at every call of the saga to Stripe, over after one call or a few: it changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from cli.shapes import SubmissionJson
from local.catalogue import SAMPLE_STOCK
from local.fault_proxy.faults import Fault, FaultKind
from local.world import World
from proof.fault_campaign.waits import payment_deadline
from proof.laws import take_snapshot, violations
from proof.orders import DECLINED, HAPPY, NEEDS_APPROVAL
from proof.scenarios import CANCEL, CONFIRM, CREATE, REFUND, RETRIEVE

QUICK_KINDS: Final[Sequence[FaultKind]] = (
    "refuse",
    "lose_reply",
    "throttle",
    "unavailable",
    "error_before",
    "error_after",
)
START: Final = Fault("hold", "start_saga: states StartExecution*", times=None)


@dataclass(frozen=True)
class StripeCall:
    """A call to Stripe, and the order that makes the saga make it.

    Attributes:
        name: The call's name.
        submission: The order.
        end: The order's status and failure code in the end, as without a fault.
        cancelled: Whether the saga makes the call because the confirmed order is cancelled.
    """

    name: str
    submission: SubmissionJson
    end: str
    cancelled: bool = False


CALLS: Final = {
    "create": StripeCall(CREATE, HAPPY, "CONFIRMED"),
    "confirm": StripeCall(CONFIRM, HAPPY, "CONFIRMED"),
    "retrieve": StripeCall(RETRIEVE, HAPPY, "CANCELLED cancelled_by_customer", cancelled=True),
    "retrieve while waiting": StripeCall(RETRIEVE, NEEDS_APPROVAL, "FAILED payment_expired"),
    "refund": StripeCall(REFUND, HAPPY, "CANCELLED cancelled_by_customer", cancelled=True),
    "cancel": StripeCall(CANCEL, DECLINED, "FAILED payment_declined"),
    "cancel at the deadline": StripeCall(CANCEL, NEEDS_APPROVAL, "FAILED payment_expired"),
}


@pytest.fixture(scope="module")
def short_deadline(world: World) -> Iterator[None]:
    """No customer of these tests approves a payment, so there is no reason to wait for one."""
    with payment_deadline(world, 2):
        yield


def end_of(world: World, order_id: str) -> str:
    order = world.shop.get_order(order_id)
    return f"{order['status']} {order['failure']['code']}" if "failure" in order else order["status"]


@pytest.mark.parametrize(
    ("kinds", "times"),
    [pytest.param((*QUICK_KINDS, "hang"), 1, id="once"), pytest.param(QUICK_KINDS, 3, id="three times")],
)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.usefixtures("short_deadline")
def test_a_fault_that_passes_changes_neither_the_outcome_nor_the_money(
    world: World, call: StripeCall, kinds: Sequence[FaultKind], times: int
) -> None:
    # Given: one order for each kind of fault, all at once
    world.shop.stock_all(SAMPLE_STOCK)
    before = take_snapshot(world)
    world.stripe.hold_webhooks()  # a webhook reports a payment whose reply is lost
    world.faults.begin_recording()
    orders: dict[str, FaultKind] = {}

    # When
    try:
        if not call.cancelled:
            world.faults.inject(START)  # until the faults of all orders are injected
        for kind in kinds:
            order_id = world.shop.order(call.submission)
            orders[order_id] = kind
            if call.cancelled:
                world.executions.wait_until_ended(order_id)
            silence = 21 if call.name == CONFIRM else 6  # longer than the function waits
            world.faults.inject(Fault(kind, call.name, times=times, seconds=silence, order_id=order_id))
            if call.cancelled:
                world.shop.cancel_order(order_id)
        world.faults.lift(START)
        for order_id in orders:
            execution = f"{order_id}-cancel" if call.cancelled else order_id
            world.executions.wait_until_ended(execution, timeout_seconds=180)
        struck = {
            each.order_id: each.fault
            for each in world.faults.calls()
            if each.order_id is not None and each.fault is not None
        }
    finally:
        world.faults.clear()
        world.stripe.reset_webhooks()

    # Then
    assert struck == orders
    assert {order_id: end_of(world, order_id) for order_id in orders} == dict.fromkeys(orders, call.end)
    assert violations(before, take_snapshot(world)) == []
