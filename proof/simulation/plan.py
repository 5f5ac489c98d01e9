"""The cases with one fault: every kind of fault at every call of every journey."""

from collections.abc import Iterable, Iterator
from typing import Final

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import KINDS, Case, Injection, InjectionKind

_OF_STRIPE: Final[tuple[InjectionKind, ...]] = ("unavailable", "error_before", "error_after")
_READ: Final = "get_order"
"""Reads an order for the journey's own sake, and changes nothing."""

_OUTAGES: Final[tuple[InjectionKind, ...]] = ("refuse", "lose_reply")
_OUTAGE_SECONDS: Final = (3, 120)
"""Longer than one call and its repetitions, and longer than all tries of a step."""


def single_faults(journey: str, calls: Iterable[Call]) -> Iterator[Case]:
    """Every kind of fault at every call, outages that begin with it, and a stop of the executions at it."""
    for call in calls:
        if _READ in call.name:
            continue
        kinds = [*KINDS, "stop", *(_OF_STRIPE if ": stripe " in call.name else ())]
        for kind in kinds:
            yield Case(journey, (Injection(kind, call.name, call.n),))
        for kind in _OUTAGES:
            for seconds in _OUTAGE_SECONDS:
                yield Case(journey, (Injection(kind, call.name, call.n, lasts=seconds),))
