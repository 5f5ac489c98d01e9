"""A running stage says which version of the app it is."""

import re
import tomllib

from stacks.constructs.build_folder import PROJECT
from stacks.version import app_version
from tests.stacks.synthesis import Synthesis


def test_the_version_stands_once_in_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert app_version() == project["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev0)?", app_version())


def test_each_stack_and_each_function_has_the_version(stage: Synthesis) -> None:
    for name, template in stage.templates().items():
        assert template["Outputs"]["Version"]["Value"] == app_version(), name
    for name, function in stage.functions().items():
        assert function["Environment"]["Variables"]["SERVICE_VERSION"] == app_version(), name
