"""`make simulate`: plays every kind of fault at every call of every journey, each in a new world."""

import gc
import multiprocessing
import os
import random
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Final

from proof.fault_campaign.case import Case, parse_case
from proof.journeys import JOURNEYS
from proof.simulation.plan import single_faults
from proof.simulation.play_case import SimulatedResult, play_case
from proof.simulation.simulated_world import installed

_GARBAGE: Final = 50_000
"""Objects between two collections. A world is full of cycles, for which Python would look all the time."""

_AT_ONCE: Final = 20
"""Cases that a process takes at once."""

_PROGRESS_SECONDS: Final = 10.0

_installation = ExitStack()
"""The preparation of a process of the pool, which lasts as long as the process."""

_forking = multiprocessing.get_context("fork")


def main(arguments: Namespace) -> int:
    """Play the cases that were named, or all, until the time is up.

    Returns:
        The exit code: 0 if no law was broken, else 1.
    """
    if arguments.case:
        return _play_named(map(parse_case, arguments.case))
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed  # noqa: S311 - no secret
    deadline = time.monotonic() + arguments.minutes * 60
    _print(f"Seed {seed}. Playing {len(JOURNEYS)} journeys without a fault ...")
    with _forking.Pool(os.cpu_count(), initializer=_prepare) as pool:
        without_fault = pool.map(play_case, [Case(journey.key) for journey in JOURNEYS])
        broken = _reported(without_fault)
        cases = [
            case for result in without_fault for case in single_faults(result.case.journey, result.calls)
        ]
        random.Random(seed).shuffle(cases)  # noqa: S311 - it must be repeatable
        _print(f"Playing {len(cases)} cases with one fault ...")
        results = pool.imap_unordered(play_case, cases, chunksize=_AT_ONCE)
        broken += _reported(_with_progress(results, len(cases), deadline))
    return int(broken > 0)


def _play_named(cases: Iterable[Case]) -> int:
    """Play these cases, and print what happens in each."""
    broken = 0
    with installed():
        for case in cases:
            result = play_case(case, traced=True)
            broken += _reported([result])
            _print(f"{case}: {', '.join(result.ends)}. {result.interrupted}".rstrip())
    return int(broken > 0)


def _prepare() -> None:
    """Prepare a process for simulations; it needs no way back."""
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    _installation.enter_context(installed())


def _with_progress(
    results: Iterable[SimulatedResult], planned: int, deadline: float
) -> Iterator[SimulatedResult]:
    """Pass results on until the time is up, and print the progress now and then."""
    start = reported = time.monotonic()
    for number, result in enumerate(results, start=1):
        yield result
        now = time.monotonic()
        if now - reported > _PROGRESS_SECONDS or number == planned or now > deadline:
            reported = now
            _print(f"{number} of {planned} cases, {number / (now - start):.0f} a second")
        if now > deadline:
            return


def _reported(results: Iterable[SimulatedResult]) -> int:
    """Print each case that broke a law, with its trace; returns how many there were."""
    broken = 0
    for result in results:
        if result.trace:
            _print(result.trace)
        if result.breaches:
            broken += 1
            _print("\n".join([f"VIOLATED  {result.case}", *(f"  law: {each}" for each in result.breaches)]))
            _print(f"  play it again: python -m proof simulate --case '{result.case}'")
    return broken


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
