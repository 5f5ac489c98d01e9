"""Reads a state machine's definition: the YAML file as the JSON that is deployed.

The stacks, the linter of the laws, asl-validator and the diagram all read it here.
"""

from pathlib import Path
from typing import Any, Final

import yaml

Definition = dict[str, Any]
"""Amazon States Language, as JSON data."""

_FOLDER: Final = Path(__file__).parent
_SHARED: Final = "x-shared"


def read_definition(name: str) -> Definition:
    """Read `statemachines/{name}.asl.yaml`.

    Returns:
        New JSON data on each call, in which no two states share an object: a caller may change it.
    """
    document = yaml.safe_load((_FOLDER / f"{name}.asl.yaml").read_text(encoding="utf-8"))
    return {key: _unshared(value) for key, value in document.items() if key != _SHARED}


def _unshared(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    """Copy a value; a list in `ErrorEquals` that stands for several names becomes those names."""
    match value:
        case {"ErrorEquals": [*errors], **rest}:
            names = [name for error in errors for name in (error if isinstance(error, list) else [error])]
            return {"ErrorEquals": names, **_unshared(rest)}
        case dict():
            return {key: _unshared(each) for key, each in value.items()}
        case list():
            return [_unshared(each) for each in value]
    return value
