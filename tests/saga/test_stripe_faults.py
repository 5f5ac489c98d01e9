"""Every fault at every call that the saga makes to Stripe: the money is right all the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import pytest

from cli.shapes import Submission
from local.catalogue import SAMPLE_STOCK
from local.stripe_stand_in.faults import FaultKind
from local.world import World
from proof.journeys import DECLINED, HAPPY
from proof.laws import take_snapshot, violations
from proof.payment_plays import NEEDS_APPROVAL
from proof.plays import CANCEL, CONFIRM, CREATE, REFUND, RETRIEVE

KINDS: Final[Sequence[FaultKind]] = [kind for kind in get_args(FaultKind) if kind != "hold"]

HANG_SECONDS: Final = 7.0
"""Longer than the product waits for an answer."""


@dataclass(frozen=True)
class Call:
    """A call to Stripe, and the order that makes the saga make it.

    Attributes:
        method: The HTTP method.
        path: A regular expression.
        submission: The order.
        cancelled: Whether it is cancelled once it is confirmed; the saga makes the call then.
    """

    method: str
    path: str
    submission: Submission
    cancelled: bool = False


CALLS: Final = {
    "create": Call("POST", CREATE, HAPPY),
    "confirm": Call("POST", CONFIRM, HAPPY),
    "retrieve": Call("GET", RETRIEVE, HAPPY, cancelled=True),
    "retrieve while waiting": Call("GET", RETRIEVE, NEEDS_APPROVAL),
    "refund": Call("POST", REFUND, HAPPY, cancelled=True),
    "cancel": Call("POST", CANCEL, DECLINED),
}


@pytest.mark.parametrize(
    ("kinds", "times"),
    [
        pytest.param(KINDS, 1, id="once"),
        pytest.param([kind for kind in KINDS if kind != "hang"], 3, id="three times"),
    ],
)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_money_and_goods_agree_whatever_goes_wrong_at_a_call(
    world: World, call: Call, kinds: Sequence[FaultKind], times: int
) -> None:
    # Given: one order for each kind of fault, all at once
    for sku, product in SAMPLE_STOCK.items():
        world.shop.stock(sku, product)
    before = take_snapshot(world)
    world.stripe.hold_webhooks()  # a webhook's own call would take a fault that is meant for the saga
    orders: dict[str, FaultKind] = {}

    # When
    try:
        for kind in kinds:
            order_id = world.shop.order(call.submission)
            orders[order_id] = kind
            if call.cancelled:
                world.executions.wait_until_ended(order_id)
            world.stripe.set_fault(
                kind, method=call.method, path=call.path, order_id=order_id, times=times, seconds=HANG_SECONDS
            )
            if call.cancelled:
                world.shop.cancel_order(order_id)
        for order_id in orders:
            execution = f"{order_id}-cancel" if call.cancelled else order_id
            world.executions.wait_until_ended(execution, timeout_seconds=180)
        struck = {
            order_id: [each.fault for each in world.stripe.calls(order_id) if each.fault in KINDS]
            for order_id in orders
        }
    finally:
        world.stripe.clear_faults()
        world.stripe.reset_webhooks()

    # Then
    assert {order_id: faults[:1] for order_id, faults in struck.items()} == {
        order_id: [kind] for order_id, kind in orders.items()
    }
    assert violations(before, take_snapshot(world)) == []
