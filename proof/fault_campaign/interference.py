"""Sets the faults of a case, and does what no proxy can: stop executions while a call is held."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from threading import Event
from typing import Final

from botocore.exceptions import ClientError

from local.world import World
from proof.fault_campaign.case import Injection

_OF_COLD_WORKERS: Final = "secretsmanager"
"""A worker reads a secret once, and then remembers it for minutes."""

_AWS_SILENCE_SECONDS: Final = 3.5
_STRIPE_SILENCE_SECONDS: Final = 5.5
"""Half a second longer than the functions wait for an answer."""

_PAUSE_SECONDS: Final = 0.02
_STREAMS_READ_SECONDS: Final = 2.0


@contextmanager
def interfering(world: World, injections: Sequence[Injection]) -> Iterator[None]:
    """Let things go wrong, once each, as long as the context lasts."""
    for function in {each.name.partition(":")[0] for each in injections if _OF_COLD_WORKERS in each.name}:
        world.faults.kill_workers(function)
    world.faults.begin_recording()
    for injection in injections:
        world.faults.set_fault(
            injection.fault,
            injection.name,
            n=injection.n,
            times=None if injection.lasts is not None or injection.kind == "restart" else 1,
            lasts=injection.lasts,
            seconds=_STRIPE_SILENCE_SECONDS if ": stripe " in injection.name else _AWS_SILENCE_SECONDS,
        )
    acts = [_ACTS[each.kind] for each in injections if each.kind in _ACTS]
    with _acting_when_held(world, acts) if acts else nullcontext():
        try:
            yield
        finally:
            world.faults.clear()


@contextmanager
def _acting_when_held(world: World, acts: Sequence[Callable[[World], None]]) -> Iterator[None]:
    """Whenever a call is held, do what is next, and let the call go on."""
    over = Event()

    def act_when_held() -> None:
        for act in acts:
            while not world.faults.held():
                if over.wait(_PAUSE_SECONDS):
                    return
            act(world)
            world.faults.release()

    with ThreadPoolExecutor(max_workers=1) as executor:
        acting = executor.submit(act_when_held)
        try:
            yield
        finally:
            over.set()
            acting.result()


def _stop_executions(world: World) -> None:
    """Stop all that run: there is one order in the world that is on its way."""
    for name in world.executions.names(running=True):
        with suppress(ClientError):  # it has ended just now
            world.executions.stop(name)


def _restart_aws(world: World) -> None:
    """Restart the embedded AWS; the processes of its functions do not outlive it.

    It would lose what is in the streams and nobody has read yet, so that is waited for.
    """
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _STREAMS_READ_SECONDS:
        if world.faults.under_way() > world.faults.held():
            quiet_since = time.monotonic()
        time.sleep(_PAUSE_SECONDS)
    world.emulator.restart(meanwhile=world.faults.kill_workers)
    world.faults.clear()  # it holds all tries of that call


_ACTS: Final[Mapping[str, Callable[[World], None]]] = {"stop": _stop_executions, "restart": _restart_aws}
