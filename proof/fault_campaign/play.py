"""Plays one case in a world, and says what it came to."""

import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from cli.shapes import Submission
from local.fault_proxy.recording import Call
from local.world import DELIVERABLE_DOMAIN, World
from proof.fault_campaign.case import Case
from proof.fault_campaign.interference import interfering
from proof.fault_campaign.journeys import JOURNEYS, Journey
from proof.fault_campaign.outcome import Outcome
from proof.fault_campaign.settling import Settled, let_webhooks_come, settle
from proof.fault_campaign.stage import Stage
from proof.fault_campaign.tempo import payment_deadline
from proof.laws import take_snapshot
from proof.plays import DELIVERABLE

_CALLED_BACK: Final = "await_payment: "
_EXPIRED: Final = ("FAILED", "payment_expired")
"""The embedded AWS does not hear that a function has failed which is to call back, as AWS does. So the
saga does not try it again, and waits for the customer until the deadline."""


def play(world: World, case: Case, *, cold: bool = False) -> Outcome:
    """Play a case, let everything heal, and check all laws.

    Args:
        world: Where; no other order may be on its way in it.
        case: The case.
        cold: Whether all functions start cold: then they also make the calls that they make once in a while.
    """
    journey = JOURNEYS[case.journey]
    start = time.monotonic()
    if cold:
        world.faults.kill_workers()
    with ExitStack() as stack:
        stack.enter_context(payment_deadline(world, journey.payment_deadline_seconds))
        stage = Stage(world)
        journey.prepare(world)
        before = take_snapshot(world)
        with interfering(world, case.injections):
            stage.order_id = stage.shopper.submit(_of_somebody_new(journey.submission))
            journey.meanwhile(stage)
            settled = settle(stage, before)
        let_webhooks_come(stage)
    calls = world.faults.calls()
    breaches = [*settled.breaches, *_wrong_end(case, journey, settled)]
    return Outcome(
        case=case,
        order_id=stage.order_id,
        status=settled.story.status if settled.story else "none",
        recovered=settled.story is not None and settled.story.was_recovered,
        reconciled=stage.reconciliations > 0,
        operator_called=settled.retries > 0,
        struck=[_struck(injection.name, injection.n, calls) for injection in case.injections],
        breaches=breaches,
        evidence=_evidence(settled, calls, stage) if breaches else "",
        calls=calls,
        seconds=time.monotonic() - start,
    )


def _of_somebody_new(submission: Submission) -> Submission:
    """The submission of somebody with a mailbox of their own."""
    if submission["email"] != DELIVERABLE:
        return submission
    return {**submission, "email": f"{uuid.uuid4().hex}@{DELIVERABLE_DOMAIN}"}


def _wrong_end(case: Case, journey: Journey, settled: Settled) -> list[str]:
    """One fault that is over at once changes nothing; an outage, or two faults, can fail an order."""
    story = settled.story
    if story is None:
        return []
    failure = story.record.get("failure", {}).get("code")
    end, expected = (story.status, failure), (journey.status, journey.failure)
    if len(case.injections) > 1 or any(each.lasts for each in case.injections):
        return [] if story.status in {"FAILED", journey.status} else [f"the order ended {end}"]
    unheard = any(each.name.startswith(_CALLED_BACK) for each in case.injections)
    wrong = (
        []
        if end == expected or (unheard and end == _EXPIRED)
        else [f"the order ended {end}, expected {expected}"]
    )
    if journey.submission["email"] == DELIVERABLE and not story.was_mailed:
        wrong.append(f"the customer got no mail about it: {list(story.subjects)}")
    return wrong


def _struck(name: str, n: int, calls: Sequence[Call]) -> bool:
    return any(call.name == name and call.n == n and call.fault is not None for call in calls)


def _evidence(settled: Settled, calls: Sequence[Call], stage: Stage) -> str:
    lines = [f"order {stage.order_id}"]
    if settled.story is not None:
        lines += ["timeline:"]
        lines += [f"  {entry['at']} {entry['event']}" for entry in settled.story.record["timeline"]]
        lines += ["executions:"]
        for name, told in settled.story.executions.items():
            visits = ", ".join(
                f"{visit.name}" + (f" x{visit.attempts} {visit.error or ''}" if visit.error else "")
                for visit in told.visits
            )
            lines.append(f"  {name} {told.status}: {visits}")
        lines += [f"events: {list(settled.story.events)}", f"mail: {list(settled.story.subjects)}"]
    payments = [each for each in stage.world.stripe.payments() if each.order_id == stage.order_id]
    lines += ["payments:", *(f"  {payment}" for payment in payments), "calls:"]
    lines += [f"  {call.at} {call} {call.status or ''} {call.fault or ''}".rstrip() for call in calls]
    return "\n".join(lines)
