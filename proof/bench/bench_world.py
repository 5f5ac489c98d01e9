"""The embedded run in which parts of the bench measure."""

from contextlib import ExitStack
from functools import cached_property

from local.world import World, embedded_world, spoken
from proof.bench.floor import Floor


class BenchWorld:
    """A world that starts when the first part needs it, and that all later parts share.

    Args:
        stack: Ends the world with the bench.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    @cached_property
    def world(self) -> World:
        """The world."""
        return self._stack.enter_context(embedded_world("bench", progress=spoken))

    @cached_property
    def floor(self) -> Floor:
        """The machine with functions that do nothing, in this world."""
        return Floor.deploy(self.world)
