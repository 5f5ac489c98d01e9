"""The command line `orders` as a process, for the tests with the deployed app."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.processes import REPOSITORY
from local.run import run_file_content
from local.world import World

Orders = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def orders(world: World, tmp_path: Path) -> Orders:
    """Starts `orders` as on a machine where `make run` serves."""
    run_file = tmp_path / "run.json"
    run_file.write_text(json.dumps(run_file_content(world)))
    environ = os.environ | {
        "ORDERS_RUN_FILE": str(run_file),
        "XDG_CACHE_HOME": str(tmp_path),
        "ORDERS_PASSWORD": world.users.password,
        "AWS_ENDPOINT_URL": world.endpoint_url,
        "AWS_REGION": world.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }

    def start(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "cli", *arguments],
            cwd=REPOSITORY,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def result_of(process: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - any JSON
    """The JSON that a successful command prints."""
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    return json.loads(stdout) if stdout else None
