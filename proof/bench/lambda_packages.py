"""A folder with the packages that a function finds in Lambda, and no others.

Some packages import others if they are installed, so with this project's whole environment a function would
import more than in the cloud.
"""

import re
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from stacks.constructs.dependency_layer import REQUIREMENTS

OF_THE_RUNTIME: Final = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
"""The packages of Lambda's Python runtime that functions can import."""

OF_THE_CLIENT: Final = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""AWS's runtime client."""


def of_the_layer() -> list[str]:
    """The packages of the layer, from its lock file."""
    return re.findall(r"^([\w.-]+)==", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)


def link_packages(folder: Path, names: Iterable[str]) -> None:
    """Let a folder have installed packages, as links."""
    for name in names:
        for file in distribution(name).files or []:
            top = file.parts[0]
            if not (folder / top).exists() and not top.startswith(".."):
                (folder / top).symlink_to(Path(str(distribution(name).locate_file(top))))
