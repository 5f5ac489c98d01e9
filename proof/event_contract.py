"""Checks events against the schemas that are published for consumers."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from local.processes import REPOSITORY
from proof.port import PlayedStage

_SCHEMAS: Final = REPOSITORY / "docs" / "events"


def breaches(detail_type: str, detail: Mapping[str, Any]) -> list[str]:
    """What an event has that its schema does not permit, each in a sentence.

    A published schema permits fields that it does not name, because consumers must. Here they are breaches.

    Args:
        detail_type: Its type.
        detail: Its detail, as read from JSON or from DynamoDB.
    """
    if not (_SCHEMAS / f"{detail_type}.schema.json").exists():
        return [f"{detail_type} has no schema"]
    plain = json.loads(json.dumps(detail, default=int))  # DynamoDB's numbers are decimals
    errors = _validator(detail_type).iter_errors(plain)
    return [f"{detail_type}: {error.json_path}: {error.message}" for error in errors]


def published_breaches(world: PlayedStage) -> list[str]:
    """The breaches of all events that a world has published: the audit keeps them whole."""
    return [each for event in world.items("audit") for each in breaches(event["event"], event["detail"])]


@cache
def _validator(detail_type: str) -> Draft202012Validator:
    schema = json.loads((_SCHEMAS / f"{detail_type}.schema.json").read_text(encoding="utf-8"))
    for each in (schema, *schema["$defs"].values()):
        each["additionalProperties"] = False
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
