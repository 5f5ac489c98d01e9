"""The world of the tests with faults."""

from collections.abc import Iterator

import pytest

from local.world import World
from proof.fault_campaign.waits import shortened_waits


@pytest.fixture(scope="module")
def quick_world(world: World) -> Iterator[World]:
    with shortened_waits(world):
        yield world
