"""The process is prepared for simulations."""

from collections.abc import Iterator

import pytest

from proof.simulation.simulated_world import installed


@pytest.fixture(scope="package", autouse=True)
def simulation() -> Iterator[None]:
    with installed():
        yield
