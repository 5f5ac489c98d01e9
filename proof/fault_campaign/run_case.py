"""Runs one case in a world, and returns its result."""

import time
from collections.abc import Sequence
from typing import Final

from local.fault_proxy.recording import Call
from local.users import UNREACHABLE_CUSTOMER
from local.world import World
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.case import Case, CaseResult
from proof.fault_campaign.ending import ending_of
from proof.fault_campaign.interference import interfering
from proof.fault_campaign.order_under_test import OrderUnderTest
from proof.fault_campaign.settling import Settled, await_webhooks, settle, with_delivery
from proof.fault_campaign.waits import payment_deadline
from proof.fault_campaign.watch import WorldWatch
from proof.journey import Journey
from proof.laws import take_snapshot
from proof.promises import OrderHistory

_CALLED_BACK: Final = "await_payment: "
_EXPIRED: Final = "FAILED payment_expired"
"""If the function of a state with a task token fails, AWS notices, and the embedded AWS does not. So here the
saga does not retry it, but waits for the customer until the deadline."""


def run_case(world: World, case: Case, *, cold: bool = False) -> CaseResult:
    """Run a case, wait until everything has settled, and check all laws.

    Args:
        world: The world; no other order may run in it.
        case: The case.
        cold: Whether all functions start cold, so that they also make the calls of a cold start.
    """
    campaign_journey = CAMPAIGN_JOURNEYS[case.journey]
    journey = campaign_journey.journey
    start = time.monotonic()
    if cold:
        world.faults.kill_workers()
    with payment_deadline(world, campaign_journey.payment_deadline_seconds):
        watch = WorldWatch(world)
        order = OrderUnderTest(world, journey.customer, watch.is_quiet)
        campaign_journey.prepare(world)
        before = take_snapshot(world)
        with interfering(world, case.injections):
            order.submit(journey)
            campaign_journey.meanwhile(order)
            settled = settle(watch, [order.order_id], with_delivery(before, order.delivered))
        await_webhooks(world, order.order_id)
    calls = world.faults.calls()
    history = next(iter(settled.orders), None)
    breaches = [*settled.breaches, *(_wrong_end(case, journey, history) if history else [])]
    return CaseResult(
        case=case,
        order_id=order.order_id,
        status=history.status if history else "none",
        ending=ending_of(history, operator_called=settled.retries.total() > 0) if history else None,
        recovered=history is not None and history.was_recovered,
        reconciled=watch.reconciliations > 0,
        operator_called=settled.retries.total() > 0,
        struck=[_struck(injection.name, injection.n, calls) for injection in case.injections],
        breaches=breaches,
        evidence=_evidence(world, order.order_id, settled, calls) if breaches else "",
        calls=calls,
        seconds=time.monotonic() - start,
    )


def _wrong_end(case: Case, journey: Journey, order: OrderHistory) -> list[str]:
    """One short fault changes nothing; an outage, or two faults, can fail an order."""
    if len(case.injections) > 1 or any(each.lasts for each in case.injections):
        return [] if order.status in {"FAILED", journey.status} else [f"the order ended {order.end}"]
    expected = {journey.end}
    if any(each.name.startswith(_CALLED_BACK) for each in case.injections):
        expected.add(_EXPIRED)
    wrong = [] if order.end in expected else [f"the order ended {order.end}, expected {journey.end}"]
    if journey.customer != UNREACHABLE_CUSTOMER and not order.was_mailed:
        wrong.append(f"the customer got no mail about it: {list(order.subjects)}")
    return wrong


def _struck(name: str, n: int, calls: Sequence[Call]) -> bool:
    return any(call.name == name and call.n == n and call.fault is not None for call in calls)


def _evidence(world: World, order_id: str, settled: Settled, calls: Sequence[Call]) -> str:
    lines = [line for order in settled.orders for line in order.lines()] or [f"order {order_id}: no record"]
    payments = [each for each in world.stripe.payments() if each.order_id == order_id]
    lines += ["payments:", *(f"  {payment}" for payment in payments), "calls:"]
    lines += [f"  {call.at} {call} {call.status or ''} {call.fault or ''}".rstrip() for call in calls]
    return "\n".join(lines)
