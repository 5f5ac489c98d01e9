"""`make faults`: the proof. Everything that can go wrong at every call, and the laws of the saga after it."""

import random
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from itertools import chain

from local.world import embedded_world
from proof.fault_campaign import plan
from proof.fault_campaign.case import Case, parse_case
from proof.fault_campaign.contention import orders_that_cross, rush_for_one_sku
from proof.fault_campaign.journeys import JOURNEYS
from proof.fault_campaign.outcome import Outcome
from proof.fault_campaign.reliability import write_results
from proof.fault_campaign.report import Report, describe
from proof.fault_campaign.worlds import WAIT_SCALE, Worlds

_PROGRESS_EVERY = 50
_PAIRS_AMONG_SINGLES = 0.15


def main(arguments: Namespace) -> int:
    """Play the campaign, or the cases that were asked for.

    Returns:
        The exit code: 0 if no law was broken.
    """
    if arguments.case:
        return _play_alone(list(map(parse_case, arguments.case)), arguments.worlds)
    journeys = arguments.journeys.split(",") if arguments.journeys else list(JOURNEYS)
    start = time.monotonic()
    deadline = start + arguments.budget_minutes * 60
    report = Report()
    with Worlds(arguments.worlds) as worlds:
        _say(f"Playing {len(journeys)} journeys undisturbed ...")
        undisturbed = list(_told(worlds.play(plan.undisturbed(journeys)), report))
        if report.violations:
            return 1  # there is nothing to disturb
        cases = _cases(undisturbed, random.Random(arguments.seed), report)  # noqa: S311 - it must be repeatable
        for _ in _told(worlds.play(_until(deadline, cases)), report):
            pass
        report.late = worlds.close()
    if not arguments.journeys:
        _say("Many orders at once ...")
        with embedded_world("faults-crowds", wait_scale=WAIT_SCALE) as world:
            report.crowds = [
                rush_for_one_sku(world, orders=200, units=50),
                orders_that_cross(world, orders=64),
            ]
    report.seconds = time.monotonic() - start
    for line in ("", report.table(), "", *report.summary(), *report.late):
        _say(line)
    if not arguments.journeys and not report.violations:
        write_results(report, arguments)
    return int(report.violations > 0)


def _play_alone(cases: list[Case], count: int) -> int:
    report = Report()
    with Worlds(min(count, len(cases))) as worlds:
        for outcome in _told(worlds.play(cases), report):
            healed = " ".join(
                word
                for word, is_so in {
                    "recovered": outcome.recovered,
                    "reconciled": outcome.reconciled,
                    "operator called": outcome.operator_called,
                }.items()
                if is_so
            )
            _say(f"{outcome.seconds:5.1f} s  {outcome.status:9}  {outcome.case}  {healed}".rstrip())
        report.late = worlds.close()
    for line in report.late:
        _say(line)
    return int(report.violations > 0)


def _cases(undisturbed: Iterable[Outcome], randomness: random.Random, report: Report) -> Iterator[Case]:
    """All cases with one fault in any order, with some pairs among them, and then only pairs."""
    calls = {outcome.case.journey: outcome.calls for outcome in undisturbed}
    singles = [
        case
        for journey, made in calls.items()
        for case in chain(
            plan.single_faults(journey, made), plan.stops(journey, made), plan.restarts(journey, made)
        )
    ]
    randomness.shuffle(singles)
    report.planned = len(singles)
    _say(f"{len(singles)} cases with one fault, and pairs ...")
    endless = [plan.pairs(journey, made, randomness) for journey, made in calls.items()]
    for case in singles:
        yield case
        if randomness.random() < _PAIRS_AMONG_SINGLES:  # so that a short campaign has some, too
            yield next(randomness.choice(endless))
    while endless:
        yield next(randomness.choice(endless))


def _until(deadline: float, cases: Iterable[Case]) -> Iterator[Case]:
    for case in cases:
        if time.monotonic() > deadline:
            return
        yield case


def _told(outcomes: Iterable[Outcome], report: Report) -> Iterator[Outcome]:
    """Tell of violations as they come, and of the progress now and then."""
    start = time.monotonic()
    for outcome in outcomes:
        report.outcomes.append(outcome)
        if outcome.breaches:
            _say(describe(outcome))
        if len(report.outcomes) % _PROGRESS_EVERY == 0:
            minutes = (time.monotonic() - start) / 60
            _say(f"{len(report.outcomes)} cases, {minutes:.1f} minutes, {report.violations} violations")
        yield outcome


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
