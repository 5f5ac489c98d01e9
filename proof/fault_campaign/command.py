"""`make faults`: runs the fault campaign: every kind of fault on every journey, then a check of all laws."""

import random
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from itertools import chain

from local.world import embedded_world
from proof.fault_campaign import plan
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.campaign_report import CampaignReport, describe, text_of
from proof.fault_campaign.case import Case, CaseResult, parse_case
from proof.fault_campaign.crowds import orders_that_cross, rush_for_one_sku
from proof.fault_campaign.worlds import WAIT_SCALE, Worlds
from proof.results_in_docs import write_results

_PROGRESS_EVERY = 50


def main(arguments: Namespace) -> int:
    """Run the campaign, or only the cases that were named.

    Returns:
        The exit code: 0 if no law was broken, else 1.
    """
    if arguments.case:
        return _run_named(list(map(parse_case, arguments.case)), arguments.worlds)
    journeys = arguments.journeys.split(",") if arguments.journeys else list(CAMPAIGN_JOURNEYS)
    start = time.monotonic()
    deadline = start + arguments.budget_minutes * 60
    report = CampaignReport()
    with Worlds(arguments.worlds) as worlds:
        _print(f"Running {len(journeys)} journeys without a fault ...")
        without_fault = list(_reported(worlds.run(map(Case, journeys)), report))
        if report.violations:
            return 1  # faults would show nothing new
        cases = _cases(without_fault, random.Random(arguments.seed), report)  # noqa: S311 - it must be repeatable
        for _ in _reported(worlds.run(_until(deadline, cases)), report):
            pass
        report.late = worlds.close()
    if not arguments.journeys:
        _print("Many orders at once ...")
        with embedded_world("faults-crowds", wait_scale=WAIT_SCALE) as world:
            report.crowds = [
                rush_for_one_sku(world, orders=200, units=50),
                orders_that_cross(world, orders=64),
            ]
    report.seconds = time.monotonic() - start
    for line in ("", report.table(), "", *report.summary(), *report.late):
        _print(line)
    if not arguments.journeys and not report.violations:
        write_results("results of the campaign", text_of(report, arguments))
    return int(report.violations > 0)


def _run_named(cases: list[Case], count: int) -> int:
    report = CampaignReport()
    with Worlds(min(count, len(cases))) as worlds:
        for result in _reported(worlds.run(cases), report):
            help_needed = (
                " recovered" * result.recovered
                + " reconciled" * result.reconciled
                + " operator" * result.operator_called
            )
            _print(f"{result.seconds:5.1f} s  {result.status:9}  {result.case} {help_needed}".rstrip())
        report.late = worlds.close()
    for line in report.late:
        _print(line)
    return int(report.violations > 0)


def _cases(
    without_fault: Iterable[CaseResult], randomness: random.Random, report: CampaignReport
) -> Iterator[Case]:
    """Each kind of fault once on each journey. The simulation plays all other cases."""
    singles = [
        case
        for result in without_fault
        for case in chain(
            plan.single_faults(result.case.journey, result.calls),
            plan.stops(result.case.journey, result.calls),
            plan.restarts(result.case.journey, result.calls),
        )
    ]
    report.planned = len(singles)
    cases = next(plan.in_rounds(singles, randomness))
    _print(f"Running {len(cases)} of {len(singles)} cases with one fault ...")
    yield from cases


def _until(deadline: float, cases: Iterable[Case]) -> Iterator[Case]:
    for case in cases:
        if time.monotonic() > deadline:
            return
        yield case


def _reported(results: Iterable[CaseResult], report: CampaignReport) -> Iterator[CaseResult]:
    """Print each violation at once, and the progress now and then."""
    start = time.monotonic()
    for result in results:
        report.results.append(result)
        if result.breaches:
            _print(describe(result))
        if len(report.results) % _PROGRESS_EVERY == 0:
            minutes = (time.monotonic() - start) / 60
            _print(f"{len(report.results)} cases, {minutes:.1f} minutes, {report.violations} violations")
        yield result


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
