"""`orders version`: the version of the command line and of a shop."""

import json
import tomllib
from pathlib import Path

import boto3
import pytest

from cli.exit_codes import ExitCode
from local.processes import REPOSITORY
from tests.unit.cli.conftest import FakeCloudFormation, Run

OWN = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(autouse=True)
def stacks(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The outputs of the stacks of an account, of which a stage has two."""
    outputs = {
        "orders-dev-data": {"Version": "1.2.0", "OrdersTableName": "orders"},
        "orders-dev-api": {"Version": "1.2.0"},
        "orders-dev-pipeline": {"DeployRoleArn": "arn"},
        "orders-devil-api": {"Version": "6.6.6"},
    }
    monkeypatch.setattr(boto3, "client", lambda _service, **_options: FakeCloudFormation(outputs))
    return outputs


def test_the_versions_of_the_command_line_and_of_a_stage_are_shown(orders: Run) -> None:
    assert orders("version", "--stage", "dev").stdout.splitlines() == [f"command line {OWN}", "shop 1.2.0"]


def test_a_stage_that_is_deployed_only_in_part_shows_it(
    orders: Run, stacks: dict[str, dict[str, str]]
) -> None:
    stacks["orders-dev-data"]["Version"] = "1.3.0"

    *_, api, data = orders("version", "--stage", "dev").stdout.splitlines()

    assert (api.split(), data.split()) == (["api", "1.2.0"], ["data", "1.3.0"])


def test_without_a_shop_the_version_of_the_command_line_is_shown(orders: Run, run_file: Path) -> None:
    run_file.unlink()

    assert json.loads(orders("version", "--json").stdout) == {"command_line": OWN, "stacks": {}}


def test_a_stage_that_does_not_exist_has_no_version(orders: Run) -> None:
    result = orders("version", "--stage", "prod")

    assert result.exit_code == ExitCode.UNAVAILABLE
    assert "The stage prod was not found" in result.stderr
