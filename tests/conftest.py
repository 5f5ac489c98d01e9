"""What all tests share: which of them may use sockets, and the deployed app that some need."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from local.processes import tool_path
from local.world import World, embedded_world
from proof.event_contract import published_breaches

# The project's own node and cdk come first, also when pytest runs without make; jsii looks for `node`, too.
os.environ["PATH"] = tool_path()
os.environ["JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION"] = "1"

_TESTS = Path(__file__).parent
_IN_PROCESS: Final = (_TESTS / "unit", _TESTS / "stacks")
_BROWSER: Final = _TESTS / "browser"
_LONG: Final = (_TESTS / "saga" / "test_journeys.py", _TESTS / "faults", _TESTS / "e2e")
"""Tests with a world of their own; all other tests of the deployed app share one."""

_CONTRACT: Final = _TESTS / "e2e" / "test_contract.py"
"""Its hundreds of payments make every later reconciliation longer."""

_ALARM_TABLE: Final = _TESTS / "saga" / "test_alarm_table.py"
"""It looks at the whole world: what other tests leave behind, such as a finding, would raise alarms."""

_WAIT_SCALE: Final = 0.02
"""Retries wait a fiftieth of the time on AWS; the longest retries of an undo take 5 s."""

_PAYMENT_DEADLINE_SECONDS: Final = 15
"""Long enough for a test that acts as the customer on a busy machine."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Number of processes: one per core for `logical`, one more for `auto`.

    The processes that need the deployed app wait more than they compute: with one process per core, the cores
    were busy for 54 % of the time.
    """
    cores = os.cpu_count() or 2
    return cores + 1 if config.option.numprocesses == "auto" else cores


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Decide which tests may use sockets, and which share a process.

    Tests that need the deployed app are in four groups, and a process deploys it once for its groups. Tests
    that need only a browser are one. pytest-xdist begins with the largest groups, so the processes share the
    many other tests at the end.
    """
    items.sort(key=lambda item: (item.path == _CONTRACT) - (item.path == _ALARM_TABLE))
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in _IN_PROCESS):
            item.add_marker("disable_socket")  # `enable_socket` overrides it
        elif item.path.is_relative_to(_BROWSER) and "world" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))
        else:
            world = next((place.stem for place in _LONG if item.path.is_relative_to(place)), "others")
            item.add_marker(pytest.mark.xdist_group(world))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded with `record_property`, such as the number of generated cases."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def world(worker_id: str) -> Iterator[World]:
    """The app, deployed into the embedded run once for all tests of this process.

    Every event that these tests cause must conform to its schema.
    """
    with embedded_world(
        f"tests-{worker_id}", wait_scale=_WAIT_SCALE, payment_deadline_seconds=_PAYMENT_DEADLINE_SECONDS
    ) as world:
        yield world
        assert published_breaches(world) == []
