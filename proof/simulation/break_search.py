"""`python -m proof breaks`: plays cases against each deliberate break of the product until one finds it."""

import os
import random
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Final

from proof.fault_campaign.case import Case
from proof.journeys import JOURNEYS
from proof.simulation.breaks import BREAKS
from proof.simulation.plan import single_faults
from proof.simulation.play_case import play_case, stocked_tables
from proof.simulation.simulated_world import installed

_OF_THE_JOURNEY: Final = "the order ended"
"""A breach of what a journey expects. A break can send an order another way without doing harm."""


@dataclass(frozen=True)
class Finding:
    """What a search has found.

    Attributes:
        case: The case that found the break.
        breach: The first law or promise that it reports.
        number: How many cases were played, this one included.
    """

    case: Case
    breach: str
    number: int


def first_finding(cases: Iterable[Case]) -> Finding | None:
    """Play cases until one reports a broken law or promise; None if none does."""
    for number, case in enumerate(cases, start=1):
        breaches = [each for each in play_case(case).breaches if not each.startswith(_OF_THE_JOURNEY)]
        if breaches:
            return Finding(case, breaches[0], number)
    return None


def main(arguments: Namespace) -> int:
    """Search for every break, and print what finds it.

    Returns:
        The exit code: 0 if every break was found by a case with a fault.
    """
    breaks = [each for each in BREAKS if arguments.only in each.name]
    journeys = [Case(journey.key) for journey in JOURNEYS]
    with installed():
        stocked_tables()  # by the product as it is
        cases = [case for each in journeys for case in single_faults(each.journey, play_case(each).calls)]
        random.Random(arguments.seed).shuffle(cases)  # noqa: S311 - it must be repeatable
        search = partial(_search, journeys, cases[: arguments.most])
        with get_context("fork").Pool(os.cpu_count()) as pool:
            missed = 0
            for each, (by_journey, by_fault) in zip(
                breaks, pool.imap(search, map(BREAKS.index, breaks)), strict=True
            ):
                missed += by_fault is None
                sys.stdout.write(
                    f"{each.name} (law {each.law})\n"
                    f"  without a fault: {_told(by_journey, len(journeys))}\n"
                    f"  with a fault:    {_told(by_fault, arguments.most)}\n"
                )
                sys.stdout.flush()
            pool.close()
            pool.join()
    return int(missed > 0)


def _search(
    journeys: Sequence[Case], cases: Sequence[Case], number: int
) -> tuple[Finding | None, Finding | None]:
    """Search for a break with the journeys as they are, and with faults."""
    with BREAKS[number].applied():
        return first_finding(journeys), first_finding(cases)


def _told(finding: Finding | None, most: int) -> str:
    if finding is None:
        return f"not found by {most} cases"
    return f"found after {finding.number} cases, by {finding.case}\n    {finding.breach}"
