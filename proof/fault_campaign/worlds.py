"""Plays cases in several worlds at once, each in a process of its own with nobody else in it."""

import multiprocessing
import time
import traceback
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.queues import Queue
from typing import Final, Self, TypeAlias

from local.processes import StartFailed
from local.world import World, embedded_world
from proof.fault_campaign.case import Case
from proof.fault_campaign.outcome import Outcome
from proof.fault_campaign.play import play
from proof.fault_campaign.tempo import quick_pace
from proof.promises import broken_promises, tell_story
from proof.reconciliation import reconcile

WAIT_SCALE: Final = 0.02
"""Retries wait a fiftieth of what they wait on AWS."""

_CASES_PER_WORLD: Final = 150
"""localstripe becomes slower with every payment that it keeps."""

_spawning = multiprocessing.get_context("spawn")

_Tasks: TypeAlias = "Queue[Case | None]"
_Outcomes: TypeAlias = "Queue[Outcome | list[str] | StartFailed]"


class Worlds:
    """Some worlds that wait for cases. Use it as a context manager.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._tasks: _Tasks = _spawning.Queue()
        self._outcomes: _Outcomes = _spawning.Queue()
        self._processes = [
            _spawning.Process(target=_work, args=(n, self._tasks, self._outcomes), daemon=True)
            for n in range(1, count + 1)
        ]

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()  # its world ends with it
        for process in self._processes:
            process.join()

    def play(self, cases: Iterable[Case]) -> Iterator[Outcome]:
        """Play cases, and yield what they came to as it comes; cases are asked for when they are needed.

        Raises:
            StartFailed: A world can't start.
        """
        waiting = iter(cases)
        under_way = 0
        while True:
            room = len(self._processes) + 1 - under_way
            for case in islice(waiting, room):
                self._tasks.put(case)
                under_way += 1
            if not under_way:
                return
            outcome = self._outcomes.get()
            if isinstance(outcome, StartFailed):
                raise outcome
            if isinstance(outcome, Outcome):
                under_way -= 1
                yield outcome

    def close(self) -> list[str]:
        """Play no more, and look at all orders once more.

        Returns:
            What was in order when its case was over, and broke later.
        """
        for _ in self._processes:
            self._tasks.put(None)
        late: list[str] = []
        for _ in self._processes:
            outcome = self._outcomes.get()
            late += outcome if isinstance(outcome, list) else [str(outcome)]
        return late


def _work(n: int, tasks: _Tasks, outcomes: _Outcomes) -> None:
    """Play the cases that come, in one world after the other."""
    late: list[str] = []
    is_over = False
    try:
        while not is_over:
            with embedded_world(f"faults-{n}", wait_scale=WAIT_SCALE) as world, quick_pace(world):
                is_over = _play_some(world, tasks, outcomes, late)
        outcomes.put(late)
    except StartFailed as error:
        outcomes.put(error)


def _play_some(world: World, tasks: _Tasks, outcomes: _Outcomes, late: list[str]) -> bool:
    """Play cases until the world has had enough of them, or something in it is broken.

    Returns:
        Whether there are no more.
    """
    played: list[Outcome] = []
    for _ in range(_CASES_PER_WORLD):
        case = tasks.get()
        if case is None or case.restarts:  # a restart empties the mailboxes
            late += _broken_later(world, played)
            played.clear()
        if case is None:
            return True
        outcome = _played(world, case)
        outcomes.put(outcome)
        if outcome.breaches:
            break
        played.append(outcome)
    late += _broken_later(world, played)
    return False


def _played(world: World, case: Case) -> Outcome:
    """What a case came to; one that can't be played is a violation like any other."""
    start = time.monotonic()
    try:
        return play(world, case, cold=not case.injections)
    except Exception as error:  # noqa: BLE001 - whatever it is, the campaign goes on
        return Outcome(
            case=case,
            order_id="",
            status="none",
            recovered=False,
            reconciled=False,
            operator_called=False,
            struck=[],
            breaches=[f"the case could not be played: {error!r}"],
            evidence=traceback.format_exc(),
            calls=[],
            seconds=time.monotonic() - start,
        )


def _broken_later(world: World, played: Iterable[Outcome]) -> list[str]:
    """What is no longer in order; the reconciliation, which has its own way to look, must find nothing."""
    broken = [f"the reconciliation finds {finding}" for finding in reconcile(world).findings]
    for outcome in played:
        story = tell_story(world, outcome.order_id)
        breaches = broken_promises(story) if story else ["its record is gone"]
        broken += [f"{outcome.case}: later {breach}" for breach in breaches]
    return broken
