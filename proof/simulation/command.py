"""`make simulate`: plays every fault at every call of every journey, pairs of faults, and random shops."""

import gc
import multiprocessing
import os
import random
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import islice
from multiprocessing.pool import Pool
from typing import Final

from proof.fault_campaign.case import Case
from proof.journeys import JOURNEYS
from proof.results_in_docs import write_results
from proof.simulation.minimize import smallest
from proof.simulation.plan import in_turn, single_faults
from proof.simulation.play import parse, play
from proof.simulation.play_case import SimulatedResult
from proof.simulation.report import SimulationReport
from proof.simulation.shop import Shop
from proof.simulation.simulated_world import installed

_AT_ONCE: Final = 8
"""Cases that a process takes at once."""

_TAKEN_BY_A_PROCESS: Final = 250
"""So often a process takes cases before a new one replaces it. A world is full of cycles, and Python would
look for them for a tenth of the time. Instead they stay: 2,000 worlds take less than a gigabyte."""

_IN_THE_POOL: Final = 2_000
"""Cases that wait for a process; their number has no end, so the pool must not get them all."""

_PROGRESS_SECONDS: Final = 10.0

_MINUTES_FOR_THE_DOCS: Final = 10
"""A run of this length writes its report into docs/reliability.md."""

_installation = ExitStack()
"""The preparation of a process of the pool, which lasts as long as the process."""

_forking = multiprocessing.get_context("fork")


def main(arguments: Namespace) -> int:
    """Play the cases that were named, or all, until the time is up.

    Returns:
        The exit code: 0 if no law was broken, else 1.
    """
    if arguments.case:
        return _play_named(map(parse, arguments.case))
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed  # noqa: S311 - no secret
    draw = random.Random(seed)  # noqa: S311 - it must be repeatable
    deadline = time.monotonic() + arguments.minutes * 60
    _print(f"Seed {seed}. Playing {len(JOURNEYS)} journeys without a fault ...")
    with _forking.Pool(os.cpu_count(), _prepare, maxtasksperchild=_TAKEN_BY_A_PROCESS) as pool:
        without_fault = pool.map(play, [Case(journey.key) for journey in JOURNEYS])
        # A process of the pool does it: this one must not be simulated, because the pool needs its clock.
        made_smaller = partial(pool.apply, smallest)
        broken = _reported(without_fault, made_smaller)
        calls = {str(result.case): result.calls for result in without_fault}
        singles = [case for journey, made in calls.items() for case in single_faults(journey, made)]
        _print(f"Playing {len(singles)} cases with one fault, pairs of faults and random shops in turn ...")
        cases = in_turn(singles, calls, draw)
        report = SimulationReport({str(each.case): each for each in without_fault}, len(singles))
        broken += _reported(_counted(_played(pool, cases), report, deadline), made_smaller)
    text = report.text(f"make simulate SEED={seed} MINUTES={arguments.minutes:g}")
    _print(f"\n{text}")
    if not broken and arguments.minutes >= _MINUTES_FOR_THE_DOCS:
        write_results("results of the simulation", text)
    return int(broken > 0)


def _play_named(cases: Iterable[Case | Shop]) -> int:
    """Play these cases, and print what happens in each."""
    broken = 0
    with installed():
        for case in cases:
            result = play(case, traced=True)
            broken += _reported([result], lambda failed: smallest(*failed))
            _print(f"{case}: {', '.join(result.ends)}. {result.interrupted}".rstrip())
    return int(broken > 0)


def _played(pool: Pool, cases: Iterator[Case | Shop]) -> Iterator[SimulatedResult]:
    """The results of cases, as they come."""
    while some := list(islice(cases, _IN_THE_POOL)):
        yield from pool.imap_unordered(_play, some, chunksize=_AT_ONCE)


def _play(case: Case | Shop) -> SimulatedResult:
    """Play a case; its calls are left out, because the way between processes takes time."""
    return replace(play(case), calls=())


def _prepare() -> None:
    """Prepare a process for simulations; it needs no way back, and the pool ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    _installation.enter_context(installed())


def _counted(
    results: Iterable[SimulatedResult], report: SimulationReport, deadline: float
) -> Iterator[SimulatedResult]:
    """Pass results on until the time is up; count them, and print the progress now and then."""
    start = reported = time.monotonic()
    for result in results:
        yield result
        now = time.monotonic()
        report.add(result)
        report.seconds = now - start
        if now - reported > _PROGRESS_SECONDS or now > deadline:
            reported = now
            _print(report.progress)
        if now > deadline:
            return


def _reported(
    results: Iterable[SimulatedResult], made_smaller: Callable[[Sequence[SimulatedResult]], SimulatedResult]
) -> int:
    """Print each case that broke a law, made smaller, with its trace; returns how many there were."""
    broken = 0
    for result in results:
        if result.breaches:
            broken += 1
            _print(f"VIOLATED  {result.case}")
            _print_breaches(made_smaller([result]))
        elif result.trace:
            _print(result.trace)
    return broken


def _print_breaches(result: SimulatedResult) -> None:
    _print(result.trace)
    _print("\n".join(f"  law: {each}" for each in result.breaches))
    _print(f"  play it again: python -m proof simulate --case '{result.case}'")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
