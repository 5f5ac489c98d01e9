"""The CDK's feature flags in cdk.json: all recommended ones of the services that the app uses."""

import json
import re
from typing import Any

import pytest

from stacks.constructs.build_folder import PROJECT
from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

CONFIGURED = json.loads((PROJECT / "cdk.json").read_text())["context"]

NOT_RECOMMENDED = {
    "@aws-cdk/core:target-partitions": "The app was not tried in other partitions than `aws`.",
    "@aws-cdk/core:enablePartitionLiterals": "ARNs of prod, which names a region, would differ from dev's.",
    "@aws-cdk/core:enableAdditionalMetadataCollection": "It sends data about the app to AWS.",
}
"""Flags with another value than the recommended one, and why."""


def recommended(stage: Synthesis) -> dict[str, Any]:
    """The recommended values of the flags of the services that a stage uses.

    The CDK writes a report of all flags into each cloud assembly.
    """
    manifest = json.loads((stage.folder / "manifest.json").read_text())
    flags = manifest["artifacts"]["aws-cdk-lib/feature-flag-report"]["properties"]["flags"]
    used = {each["Type"].split("::")[1].lower() for each in _resources(stage)} | {"core"}
    return {
        name: flag["recommendedValue"]
        for name, flag in flags.items()
        if (service := re.match(r"@aws-cdk/(?:aws-)?(\w+):", name)) and service[1] in used
        # Version 2 of the CDK behaves like this without the flag.
        if flag.get("unconfiguredBehavesLike", {}).get("v2", False) != flag["recommendedValue"]
    }


def _resources(stage: Synthesis) -> list[dict[str, Any]]:
    return [each for template in stage.templates().values() for each in template["Resources"].values()]


def test_flags_of_the_services_in_use_have_the_recommended_values(dev: Synthesis) -> None:
    values = recommended(dev)

    assert len(values) > len(NOT_RECOMMENDED)
    assert {name for name, value in values.items() if CONFIGURED.get(name) != value} == set(NOT_RECOMMENDED)


def test_a_change_of_the_sign_in_deploys_the_api_again() -> None:
    """Without the flag, a stage of the API keeps its old authorizer until a call changes."""
    assert CONFIGURED["@aws-cdk/aws-apigateway:authorizerChangeDeploymentLogicalId"] is True
