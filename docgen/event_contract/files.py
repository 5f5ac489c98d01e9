"""Files that hold the contract of the order events."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from docgen.event_contract.asyncapi import asyncapi
from docgen.event_contract.registry import registry_schemas
from docgen.event_contract.schemas import detail_schemas
from local.processes import REPOSITORY

FOLDER: Final = REPOSITORY / "docs" / "events"


def event_contract_files() -> dict[Path, str]:
    """Build the text of each file."""
    return {
        FOLDER / "asyncapi.json": _text(asyncapi()),
        **{FOLDER / f"{event}.schema.json": _text(each) for event, each in detail_schemas().items()},
        **{FOLDER / "registry" / f"{event}.json": _text(each) for event, each in registry_schemas().items()},
    }


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
