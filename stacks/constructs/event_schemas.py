"""The schemas of the order events in EventBridge's schema registry, for code bindings in other projects."""

import json
from typing import Final

from aws_cdk import aws_eventschemas as schemas
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE
from stacks.constructs.build_folder import PROJECT
from stacks.settings import StageSettings

_FOLDER: Final = PROJECT / "docs" / "events" / "registry"


def register_event_schemas(scope: Construct, settings: StageSettings) -> None:
    """Add a registry with the published schema of each event type.

    A schema has the name that AWS gives to those that it discovers: source, `@`, detail type. A changed one
    becomes a new version; the registry keeps the earlier ones.
    """
    registry = schemas.CfnRegistry(
        scope,
        "EventSchemas",
        registry_name=f"orders-{settings.stage}",
        description="Events of orders",
    )
    for file in sorted(_FOLDER.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        schemas.CfnSchema(
            scope,
            f"{file.stem}Schema",
            registry_name=registry.attr_registry_name,
            schema_name=f"{SERVICE}@{file.stem}",
            type="OpenApi3",
            content=json.dumps(document, separators=(",", ":")),
        )
