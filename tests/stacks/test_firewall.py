"""The firewall of the cloud stages; the embedded AWS can't put one in front of an API."""

import json
from typing import Any

import pytest

from stacks.settings import STAGES
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

LARGEST_BODY_BYTES = 64 * 1024
"""The largest body that the functions accept."""

WEBHOOK = {
    "ByteMatchStatement": {
        "FieldToMatch": {"UriPath": {}},
        "PositionalConstraint": "ENDS_WITH",
        "SearchString": "/webhooks/stripe",
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
}
CALL_OF_COGNITO = {
    "ByteMatchStatement": {
        "FieldToMatch": {"SingleHeader": {"Name": "x-amz-target"}},
        "PositionalConstraint": "CONTAINS",
        "SearchString": "Cognito",
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
}


def acl(stage: Synthesis) -> dict[str, Any]:
    return stage.the("AWS::WAFv2::WebACL").properties


def rules(stage: Synthesis) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in acl(stage)["Rules"]}


def test_it_protects_the_api_and_the_sign_in(cloud: Synthesis) -> None:
    associations = cloud.resources("AWS::WAFv2::WebACLAssociation")

    protected = {readable(each.properties["ResourceArn"]) for each in associations}
    assert "Users.Arn" in protected
    assert any(arn.endswith("/stages/ApiDeploymentStagev1") for arn in protected)
    assert len(associations) == 2


def test_the_local_stage_has_none(local: Synthesis) -> None:
    assert not local.resources("AWS::WAFv2::WebACL")


def test_requests_are_limited_per_address_and_per_user(cloud: Synthesis) -> None:
    limits = STAGES[cloud.stage].caller_limits
    assert limits

    by_address = rules(cloud)["RequestsPerAddress"]["Statement"]["RateBasedStatement"]
    by_user = rules(cloud)["RequestsPerUser"]["Statement"]["RateBasedStatement"]
    assert (by_address["AggregateKeyType"], by_address["Limit"]) == ("IP", limits.per_address)
    assert (by_user["AggregateKeyType"], by_user["Limit"]) == ("CUSTOM_KEYS", limits.per_user)
    assert [key["Header"]["Name"] for key in by_user["CustomKeys"]] == ["Authorization"]
    assert by_address["EvaluationWindowSec"] == by_user["EvaluationWindowSec"] == 300


def test_webhooks_are_limited_per_address(cloud: Synthesis) -> None:
    limits = STAGES[cloud.stage].caller_limits
    assert limits

    rate = rules(cloud)["WebhooksPerAddress"]["Statement"]["RateBasedStatement"]
    assert (rate["AggregateKeyType"], rate["Limit"]) == ("IP", limits.webhooks_per_address)
    assert WEBHOOK in rate["ScopeDownStatement"]["AndStatement"]["Statements"]


@pytest.mark.parametrize("rule", ["RequestsPerAddress", "RequestsPerUser", "WebhooksPerAddress"])
def test_a_blocked_caller_learns_when_to_try_again(cloud: Synthesis, rule: str) -> None:
    response = rules(cloud)[rule]["Action"]["Block"]["CustomResponse"]

    assert response["ResponseCode"] == 429
    assert response["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "300"}]
    body = acl(cloud)["CustomResponseBodies"][response["CustomResponseBodyKey"]]
    assert json.loads(body["Content"])["type"] == "urn:problem-type:order-saga:too-many-requests"


def test_bodies_over_the_limit_of_the_functions_are_blocked(cloud: Synthesis) -> None:
    rule = rules(cloud)["BodySize"]

    size = rule["Statement"]["SizeConstraintStatement"]
    assert (size["ComparisonOperator"], size["Size"]) == ("GT", LARGEST_BODY_BYTES)
    assert rule["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 413
    # The firewall inspects 64 KB of a body, and treats a longer one as a match.
    assert size["FieldToMatch"]["Body"]["OversizeHandling"] == "MATCH"
    inspected = acl(cloud)["AssociationConfig"]["RequestBody"]["API_GATEWAY"]
    assert inspected == {"DefaultSizeInspectionLimit": "KB_64"}


def test_aws_rule_groups_block_attacks_but_no_large_order(cloud: Synthesis) -> None:
    groups = {
        name: rule["Statement"]["ManagedRuleGroupStatement"]
        for name, rule in rules(cloud).items()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }

    assert groups.keys() == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }
    assert all(rules(cloud)[name]["OverrideAction"] == {"None": {}} for name in groups)
    counted = groups["AWSManagedRulesCommonRuleSet"]["RuleActionOverrides"]
    assert counted == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]


def test_webhooks_are_exempt_from_all_rules_but_two(cloud: Synthesis) -> None:
    for name, rule in rules(cloud).items():
        if name not in {"BodySize", "WebhooksPerAddress"}:
            (statement,) = rule["Statement"].values()
            others = statement["ScopeDownStatement"]["NotStatement"]["Statement"]
            assert WEBHOOK in others["AndStatement"]["Statements"]


def test_a_sign_in_under_the_path_of_the_webhook_is_not_exempt(cloud: Synthesis) -> None:
    for name in ("RequestsPerAddress", "AWSManagedRulesAmazonIpReputationList"):
        (statement,) = rules(cloud)[name]["Statement"].values()
        exempt = statement["ScopeDownStatement"]["NotStatement"]["Statement"]["AndStatement"]["Statements"]
        assert {"NotStatement": {"Statement": CALL_OF_COGNITO}} in exempt


def test_no_samples_of_requests_are_kept(cloud: Synthesis) -> None:
    configs = [acl(cloud)["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in rules(cloud).values())]

    assert not any(config["SampledRequestsEnabled"] for config in configs)


def test_blocked_requests_are_logged_without_the_token_for_a_week(cloud: Synthesis) -> None:
    logging = cloud.the("AWS::WAFv2::LoggingConfiguration").properties

    name = f"aws-waf-logs-orders-{cloud.stage}"
    group = cloud.named("AWS::Logs::LogGroup")["FirewallBlockedRequests"]
    assert (group["LogGroupName"], group["RetentionInDays"]) == (name, 7)
    assert [readable(arn).endswith(f":log-group:{name}") for arn in logging["LogDestinationConfigs"]] == [
        True
    ]
    assert readable(logging["ResourceArn"]) == "FirewallAcl.Arn"
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": "authorization"}}]
    (kept,) = logging["LoggingFilter"]["Filters"]
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert kept["Behavior"] == "KEEP"
    assert kept["Conditions"] == [{"ActionCondition": {"Action": "BLOCK"}}]
