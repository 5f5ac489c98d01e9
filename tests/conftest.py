"""What all tests share: which of them may use sockets, and the deployed app that some need."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from local.processes import tool_path
from local.world import World, embedded_world

# The project's own node and cdk, whoever starts the tests: jsii, too, looks for `node` on the PATH.
os.environ["PATH"] = tool_path()
os.environ["JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION"] = "1"

_TESTS = Path(__file__).parent
_IN_PROCESS = (_TESTS / "unit", _TESTS / "stacks")

_WAIT_SCALE: Final = 0.02
"""Retries wait a fiftieth of what they wait on AWS: the longest budget of an undo is 5 s then."""

_PAYMENT_DEADLINE_SECONDS: Final = 15
"""Long enough for a customer who is a test, on a machine that is busy."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests: who runs without sockets, who together in one process, who last.

    A folder of tests that need the deployed app stays together, so each process deploys it once at most.
    """
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in _IN_PROCESS):
            item.add_marker("disable_socket")  # the marker `enable_socket` lets a test out
        else:
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(_TESTS).parts[0]))
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests found out (`record_property`), such as how many cases there were."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def world(worker_id: str) -> Iterator[World]:
    """The app, deployed into the embedded run; one for all tests of a process that need it."""
    with embedded_world(
        f"tests-{worker_id}", wait_scale=_WAIT_SCALE, payment_deadline_seconds=_PAYMENT_DEADLINE_SECONDS
    ) as world:
        yield world
