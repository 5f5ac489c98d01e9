"""The version of the app, which stands once: in `pyproject.toml`."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def app_version() -> str:
    """Read the version, such as `1.2.0`."""
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])
