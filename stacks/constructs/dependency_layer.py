"""The Lambda layer with what `requirements/lambda.txt` locks, built without Docker."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from uv import find_uv_bin

from stacks.constructs.build_folder import PROJECT, build_once

REQUIREMENTS = PROJECT / "requirements" / "lambda.txt"

# Not needed at run time, and not the same in every build: scripts carry the builder's path to Python,
# the rest notes how, when and by whom a package was installed.
_NOISE = (
    "bin",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "*.dist-info/uv_cache.json",
    "*.dist-info/uv_build.json",
    ".lock",
)


class LayerBuildError(Exception):
    """The packages of the layer could not be had; the message is the installer's."""


@dataclass(frozen=True)
class Target:
    """The machine that the layer's packages are for.

    Attributes:
        python_version: as in `3.13`.
        platform: a `--python-platform` of `uv pip install`; None for the machine that builds.
    """

    python_version: str
    platform: str | None


LAMBDA = Target(python_version="3.13", platform="aarch64-manylinux2014")


def dependency_layer(scope: Construct) -> lambda_.LayerVersion:
    """Add the layer to a stack.

    Every stack with functions has a layer version of its own, all of the same asset: one version shared
    by export could not be replaced as long as another stack imports it, so no dependency could be updated.
    """
    return lambda_.LayerVersion(
        scope,
        "Dependencies",
        description="Third-party packages, from requirements/lambda.txt",
        code=lambda_.Code.from_asset(str(layer_folder(LAMBDA))),
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[lambda_.Architecture.ARM_64],
    )


def layer_folder(target: Target) -> Path:
    """The layer's content for a target. Only the first call for the same lock file needs the network.

    Raises:
        LayerBuildError: a package could not be had.
    """
    recipe = Path(__file__).read_bytes()
    inputs = b"\0".join((recipe, REQUIREMENTS.read_bytes(), repr(target).encode()))
    return build_once("layer", inputs, lambda folder: build_layer(folder, target))


def build_layer(folder: Path, target: Target) -> None:
    """Write the layer's content into a folder, the same bytes every time.

    Raises:
        LayerBuildError: a package could not be had.
    """
    packages = folder / "python"
    platform = ["--python-platform", target.platform] if target.platform else []
    install = subprocess.run(  # noqa: S603 - no shell, and no argument comes from outside
        [
            *(find_uv_bin(), "pip", "install", "--quiet"),
            *("--target", str(packages), "--python", sys.executable),
            *("--python-version", target.python_version, *platform),
            *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--link-mode", "copy"),
            *("--requirements", str(REQUIREMENTS)),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    if install.returncode != 0:
        reason = " ".join(install.stderr.split())
        raise LayerBuildError(f"can't install {REQUIREMENTS.name} for {target}: {reason}")
    for pattern in _NOISE:
        for path in packages.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":  # what `make` does first, so that a synth needs no network
    layer_folder(LAMBDA)
