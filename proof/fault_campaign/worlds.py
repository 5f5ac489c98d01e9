"""Runs cases in several worlds at once; each world has its own process, and one order at a time."""

import multiprocessing
import time
import traceback
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.queues import Queue
from typing import Final, Self, TypeAlias

from local.processes import StartFailed
from local.world import World, embedded_world
from proof.event_contract import published_breaches
from proof.fault_campaign.case import Case, CaseResult
from proof.fault_campaign.run_case import run_case
from proof.fault_campaign.waits import shortened_waits
from proof.promises import broken_promises, read_history
from proof.run_reconciler import run_reconciler

WAIT_SCALE: Final = 0.02
"""Retries wait a fiftieth of the time that they wait on AWS."""

_CASES_PER_WORLD: Final = 150
"""The laws and the reconciliation read every payment of a world again after each case."""

_spawning = multiprocessing.get_context("spawn")

_Tasks: TypeAlias = "Queue[Case | None]"
_Results: TypeAlias = "Queue[CaseResult | list[str] | StartFailed]"


class Worlds:
    """Several worlds that run cases. Use it as a context manager.

    Args:
        count: Number of worlds.
    """

    def __init__(self, count: int) -> None:
        self._tasks: _Tasks = _spawning.Queue()
        self._results: _Results = _spawning.Queue()
        self._processes = [
            _spawning.Process(target=_work, args=(n, self._tasks, self._results), daemon=True)
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

    def run(self, cases: Iterable[Case]) -> Iterator[CaseResult]:
        """Run cases, and yield each result as soon as it is there; a case is taken when a world is free.

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
            result = self._results.get()
            if isinstance(result, StartFailed):
                raise result
            if isinstance(result, CaseResult):
                under_way -= 1
                yield result

    def close(self) -> list[str]:
        """Stop all worlds, after a last check of their orders.

        Returns:
            The laws that were kept when their case ended, and are broken now.
        """
        for _ in self._processes:
            self._tasks.put(None)
        late: list[str] = []
        for _ in self._processes:
            result = self._results.get()
            late += result if isinstance(result, list) else [str(result)]
        return late


def _work(n: int, tasks: _Tasks, results: _Results) -> None:
    """Run cases as they come, in one world after the other."""
    late: list[str] = []
    is_over = False
    try:
        while not is_over:
            with embedded_world(f"faults-{n}", wait_scale=WAIT_SCALE) as world, shortened_waits(world):
                is_over = _run_some(world, tasks, results, late)
        results.put(late)
    except StartFailed as error:
        results.put(error)


def _run_some(world: World, tasks: _Tasks, results: _Results, late: list[str]) -> bool:
    """Run cases until the world has run `_CASES_PER_WORLD`, or a law is broken in it.

    Returns:
        Whether there are no more cases.
    """
    earlier: list[CaseResult] = []
    for _ in range(_CASES_PER_WORLD):
        case = tasks.get()
        if case is None or case.restarts:  # a restart empties the mailboxes
            late += _broken_later(world, earlier)
            earlier.clear()
        if case is None:
            return True
        result = _result_of(world, case)
        results.put(result)
        if result.breaches:
            break
        earlier.append(result)
    late += _broken_later(world, earlier)
    return False


def _result_of(world: World, case: Case) -> CaseResult:
    """Run a case; a case that can't run counts as a violation."""
    start = time.monotonic()
    try:
        return run_case(world, case, cold=not case.injections)
    except Exception as error:  # noqa: BLE001 - whatever it is, the campaign goes on
        return CaseResult(
            case=case,
            breaches=[f"the case could not run: {error!r}"],
            evidence=traceback.format_exc(),
            seconds=time.monotonic() - start,
        )


def _broken_later(world: World, results: Iterable[CaseResult]) -> list[str]:
    """What is broken now: promises, contracts of events. The reconciliation must find nothing, either."""
    broken = [f"the reconciliation finds {finding}" for finding in run_reconciler(world).findings]
    broken += published_breaches(world)
    for result in results:
        order = read_history(world, result.order_id)
        breaches = broken_promises(order) if order else [f"order {result.order_id} has no record"]
        broken += [f"{result.case}: later {breach}" for breach in breaches]
    return broken
