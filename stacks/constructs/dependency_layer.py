"""The Lambda layer with the packages of `requirements/lambda.txt`, built without Docker."""

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

# Files that differ between builds and that no function needs: scripts name the builder's Python, the others
# record how and when a package was installed.
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
    """The packages of the layer could not be installed; the message is the installer's."""


@dataclass(frozen=True)
class Target:
    """The machine that the packages are for.

    Attributes:
        python_version: Such as `3.13`.
        platform: Value of `uv pip install --python-platform`; None for the machine that builds.
    """

    python_version: str
    platform: str | None


LAMBDA = Target(python_version="3.13", platform="aarch64-manylinux2014")


def dependency_layer(scope: Construct) -> lambda_.LayerVersion:
    """Add the layer to a stack.

    Every stack with functions has its own layer version of the same asset. CloudFormation can't replace an
    exported layer version while another stack imports it, so a shared one would block every update of a
    dependency.
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
    """Return the folder with the layer's content. Only the first call for a lock file needs the network.

    Raises:
        LayerBuildError: A package could not be installed.
    """
    recipe = Path(__file__).read_bytes()
    inputs = b"\0".join((recipe, REQUIREMENTS.read_bytes(), repr(target).encode()))
    return build_once("layer", inputs, lambda folder: build_layer(folder, target))


def build_layer(folder: Path, target: Target) -> None:
    """Write the layer's content into a folder. Two builds are equal byte by byte.

    Raises:
        LayerBuildError: A package could not be installed.
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


if __name__ == "__main__":  # `make` runs it, so that synthesis needs no network
    layer_folder(LAMBDA)
