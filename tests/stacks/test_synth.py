"""A synth needs no network and no account."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.constructs.build_folder import PROJECT
from tests.stacks.synthesis import Synthesis, synthesize

pytestmark = pytest.mark.xdist_group("stacks")

OFFLINE_PYTHON = """
import runpy, pytest_socket
pytest_socket.disable_socket()
runpy.run_path("app.py", run_name="__main__")
"""

OFFLINE_NODE = """
const refuse = () => { throw new Error("a synth wants to reach the network"); };
require("net").Socket.prototype.connect = refuse;
require("dns").lookup = refuse;
"""


def test_it_works_without_a_network_and_an_account(prod: Synthesis, tmp_path: Path) -> None:
    # Given: the layer is there, because `prod` was synthesized before
    (tmp_path / "offline.cjs").write_text(OFFLINE_NODE)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],  # where jsii keeps the CDK unpacked
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NODE_OPTIONS": f"--require {tmp_path / 'offline.cjs'}",
        "CDK_CONTEXT_JSON": json.dumps({"stage": "prod"}),
        "CDK_OUTDIR": str(tmp_path / "cdk.out"),
    }

    # When
    synth = subprocess.run(  # noqa: S603 - no shell, and nothing in it comes from outside
        [sys.executable, "-c", OFFLINE_PYTHON],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    # Then
    assert synth.returncode == 0, synth.stderr
    templates = {path.name for path in (tmp_path / "cdk.out").glob("*.template.json")}
    assert templates == {f"{name}.template.json" for name in prod.templates()}


def test_no_stack_is_bound_to_an_account_or_region(stage: Synthesis) -> None:
    assert {stack.environment.name for stack in stage.app.synth().stacks} == {
        "aws://unknown-account/unknown-region"
    }


def test_a_second_synth_gives_the_same_templates(stage: Synthesis, tmp_path: Path) -> None:
    assert synthesize(stage.stage, tmp_path).templates() == stage.templates()
