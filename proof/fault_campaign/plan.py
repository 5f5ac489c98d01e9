"""Makes the cases: every kind of fault at every call of a journey."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import KINDS, Case, Injection, InjectionKind
from statemachines.steps import STEP_FUNCTIONS

_OUTAGE_KINDS: Final[Sequence[InjectionKind]] = ("refuse", "lose_reply")

_STEP_OUTAGE_SECONDS: Final = 25.0
"""Longer than all tries of a step take."""

_OTHER_OUTAGE_SECONDS: Final = 3.0
"""Functions that are not steps are called again until they succeed."""


def single_faults(journey: str, calls: Iterable[Call]) -> Iterator[Case]:
    """Every kind of fault at every call, and an outage of every call."""
    for call in calls:
        for kind in KINDS:
            yield Case(journey, (Injection(kind, call.name, call.n),))
        seconds = _STEP_OUTAGE_SECONDS if is_of_a_step(call) else _OTHER_OUTAGE_SECONDS
        for outage in _OUTAGE_KINDS:
            yield Case(journey, (Injection(outage, call.name, call.n, lasts=seconds),))


def stops(journey: str, calls: Iterable[Call]) -> Iterator[Case]:
    """A stop of the execution at every call of a step, and at every call of the webhook."""
    for call in calls:
        if is_of_a_step(call) or call.name.startswith("receive_stripe_webhook: "):
            yield Case(journey, (Injection("stop", call.name, call.n),))


def restarts(journey: str, calls: Iterable[Call]) -> Iterator[Case]:
    """A restart of the whole embedded AWS at the first call of every step."""
    seen = set()
    for call in calls:
        function = call.name.partition(":")[0]
        if function in STEP_FUNCTIONS and function not in seen:
            seen.add(function)
            yield Case(journey, (Injection("restart", call.name, call.n),))


def in_rounds(cases: Iterable[Case], randomness: random.Random) -> Iterator[list[Case]]:
    """Each kind of fault once on each journey, at a call that chance decides; then again at other calls."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.journey, case.label), []).append(case)
    in_turn = list(groups.values())
    for group in in_turn:
        randomness.shuffle(group)
    randomness.shuffle(in_turn)
    for place in range(max(map(len, in_turn), default=0)):
        yield [group[place] for group in in_turn if place < len(group)]


def is_of_a_step(call: Call) -> bool:
    """Whether the function of a step of the saga makes the call."""
    return call.name.partition(":")[0] in STEP_FUNCTIONS
