"""The cases: every kind of fault at every call of every journey, pairs of faults, and random shops."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from random import Random
from typing import Final, TypeVar

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import KINDS, Case, Injection, InjectionKind
from proof.simulation.shop import Shop, draw_shop

T = TypeVar("T")

_OF_STRIPE: Final[tuple[InjectionKind, ...]] = ("unavailable", "error_before", "error_after")
_READ: Final = "get_order"
"""Reads an order for the journey's own sake, and changes nothing."""

_OUTAGES: Final[tuple[InjectionKind, ...]] = ("refuse", "lose_reply")
_OUTAGE_SECONDS: Final = (3, 120)
"""Longer than one call and its repetitions, and longer than all tries of a step."""

_IN_FULL: Final = ("happy", "lost-race")
"""The journeys of which every pair is played, if there is time: all is well, and all is undone."""

_OFTEN: Final = 30
"""Pairs of each of these journeys for one of any other: two thirds of all."""

_SHARES: Final = (80, 18, 2)
"""Cases in a hundred with one fault, with two, and random shops. A shop takes as long as six others, so
singles get most of the time."""

_FURTHEST_SEED: Final = 1_000_000_000


def single_faults(journey: str, calls: Iterable[Call]) -> Iterator[Case]:
    """Every kind of fault at every call, outages that begin with it, and a stop of the executions at it."""
    return (Case(journey, (injection,)) for call in calls for injection in _injections(call.name, call.n))


def in_turn(
    singles: Sequence[Case], calls: Mapping[str, Sequence[Call]], random: Random
) -> Iterator[Case | Shop]:
    """Single faults, pairs of faults and random shops in turn, without end.

    Every single fault comes once; when there are no more, the time is for pairs and shops.

    Args:
        singles: All cases with one fault.
        calls: The calls of each journey that no fault strikes.
        random: Decides the order, and which ones.
    """
    pairs_of = {
        pairs(journey, made, random): _OFTEN if journey in _IN_FULL else 1 for journey, made in calls.items()
    }
    shops = (draw_shop(random.randrange(_FURTHEST_SEED)) for _ in count())
    kinds = (iter(random.sample(singles, len(singles))), _drawn(pairs_of, random), shops)
    return _drawn(dict(zip(kinds, _SHARES, strict=True)), random)


def _drawn(shares: Mapping[Iterator[T], int], random: Random) -> Iterator[T]:
    """What comes out of some sources, drawn by their shares, until all are empty."""
    left = dict(shares)
    while left:
        (source,) = random.choices([*left], weights=[*left.values()])
        for each in source:
            yield each
            break
        else:
            del left[source]


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
