"""The assets contain everything that a function needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proof.bench.lambda_packages import OF_THE_RUNTIME, link_packages
from stacks.constructs.dependency_layer import Target, layer_folder
from stacks.constructs.python_function import code_folder
from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

IMPORT_ALL = """
import importlib, json, sys
paths, handlers = json.loads(sys.argv[1])
sys.path.extend(paths)
for handler in handlers:
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), handler
"""


@pytest.fixture(scope="session")
def runtime_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of Lambda's Python runtime only."""
    folder = tmp_path_factory.mktemp("runtime")
    link_packages(folder, OF_THE_RUNTIME)
    return folder


def test_handlers_import_with_only_asset_layer_and_runtime(prod: Synthesis, runtime_packages: Path) -> None:
    # Given
    host = Target(python_version=f"{sys.version_info.major}.{sys.version_info.minor}", platform=None)
    paths = [code_folder(embedded=False), layer_folder(host) / "python", runtime_packages]
    handlers = [function["Handler"] for function in prod.functions().values()]

    # When
    arguments = json.dumps([list(map(str, paths)), handlers])
    imports = subprocess.run(  # noqa: S603 - no shell, and nothing in it comes from outside
        [sys.executable, "-I", "-S", "-B", "-c", IMPORT_ALL, arguments],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )

    # Then
    assert imports.returncode == 0, imports.stderr


def test_in_the_cloud_the_asset_is_the_package_only() -> None:
    asset = code_folder(embedded=False)

    assert [path.name for path in asset.iterdir()] == ["lambdas"]
    assert not list(asset.rglob("__pycache__"))


def test_all_functions_of_a_stage_share_one_asset(stage: Synthesis) -> None:
    assert len({function["Code"]["S3Key"] for function in stage.functions().values()}) == 1
