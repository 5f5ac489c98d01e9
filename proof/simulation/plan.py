"""The cases: every kind of fault at every call of every journey; then pairs of faults, and random shops."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, cycle
from random import Random
from typing import Final

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import KINDS, Case, Injection, InjectionKind
from proof.simulation.shop import Shop, draw_shop

_OF_STRIPE: Final[tuple[InjectionKind, ...]] = ("unavailable", "error_before", "error_after")
_READ: Final = "get_order"
"""Reads an order for the journey's own sake, and changes nothing."""

_OUTAGES: Final[tuple[InjectionKind, ...]] = ("refuse", "lose_reply")
_OUTAGE_SECONDS: Final = (3, 120)
"""Longer than one call and its repetitions, and longer than all tries of a step."""

_IN_FULL: Final = ("happy", "lost-race")
"""The journeys of which every pair is played, if there is time: all is well, and all is undone."""

_ROUNDS: Final = 3
"""Pairs of each of these journeys, and of others, for one shop, which takes as long as a dozen pairs."""

_FURTHEST_SEED: Final = 1_000_000_000


def single_faults(journey: str, calls: Iterable[Call]) -> Iterator[Case]:
    """Every kind of fault at every call, outages that begin with it, and a stop of the executions at it."""
    return (Case(journey, (injection,)) for call in calls for injection in _injections(call.name, call.n))


def pairs_and_shops(calls: Mapping[str, Sequence[Call]], random: Random) -> Iterator[Case | Shop]:
    """Pairs of faults and random shops in turn, without end.

    Args:
        calls: The calls of each journey that no fault strikes.
        random: Decides the order, and which ones.
    """
    in_full = [pairs(journey, calls[journey], random) for journey in _IN_FULL]
    others = cycle([pairs(journey, calls[journey], random) for journey in calls if journey not in _IN_FULL])
    while True:
        for _ in range(_ROUNDS):
            for each in (*in_full, next(others)):
                pair = next(each, None)
                if pair is not None:
                    yield pair
        yield draw_shop(random.randrange(_FURTHEST_SEED))


def pairs(journey: str, calls: Sequence[Call], random: Random) -> Iterator[Case]:
    """Every pair of faults of a journey, in random order.

    The second fault can be at a call that is only made because of the first: another try.
    """
    last_numbers = {call.name: call.n for call in calls}
    first = [injection for call in calls for injection in _injections(call.name, call.n)]
    second = [
        *first,
        *(injection for name, n in last_numbers.items() for injection in _injections(name, n + 1)),
    ]
    for place in _shuffled(len(first) * len(second), random):
        one, other = first[place % len(first)], second[place // len(first)]
        if (one.name, one.n) < (other.name, other.n):
            yield Case(journey, (one, other))


def _injections(name: str, n: int) -> Iterator[Injection]:
    """Every kind of fault at a call."""
    if _READ in name:
        return
    for kind in (*KINDS, "stop", *(_OF_STRIPE if ": stripe " in name else ())):
        yield Injection(kind, name, n)
    for kind in _OUTAGES:
        for seconds in _OUTAGE_SECONDS:
            yield Injection(kind, name, n, lasts=seconds)


def _shuffled(size: int, random: Random) -> Iterator[int]:
    """The numbers below a size in random order, however many they are: a walk whose step divides no cycle."""
    place = random.randrange(size)
    step = next(each for _ in count() if math.gcd(each := random.randrange(1, size), size) == 1)
    for _ in range(size):
        yield place
        place = (place + step) % size
