"""New versions of the API's functions and of the saga get a part of the calls first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.dependency_layer import dependency_layer
from stacks.settings import STAGES
from stacks.timeouts import function_timeout_seconds
from statemachines.steps import STEP_FUNCTIONS
from tests.stacks.synthesis import Resource, Synthesis, readable, synthesize
from tests.stacks.test_api import ROUTES

pytestmark = pytest.mark.xdist_group("stacks")

ALIAS, GROUP = "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup"
SAGA_ALIAS, SAGA_VERSION = "AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion"

API_FUNCTIONS = set(ROUTES.values())

STARTERS = ("start_saga", "recover_order", "reconcile_orders", "reconcile_payments")


def saga_alarms(stage: Synthesis) -> list[str]:
    return list(stage.the(SAGA_ALIAS).properties["DeploymentPreference"]["Alarms"])


def api_alarms(stage: Synthesis) -> list[str]:
    """The alarms that all deployment groups have."""
    configurations = [each["AlarmConfiguration"] for each in stage.named(GROUP).values()]
    assert all(each["Enabled"] for each in configurations)
    (names,) = {tuple(alarm["Name"] for alarm in each["Alarms"]) for each in configurations}
    return list(names)


def versions(stage: Synthesis) -> dict[str, dict[str, Any]]:
    """The resources of the functions' versions, by their whole logical ids."""
    return {
        logical_id: body
        for template in stage.templates().values()
        for logical_id, body in template["Resources"].items()
        if body["Type"] == "AWS::Lambda::Version"
    }


def test_callers_of_the_api_reach_versions_through_an_alias(cloud: Synthesis) -> None:
    aliases = cloud.named(ALIAS)

    assert aliases.keys() == {f"{function}Aliaslive" for function in API_FUNCTIONS}
    for name, alias in aliases.items():
        version = f"{name.removesuffix('Aliaslive')}CurrentVersion.Version"
        assert (alias["Name"], readable(alias["FunctionVersion"])) == ("live", version)


def test_in_prod_a_tenth_of_the_calls_reaches_a_new_version_first(prod: Synthesis) -> None:
    routing = prod.the("AWS::CodeDeploy::DeploymentConfig").properties["TrafficRoutingConfig"]

    assert routing["TimeBasedCanary"] == {"CanaryInterval": 10, "CanaryPercentage": 10}
    assert prod.named(GROUP).keys() == {f"{function}Rollout" for function in API_FUNCTIONS}
    for alias in prod.resources(ALIAS):
        update = alias.body["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert readable(update["DeploymentGroupName"]) == alias.name.replace("Aliaslive", "Rollout")
    for group in prod.named(GROUP).values():
        rollback = group["AutoRollbackConfiguration"]
        assert rollback["Enabled"]
        assert set(rollback["Events"]) == {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"}
        assert readable(group["DeploymentConfigName"]) == "Canary"


def test_in_prod_a_tenth_of_the_orders_reaches_a_new_version_first(prod: Synthesis) -> None:
    preference = prod.the(SAGA_ALIAS).properties["DeploymentPreference"]

    assert (preference["Type"], preference["Percentage"], preference["Interval"]) == ("CANARY", 10, 10)
    assert readable(preference["StateMachineVersionArn"]) == "SagaVersion.Arn"


def test_in_dev_new_versions_get_all_calls_whatever_the_alarms_say(dev: Synthesis) -> None:
    """A fix must not wait for the alarm that it ends."""
    assert dev.resources(GROUP) == []
    assert [alias.name for alias in dev.resources(ALIAS) if "UpdatePolicy" in alias.body] == []
    preference = dev.the(SAGA_ALIAS).properties["DeploymentPreference"]
    assert preference.keys() == {"Type", "StateMachineVersionArn"}
    assert preference["Type"] == "ALL_AT_ONCE"


def test_the_embedded_aws_gets_no_versions(local: Synthesis) -> None:
    for kind in (ALIAS, GROUP, SAGA_ALIAS, SAGA_VERSION, "AWS::Lambda::Version"):
        assert local.resources(kind) == []


@pytest.mark.parametrize("alarms_of", [api_alarms, saga_alarms])
def test_an_alarm_that_takes_a_version_back_sees_it_in_time(
    prod: Synthesis, alarms_of: Callable[[Synthesis], list[str]]
) -> None:
    """An alarm is named, because its stack comes later. An alarm that does not exist counts as quiet."""
    alarms = {each["AlarmName"]: each for each in prod.named("AWS::CloudWatch::Alarm").values()}

    assert alarms_of(prod)
    for name in alarms_of(prod):
        seconds = alarms[name]["Period"] * alarms[name]["EvaluationPeriods"]
        assert seconds <= STAGES["prod"].canary_minutes * 60 / 2, name


@pytest.mark.parametrize("starter", STARTERS)
def test_executions_start_through_the_alias(cloud: Synthesis, starter: str) -> None:
    assert readable(cloud.functions()[starter]["Environment"]["Variables"]["STATE_MACHINE_ARN"]) == "SagaLive"


def test_a_version_outlives_the_deployment_that_replaces_it(cloud: Synthesis) -> None:
    """Executions under way call it. That of a failed deployment is deleted, or a second try would fail."""
    pinned = [Resource(readable(key), body["Type"], body) for key, body in versions(cloud).items()]

    assert len(pinned) == len(API_FUNCTIONS) + len(STEP_FUNCTIONS)
    for version in (*pinned, cloud.the(SAGA_VERSION)):
        policies = version.body["UpdateReplacePolicy"], version.body["DeletionPolicy"]
        assert policies == ("Retain", "RetainExceptOnCreate"), version.name


def test_a_new_revision_of_the_saga_is_a_new_version(cloud: Synthesis) -> None:
    version = cloud.the(SAGA_VERSION).properties

    assert readable(version["StateMachineRevisionId"]) == "Saga.StateMachineRevisionId"


def test_a_changed_layer_is_a_new_version_of_every_function(
    dev: Synthesis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an update of a dependency would reach no caller."""

    def changed_layer(stack: Construct) -> lambda_.LayerVersion:
        layer = dependency_layer(stack)
        cast("lambda_.CfnLayerVersion", layer.node.default_child).description = "changed"
        return layer

    monkeypatch.setattr("stacks.constructs.python_function.dependency_layer", changed_layer)

    assert versions(synthesize("dev", tmp_path)).keys() & versions(dev).keys() == set()


def test_a_changed_function_is_a_new_version_and_another_is_not(
    dev: Synthesis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "stacks.constructs.python_function.function_timeout_seconds",
        lambda name: function_timeout_seconds(name) + (name == "close_order"),
    )

    changed = versions(synthesize("dev", tmp_path)).keys() - versions(dev).keys()

    assert list(map(readable, changed)) == ["CloseOrderCurrentVersion"]
