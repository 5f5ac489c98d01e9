"""Synthesizes a stage, and reads its templates."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import build
from stacks.constructs.build_folder import PROJECT

STAGE_FILES = {
    "local": PROJECT / "tests" / "stacks" / "local.toml",
    "dev": PROJECT / "stages" / "dev.toml",
    "prod": PROJECT / "stages" / "prod.example.toml",
}
"""The file of each stage in these tests."""

_NO_COPIES = {"aws:cdk:disable-asset-staging": True}
"""Leaves assets where they are: copying the layer takes half of the time of a synthesis."""

_HASH = re.compile(r"[0-9A-F]{8}([0-9a-f]{32})?$")
"""What the CDK appends to a name; for a version of a function, also the hash of its code and settings."""

_EXPORT = re.compile(
    r"(.*:ExportsOutput|PublishOutput)(?:Ref|FnGetAtt)(?P<name>.+?)[0-9A-F]{8}(?P<attribute>[A-Za-z]*)[0-9A-F]{8}$"
)


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    name: str
    type: str
    body: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        return dict(self.body.get("Properties", {}))


@dataclass(frozen=True)
class Synthesis:
    """A synthesized stage."""

    stage: str
    app: cdk.App
    folder: Path

    def templates(self) -> dict[str, dict[str, Any]]:
        """Every stack's template by the stack's name."""
        files = sorted(self.folder.glob("*.template.json"))
        return {file.name.removesuffix(".template.json"): json.loads(file.read_text()) for file in files}

    def resources(self, resource_type: str) -> list[Resource]:
        """All resources of a type in all stacks, with their names in the code."""
        return [
            Resource(readable(logical_id), body["Type"], body)
            for template in self.templates().values()
            for logical_id, body in template["Resources"].items()
            if body["Type"] == resource_type
        ]

    def named(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """The properties of all resources of a type, by their names in the code."""
        return {each.name: each.properties for each in self.resources(resource_type)}

    def the(self, resource_type: str) -> Resource:
        """The only resource of its type."""
        (resource,) = self.resources(resource_type)
        return resource

    def dead_letter_queues(self) -> set[str]:
        """The names of the queues that failed messages, changes and events go to."""
        queues = self.named("AWS::SQS::Queue").values()
        sources = self.named("AWS::Lambda::EventSourceMapping").values()
        rules = self.named("AWS::Events::Rule").values()
        arns = [
            *(each["RedrivePolicy"]["deadLetterTargetArn"] for each in queues if "RedrivePolicy" in each),
            *(
                each["DestinationConfig"]["OnFailure"]["Destination"]
                for each in sources
                if "DestinationConfig" in each
            ),
            *(
                target["DeadLetterConfig"]["Arn"]
                for each in rules
                for target in each["Targets"]
                if "DeadLetterConfig" in target
            ),
        ]
        return {readable(arn).removesuffix(".Arn") for arn in arns}

    @property
    def environment(self) -> str:
        """The region and account of its stacks, as ARNs have them; references unless the stage sets them."""
        return {"prod": "eu-central-1:123456789012"}.get(self.stage, "AWS::Region:AWS::AccountId")

    def outputs(self) -> set[str]:
        """The outputs for people and scripts, without those that other stacks import."""
        return {
            name
            for template in self.templates().values()
            for name in template.get("Outputs", {})
            if not name.startswith(("ExportsOutput", "PublishOutput"))
        }

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of each function, by the name of its folder."""
        return {
            function.properties["Handler"].split(".")[2]: function.properties
            for function in self.resources("AWS::Lambda::Function")
        }

    def metadata(self, kind: str) -> Iterator[Any]:
        """The data of all metadata entries of a kind."""
        for file in self.folder.glob("*.metadata.json"):
            for entries in json.loads(file.read_text()).values():
                yield from (entry["data"] for entry in entries if entry["type"] == kind)


def synthesize(stage: str, folder: Path, *, stage_file: Path | None = None) -> Synthesis:
    """Synthesize a stage like `cdk synth -c stage=... -c stage_file=...`, in this process."""
    flags = json.loads((PROJECT / "cdk.json").read_text())["context"]
    app = cdk.App(
        context={**flags, **_NO_COPIES, "stage": stage, "stage_file": str(stage_file or STAGE_FILES[stage])},
        outdir=str(folder),
        builtin_cloud_formation_validation=False,  # cfn-lint checks the templates
    )
    build(app)
    app.synth()
    return Synthesis(stage, app, folder)


def readable(value: object) -> str:
    """A reference to a resource, in any stack, as `Name` or `Name.Attribute`."""
    match value:
        case {"Ref": str(logical_id)}:
            return _HASH.sub("", logical_id)
        case {"Fn::GetAtt": [str(logical_id), str(attribute)]}:
            return f"{_HASH.sub('', logical_id)}.{attribute}"
        case {"Fn::GetStackOutput": {"OutputName": str(export)}} | {"Fn::ImportValue": str(export)} if (
            found := _EXPORT.fullmatch(export)
        ):
            return ".".join(filter(None, (found["name"], found["attribute"])))
        case {"Fn::Join": ["", [*parts]]}:
            return "".join(map(readable, parts))
        case str():
            return _HASH.sub("", value)
    return json.dumps(value)
