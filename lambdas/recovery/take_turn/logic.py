"""Decides which of several runs of the reconciliation may compare."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, order=True, slots=True)
class Running:
    """An execution that has not ended; sorted by its start."""

    started_at: datetime
    name: str


def is_turn_of(name: str, running: Iterable[Running]) -> bool:
    """Whether no other run started before the run of this name.

    A run that has just started may be missing in the list. Two runs that start in the same second can
    therefore both have their turn, which costs time and calls but does no harm.
    """
    first = min(running, default=None)
    return first is None or first.name == name
