"""`make rolling`: deploys this release over the previous one, and back, while orders are in every state."""

import gc
import multiprocessing
import os
import random
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Final

from local.processes import REPOSITORY
from proof.fault_campaign.case import Case
from proof.journeys import JOURNEYS
from proof.results_in_docs import write_results
from proof.rolling import embedded
from proof.rolling.mixture import Direction, Mixture, MixtureResult, UnderWay, moments, play_mixture
from proof.rolling.releases import NoSuchRelease, ReleasedCode, find_release
from proof.rolling.report import MixtureReport
from proof.simulation.play_case import play_case
from proof.simulation.release import CURRENT, Release
from proof.simulation.simulated_world import installed

DOCUMENT: Final = REPOSITORY / "docs" / "rolling-deploy.md"

_DRAWS: Final = 20
"""How often each journey is played with both releases at work: chance decides about each invocation."""

_AT_ONCE: Final = 8
_TAKEN_BY_A_PROCESS: Final = 50
"""Cases that a process takes at once, and how many such batches: see `proof.simulation.command`."""

_SHOWN: Final = 5
"""Mixtures that broke a law are shown with their traces, so many of them."""

_installation = ExitStack()
_forking = multiprocessing.get_context("fork")


def main(arguments: Namespace) -> int:
    """Play all mixtures.

    Returns:
        The exit code: 0 if no law was broken, 1 if one was, 2 if the code of the release is not at hand.
    """
    if arguments.embedded:
        return embedded.main(arguments)
    try:
        released = find_release(arguments.release)
        previous = released.load()
    except NoSuchRelease as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _print(f"Mixtures of this release and of {released.name} ({released.commit[:12]})")
    report, unknown, shown = MixtureReport(), list[str](), 0
    with _forking.Pool(os.cpu_count(), _prepare, (previous,), maxtasksperchild=_TAKEN_BY_A_PROCESS) as pool:
        mixtures = list[Mixture]()
        journeys = arguments.journeys.split(",") if arguments.journeys else [each.key for each in JOURNEYS]
        planned = pool.imap(partial(mixtures_of, previous, released.journeys()), journeys)
        for journey, found in zip(journeys, planned, strict=True):
            mixtures += found
            unknown += [] if found[0].promised else [journey]
        random.Random(1).shuffle(mixtures)  # noqa: S311 - it must be repeatable
        deadline = time.monotonic() + arguments.minutes * 60
        _print(f"Playing {len(mixtures):,} mixtures ...")
        play = partial(play_mixture, previous=previous)
        for result in pool.imap_unordered(play, mixtures, chunksize=_AT_ONCE):
            if time.monotonic() > deadline:
                break
            report.add(result)
            if result.breaches and result.mixture.promised:
                shown += 1
                _show(result, traced=shown <= _SHOWN)
    text = _text(released, report, len(mixtures), unknown)
    _print(f"\n{text}")
    if not report.broken.total() and not arguments.journeys and arguments.release is None:
        write_results("results of the mixtures", text, DOCUMENT)
    return int(report.broken.total() > 0)


def mixtures_of(previous: Release, known: Collection[str], journey: str) -> list[Mixture]:
    """All mixtures of a journey; only rollbacks, and no promise, if the previous release lacks it.

    One release replaces the other at each call of a function that the first one makes.
    """
    alone = play_case(Case(journey), prepare=lambda world: world.deploy(previous))
    is_known = journey in known and not alone.breaches and not alone.interrupted
    mixture = partial(Mixture, journey, promised=is_known, usual_periods=alone.periods)
    upgrade, rollback = (Direction.UPGRADE, previous), (Direction.ROLLBACK, CURRENT)
    return [
        *(mixture(Direction.BOTH, draw=draw) for draw in range(_DRAWS if is_known else 0)),
        *(
            mixture(direction, at_ms, under_way)
            for direction, release in ((upgrade, rollback) if is_known else (rollback,))
            for at_ms in moments(journey, release)
            for under_way in UnderWay
        ),
    ]


def _prepare(previous: Release) -> None:
    """Prepare a process of the pool for simulations; it needs no way back, and the pool ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    _installation.enter_context(installed(previous))


def _text(released: ReleasedCode, report: MixtureReport, planned: int, unknown: Sequence[str]) -> str:
    """The results, in Markdown."""
    counts = ", ".join(
        f"{report.played[each]:,} {words}, {report.broken[each]:,} violations"
        for each, words in (
            (Direction.UPGRADE, "upgrades"),
            (Direction.ROLLBACK, "rollbacks"),
            (Direction.BOTH, "with both at work from the beginning to the end"),
        )
    )
    day = datetime.now(UTC).date().isoformat()
    total = report.played.total() + report.not_promised
    lacking = (
        f"The other {report.not_promised:,} rollbacks are those of orders that use what {released.name} lacks"
        f" ({', '.join(unknown)}): {report.not_kept:,} of them break a law."
    )
    return "\n".join(
        [
            f"`make rolling` on {day}, this release and {released.name}: {total:,} of {planned:,} mixtures.",
            f"{counts[:1].upper()}{counts[1:]}.",
            *([lacking] if unknown else []),
            "",
            report.table(),
        ]
    )


def _show(result: MixtureResult, *, traced: bool) -> None:
    _print(f"VIOLATED  {result.mixture}, orders in {', '.join(result.places) or 'no state'}")
    if traced:
        _print(result.trace)
    _print("\n".join(f"  law: {each}" for each in result.breaches))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
