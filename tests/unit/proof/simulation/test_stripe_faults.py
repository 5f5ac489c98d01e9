"""Every fault at every call of the saga to Stripe, over after one call or a few: it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from cli.shapes import SubmissionJson
from local.fault_proxy.faults import Fault, FaultKind
from proof.laws import take_snapshot, violations
from proof.orders import DECLINED, HAPPY, NEEDS_APPROVAL
from proof.scenarios import CANCEL, CONFIRM, CREATE, REFUND, RETRIEVE, injected
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SimulatedWorld

KINDS: Final[Sequence[FaultKind]] = (
    *("refuse", "lose_reply", "throttle", "unavailable", "error_before", "error_after"),
)


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


def end_of(world: SimulatedWorld, order_id: str) -> str:
    order = world.shop.get_order(order_id)
    return f"{order['status']} {order['failure']['code']}" if "failure" in order else order["status"]


def order_with_a_fault(world: SimulatedWorld, call: StripeCall, fault: Fault) -> str:
    """Play an order whose calls to Stripe are struck."""
    if not call.cancelled:
        with injected(world, fault):
            order_id = world.shop.order(call.submission)
            world.executions.wait_until_ended(order_id)
        return order_id
    order_id = world.shop.order(call.submission)
    world.executions.wait_until_ended(order_id)
    with injected(world, fault):
        world.shop.cancel_order(order_id)
        world.executions.wait_until_ended(f"{order_id}-cancel")
    return order_id


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("kind", [*KINDS, "hang"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_fault_that_passes_changes_neither_the_outcome_nor_the_money(
    call: StripeCall, kind: FaultKind, times: int
) -> None:
    fault = Fault(kind, call.name, times=times, seconds=21 if call.name == CONFIRM else 6)

    def play(world: SimulatedWorld) -> None:
        before = take_snapshot(world)
        order_id = order_with_a_fault(world, call, fault)
        world.rest()

        assert {each.fault for each in world.faults.calls() if each.fault} == {kind}
        assert end_of(world, order_id) == call.end
        assert violations(before, take_snapshot(world)) == []

    with SimulatedWorld(f"{call.name} {kind} {times}", tables=stocked_tables()) as world:
        world.scheduler.play(lambda: play(world))
