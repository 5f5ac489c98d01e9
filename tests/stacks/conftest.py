from collections.abc import Callable
from functools import cache

import pytest

from stacks.settings import STAGES
from tests.stacks.synthesis import Synthesis, synthesize

Synthesize = Callable[[str], Synthesis]


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Synthesize a stage, once. All tests that use it are in one group, so only one worker does."""
    return cache(lambda stage: synthesize(stage, tmp_path_factory.mktemp(stage)))


@pytest.fixture(scope="session", params=STAGES)
def stage(request: pytest.FixtureRequest, synthesized: Synthesize) -> Synthesis:
    return synthesized(request.param)


@pytest.fixture(scope="session", params=["dev", "prod"])
def cloud(request: pytest.FixtureRequest, synthesized: Synthesize) -> Synthesis:
    return synthesized(request.param)


@pytest.fixture(scope="session")
def local(synthesized: Synthesize) -> Synthesis:
    return synthesized("local")


@pytest.fixture(scope="session")
def dev(synthesized: Synthesize) -> Synthesis:
    return synthesized("dev")


@pytest.fixture(scope="session")
def prod(synthesized: Synthesize) -> Synthesis:
    return synthesized("prod")
