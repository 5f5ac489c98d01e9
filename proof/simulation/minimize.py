"""Makes a case that breaks a law smaller, as long as it breaks the same law (delta debugging).

The method is `ddmin`: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
Transactions on Software Engineering 28(2), 2002.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from proof.simulation.play import parse, play
from proof.simulation.play_case import SimulatedResult
from proof.simulation.shop import Shop

_VARYING: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+|\b[A-Z]\b")
"""Parts of a breach that differ from case to case: ids, numbers, and the names of orders."""

_SEPARATOR: Final = "; "


def smallest(failed: SimulatedResult) -> SimulatedResult:
    """The result of a smaller case that breaks one of the same laws; no part of that case can be left out.

    Args:
        failed: The result of a case that breaks a law.
    """
    case = failed.case
    name, *parts = (case.spelled_out if isinstance(case, Shop) else str(case)).split(_SEPARATOR)
    kinds, found = _kinds(failed), failed

    def still_fails(fewer: Sequence[str]) -> bool:
        nonlocal found
        result = play(parse(_SEPARATOR.join([name, *fewer])))
        if not kinds & _kinds(result):
            return False
        found = result
        return True

    _shrink(parts, still_fails)
    return found


def _shrink(parts: Sequence[str], still_fails: Callable[[Sequence[str]], bool]) -> None:
    """Leave out what can be left out: halves first, then smaller and smaller chunks."""
    chunks = 2
    while len(parts) > 1:
        size = -(-len(parts) // chunks)
        for start in range(0, len(parts), size):
            fewer = [*parts[:start], *parts[start + size :]]
            if fewer and still_fails(fewer):
                parts, chunks = fewer, max(2, chunks - 1)
                break
        else:
            if size == 1:
                return
            chunks = min(len(parts), 2 * chunks)


def _kinds(result: SimulatedResult) -> set[str]:
    """The kinds of the breaches."""
    return {_VARYING.sub("_", breach) for breach in result.breaches}
