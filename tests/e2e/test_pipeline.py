"""The steps of the pipeline against the embedded run."""

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from local.emulator import cdk_environment
from local.processes import REPOSITORY
from local.world import World

SET_UP = (".venv/.ready", "node_modules/.ready", ".build/.layer")
"""What the tests run with is not set up again."""


def test_an_assembly_is_compared_deployed_and_checked_for_drift(world: World, tmp_path: Path) -> None:
    # Given: an assembly of the stage as it is deployed
    stage_file, assembly = tmp_path / "local.toml", tmp_path / "cdk.out"
    settings = world.stage_settings.items()
    stage_file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings))
    context = ("-c", "stage=local", "-c", f"stage_file={stage_file}")
    call(world, "cdk", "synth", "--quiet", "--output", str(assembly), *context)

    # When
    printed = {
        target: call(
            world,
            # Below `make test`, make would also print its folder.
            *("make", "--no-print-directory", *(f"--old-file={file}" for file in SET_UP)),
            *(target, "STAGE=local", f"ASSEMBLY={assembly}", f"OUTPUTS={tmp_path}/outputs.json"),
        )
        for target in ("diff", "deploy", "drift")
    }

    # Then
    assert printed["diff"].startswith("## cdk diff: local\n\n```text\n")
    assert printed["diff"].endswith("\n```\n")
    assert "Number of stacks with differences: 0" in printed["diff"]
    stacks = list(assembly.glob("*.template.json"))
    assert printed["deploy"].count("(no changes)") == len(stacks) > 0
    assert "Number of resources with drift: 0" in printed["drift"]


def call(world: World, *command: str) -> str:
    """Run a command that must succeed, with the AWS settings of the embedded run; returns what it prints."""
    port = urlsplit(world.endpoint_url).port
    assert port is not None
    done = subprocess.run(  # noqa: S603 - the steps of our own pipeline
        command,
        cwd=REPOSITORY,
        env=cdk_environment(port),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
