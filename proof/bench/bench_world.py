"""The embedded run in which parts of the bench measure.

The emulated AWS invokes the functions of all streams one after the other in one thread. In the stage `local`
each invocation has one record, because there only a batch of one can fail alone. So the streams decide how
many orders a second are possible. The bench injects no faults, and its streams have the batches of `prod`.
"""

from contextlib import ExitStack
from functools import cached_property
from typing import Final

from local.catalogue import SAMPLE_STOCK
from local.world import World, embedded_world, spoken
from proof.bench.floor import Floor
from proof.orders import an_order
from stacks.settings import STAGES

_INVOCATIONS: Final = 64
"""Invocations at once: 32 orders in flight need one each, beside their events and webhooks."""

_UNITS: Final = 100_000


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
        world = self._stack.enter_context(
            embedded_world("bench", progress=spoken, concurrent_invocations=_INVOCATIONS)
        )
        _take_batches(world)
        _fill_the_shelves(world)
        return world

    @cached_property
    def floor(self) -> Floor:
        """The machine with functions that do nothing, in this world."""
        return Floor.deploy(self.world)


def _take_batches(world: World) -> None:
    """Let the streams invoke their functions with batches, as in the stage `prod`."""
    functions = world.aws.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if "/stream/" in mapping["EventSourceArn"]:
            functions.update_event_source_mapping(
                UUID=mapping["UUID"], BatchSize=STAGES["prod"].stream_batch_size
            )


def _fill_the_shelves(world: World) -> None:
    """Stock what the bench orders, so that no measurement sells it out."""
    for sku in {item["sku"] for item in an_order()["items"]}:
        world.shop.stock(sku, {**SAMPLE_STOCK[sku], "available": _UNITS})
