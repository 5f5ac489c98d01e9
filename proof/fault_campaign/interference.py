"""Injects the faults of a case; stops executions and restarts AWS, which the fault proxy can't do."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from threading import Event
from typing import Final

from botocore.exceptions import ClientError

from local.fault_proxy.faults import Fault
from local.world import World
from proof.fault_campaign.case import Injection

_OF_COLD_WORKERS: Final = "secretsmanager"
"""A worker reads a secret when it starts, and again after minutes. So a fault there needs a new worker."""

_PAUSE_SECONDS: Final = 0.02
_STREAMS_READ_SECONDS: Final = 2.0
"""After these seconds without a call, all stream records have been read."""

Intervention = Callable[[World], None]


@contextmanager
def interfering(world: World, injections: Sequence[Injection]) -> Iterator[None]:
    """Make these injections, as long as the context lasts."""
    for function in {each.name.partition(":")[0] for each in injections if _OF_COLD_WORKERS in each.name}:
        world.faults.kill_workers(function)
    world.faults.begin_recording()
    for injection in injections:
        world.faults.inject(injection.fault)
    interventions = [
        (each.fault, _INTERVENTIONS[each.kind]) for each in injections if each.kind in _INTERVENTIONS
    ]
    with _intervening(world, interventions) if interventions else nullcontext():
        try:
            yield
        finally:
            world.faults.clear()


@contextmanager
def _intervening(world: World, interventions: Sequence[tuple[Fault, Intervention]]) -> Iterator[None]:
    """Intervene as soon as a fault holds a call; then let the call go on."""
    over = Event()

    def intervene_when_held() -> None:
        waiting = list(interventions)
        while waiting and not over.wait(_PAUSE_SECONDS):
            for fault, intervene in list(waiting):
                if world.faults.held(fault):
                    intervene(world)
                    world.faults.lift(fault)
                    waiting.remove((fault, intervene))

    with ThreadPoolExecutor(max_workers=1) as executor:
        running = executor.submit(intervene_when_held)
        try:
            yield
        finally:
            over.set()
            running.result()


def _stop_executions(world: World) -> None:
    """Stop all running executions; one order runs in the world at a time."""
    for name in world.executions.names(running=True):
        with suppress(ClientError):  # it has ended just now
            world.executions.stop(name)


def _restart_aws(world: World) -> None:
    """Restart the embedded AWS, and kill its workers.

    A restart loses the records of a stream that were not read yet, so it waits until all are read.
    """
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _STREAMS_READ_SECONDS:
        if world.faults.under_way() > world.faults.held():
            quiet_since = time.monotonic()
        time.sleep(_PAUSE_SECONDS)
    world.emulator.restart(meanwhile=world.faults.kill_workers)


_INTERVENTIONS: Final[Mapping[str, Intervention]] = {"stop": _stop_executions, "restart": _restart_aws}
