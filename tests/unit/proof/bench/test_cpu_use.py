"""The CPU time of a world's processes, which are told apart by what they run."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from local.emulator import Emulator
from local.processes import ProcessGroup
from proof.bench.cpu_use import EMULATOR, OTHER, PROXY, CpuUse, role_of

USE = CpuUse({"charge_payment": 0.3, EMULATOR: 2.0, "submit_order": 0.1, PROXY: 0.00001}, workers_started=0)


def test_only_workers_count_as_functions() -> None:
    assert round(USE.of_functions, 3) == 0.4


def test_the_time_for_each_order_is_in_milliseconds_the_largest_first() -> None:
    assert list(USE.milliseconds_each(10).items()) == [
        (EMULATOR, 200.0),
        ("charge_payment", 30.0),
        ("submit_order", 10.0),
    ]


def process(*command: str, **environ: str) -> psutil.Process:
    return cast(psutil.Process, SimpleNamespace(environ=lambda: environ, cmdline=lambda: list(command)))


def command_of_the_emulator(folder: Path) -> list[str]:
    started: list[list[str]] = []
    processes: Any = SimpleNamespace(
        folder=folder, start=lambda _name, command, **_options: started.append(command)
    )
    Emulator(cast(ProcessGroup, processes), 4566, seen_by_functions="http://proxy", wait_scale=1)
    return started[0]


def test_the_emulated_aws_is_found_by_the_program_that_is_started(tmp_path: Path) -> None:
    assert role_of(process(*command_of_the_emulator(tmp_path))) == EMULATOR


@pytest.mark.parametrize(
    ("command", "role"), [(["python", "-m", "local.fault_proxy"], PROXY), (["python", "-m", "pytest"], OTHER)]
)
def test_another_process_is_found_by_its_module(command: list[str], role: str) -> None:
    assert role_of(process(*command)) == role


def test_a_worker_has_the_name_of_its_function() -> None:
    worker = process("python", "-m", "awslambdaric", AWS_LAMBDA_FUNCTION_NAME="orders-local-charge_payment")

    assert role_of(worker) == "charge_payment"
