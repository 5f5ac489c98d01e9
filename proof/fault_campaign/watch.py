"""Watches whether anything happens in a world, and runs the reconciliation when nothing does."""

import time
from typing import Final

from local.world import World
from proof.run_reconciler import run_reconciler

_IDLE_SECONDS: Final = 7.0
"""Longer than a lock is held, than a recovery waits, and than an order must be idle to be reconciled."""


class WorldWatch:
    """A watch over a world.

    Args:
        world: The world.

    Attributes:
        world: The world.
        reconciliations: Number of reconciliations that were run.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.reconciliations = 0
        self._idle_since = time.monotonic()

    def is_quiet(self) -> bool:
        """Whether no execution runs and no function makes a call.

        After some quiet seconds the reconciliation is run; as deployed, its schedule runs it.
        """
        quiet = self.world.faults.under_way() == 0 and not self.world.executions.names(running=True)
        now = time.monotonic()
        if not quiet:
            self._idle_since = now
        elif now - self._idle_since > _IDLE_SECONDS:
            run_reconciler(self.world)
            self.reconciliations += 1
            self._idle_since = time.monotonic()
        return quiet
