"""Synthesis needs no network and no account, and always gives the same templates."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.constructs.build_folder import PROJECT
from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

OFFLINE_PYTHON = """
import runpy, pytest_socket
pytest_socket.disable_socket()
runpy.run_path("app.py", run_name="__main__")
"""

OFFLINE_NODE = """
const refuse = () => { throw new Error("synthesis tried to reach the network"); };
require("net").Socket.prototype.connect = refuse;
require("dns").lookup = refuse;
"""


def test_the_app_gives_the_same_templates_offline_and_without_account(
    cloud: Synthesis, tmp_path: Path
) -> None:
    # Given: a built layer, because the stage has been synthesized
    (tmp_path / "offline.cjs").write_text(OFFLINE_NODE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NODE_OPTIONS": f"--require {tmp_path / 'offline.cjs'}",
        "CDK_CONTEXT_JSON": json.dumps(cloud.app.node.get_all_context()),
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
    assert Synthesis(cloud.stage, cloud.app, tmp_path / "cdk.out").templates() == cloud.templates()


def test_a_changed_asset_is_one_line_of_each_function_in_a_diff() -> None:
    """Without the setting, `cdk diff` shows its path in the cloud assembly, too."""
    assert json.loads((PROJECT / "cdk.json").read_text())["assetMetadata"] is False


def test_stacks_are_bound_to_the_account_and_region_of_their_stage(stage: Synthesis) -> None:
    """A deployment of prod with the credentials of another account is refused."""
    expected = {"prod": "aws://123456789012/eu-central-1"}
    environments = {stack.environment.name for stack in stage.app.synth().stacks}

    assert environments == {expected.get(stage.stage, "aws://unknown-account/unknown-region")}
