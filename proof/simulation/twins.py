"""`python -m proof twins`: plays cases in the simulation and in the embedded run, and compares their ends.

The journeys are those of the fault campaign, whose customers repeat a request until it is answered.
"""

import random
import re
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import chain, islice
from typing import Final

from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.case import Case, CaseResult, Injection, parse_case
from proof.fault_campaign.ending import Ending, ending_of
from proof.fault_campaign.order_under_test import OrderUnderTest
from proof.fault_campaign.plan import in_rounds, is_of_a_step, single_faults, stops
from proof.fault_campaign.settling import with_delivery
from proof.fault_campaign.worlds import Worlds
from proof.laws import take_snapshot
from proof.simulation.interference import inject
from proof.simulation.play_case import stocked_tables
from proof.simulation.settling import Settling
from proof.simulation.simulated_world import SimulatedWorld, installed

_LONGER: Final = 12
"""An outage lasts so many times longer in simulated time. The embedded run divides the pauses between the
tries of a step by 50, so that there 25 seconds outlast all tries. Here the pauses of an undo can last 242
seconds."""

_NO_TWIN: Final = (": lambda Invoke ", "take_turn: ", "reconcile_", "await_payment: ")
"""Parts of the names of calls without a twin: the fault proxy does not see how AWS calls functions; how often
the reconciliation runs depends on the time that the world needs; and the embedded AWS waits for the deadline
if the function of a state with a task token fails."""


_SAME: Final = "same"
DIFFERENT: Final = "DIFFERENT"
_NOT_STRUCK: Final = "struck in one world only"
RUN_AGAIN: Final = "run again at another time"
_RERUN: Final = re.compile(r"(-r\d+|^-vN)$")
"""The part of the name of an execution that a recovery, or the reconciliation, has started."""

_NOT_MAILED_YET: Final = "ConfirmedNotNotified"


def main(arguments: Namespace) -> int:
    """Play the cases in both worlds, and print each difference.

    Returns:
        The exit code: 0 if all cases ended the same, else 1.
    """
    with installed(), Worlds(arguments.worlds) as worlds:
        if arguments.case:
            cases = list(map(parse_case, arguments.case))
        else:
            cases = sample(arguments.seed, arguments.last)[arguments.first - 1 :]
        seen: Counter[str] = Counter()
        for number, embedded in enumerate(worlds.run(cases), start=1):
            simulated = play(embedded.case)
            found = differences(simulated, embedded)
            judged = verdict(simulated, embedded) if found else _SAME
            seen[judged] += 1
            _print(f"{number} of {len(cases)}  {judged}  {embedded.case}")
            for line in found:
                _print(f"  {line}")
        late = worlds.close()
    for line in late:
        _print(f"embedded: {line}")
    _print(f"{len(cases)} cases: {', '.join(f'{count} {judged}' for judged, count in sorted(seen.items()))}.")
    return int(seen[DIFFERENT] > 0 or bool(late))


def sample(seed: int, size: int) -> list[Case]:
    """Cases drawn by chance, so that each journey has each kind of fault, if there are enough."""
    draw = random.Random(seed)  # noqa: S311 - it must be repeatable
    cases = chain.from_iterable(map(twins_of, CAMPAIGN_JOURNEYS))
    return list(islice(chain.from_iterable(in_rounds(cases, draw)), size))


def play(case: Case) -> CaseResult:
    """Play a case of the campaign in simulated time."""
    deadline = CAMPAIGN_JOURNEYS[case.journey].payment_deadline_seconds
    with SimulatedWorld(str(case), tables=stocked_tables(), payment_deadline_seconds=deadline) as world:
        return world.scheduler.play(lambda: _played(world, case))


def differences(simulated: CaseResult, embedded: CaseResult) -> list[str]:
    """In what the ends of a case differ, in words."""
    worlds = (("simulated", simulated), ("embedded", embedded))
    broken = [f"{name}: {breach}" for name, result in worlds for breach in result.breaches]
    struck, also_struck = list(simulated.struck), list(embedded.struck)
    if struck != also_struck:
        broken.append(f"struck: simulated {struck}, embedded {also_struck}")
    if simulated.ending is None or embedded.ending is None:
        return [
            *broken,
            *(f"{name}: the order has no record" for name, each in worlds if each.ending is None),
        ]
    pairs = zip(asdict(simulated.ending).items(), asdict(embedded.ending).values(), strict=True)
    return [
        *broken,
        *(f"{name}: simulated {here}, embedded {there}" for (name, here), there in pairs if here != there),
    ]


def verdict(simulated: CaseResult, embedded: CaseResult) -> str:
    """What a difference means; only the way can have an explanation, never the end."""
    here, there = simulated.ending, embedded.ending
    is_same_end = (
        here is not None
        and there is not None
        and (here.order, here.operator_called) == (there.order, there.operator_called)
        and not simulated.breaches
        and not embedded.breaches
    )
    if is_same_end and here and there:
        if here.mails == there.mails and list(simulated.struck) != list(embedded.struck):
            return _NOT_STRUCK
        if _is_run_again(simulated.case, here, there):
            return RUN_AGAIN
    return DIFFERENT


def _is_run_again(case: Case, here: Ending, there: Ending) -> bool:
    """Whether only the moment differs at which executions were stopped, or the saga was run again."""
    ours, theirs = _without_reruns(here), _without_reruns(there)
    if any(each.kind == "stop" for each in case.injections):  # of all executions that run at that moment
        return ours.keys() == theirs.keys() and here.mails == there.mails
    is_rerun = any(map(_RERUN.search, [*here.paths, *there.paths]))
    return ours == theirs and (is_rerun or here.mails == there.mails)


def _without_reruns(ending: Ending) -> Mapping[str, tuple[str, ...]]:
    return {
        name: tuple(state for state in states if state != _NOT_MAILED_YET)
        for name, states in ending.paths.items()
        if not _RERUN.search(name)
    }


def twins_of(journey: str) -> Iterator[Case]:
    """All cases of a journey that both worlds can play, at the calls that it makes in the simulation."""
    calls = play(Case(journey)).calls
    proxied = [call for call in calls if not any(part in call.name for part in _NO_TWIN)]
    yield from single_faults(journey, proxied)
    # At a call of another function it is a matter of time where the executions are when they are stopped.
    yield from stops(journey, filter(is_of_a_step, proxied))


def _played(world: SimulatedWorld, case: Case) -> CaseResult:
    """What `run_case` does, in simulated time."""
    campaign = CAMPAIGN_JOURNEYS[case.journey]
    order = OrderUnderTest(world, campaign.journey.customer, lambda: world.scheduler.pending == 0)
    campaign.prepare(world)
    before = take_snapshot(world)
    for injection in case.injections:
        inject(world, _scaled(injection))
    order.submit(campaign.journey)
    campaign.meanwhile(order)
    world.rest()
    settling = Settling(world, with_delivery(before, order.delivered))
    orders, breaches, periods = settling.settle()
    calls = world.faults.calls()
    struck = {(call.name, call.n) for call in calls if call.fault}
    ended = next((each for each in orders if each.order_id == order.order_id), None)
    return CaseResult(
        case=case,
        order_id=order.order_id,
        ending=ending_of(ended, operator_called=settling.operator_called) if ended else None,
        reconciled=periods > 0,
        struck=[(each.name, each.n) in struck for each in case.injections],
        breaches=[*breaches, *world.invariants],
        evidence=world.trace.table(),
        calls=calls,
        seconds=0,
    )


def _scaled(injection: Injection) -> Injection:
    return injection if injection.lasts is None else replace(injection, lasts=injection.lasts * _LONGER)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
