"""The firewall in front of the API and the sign-in."""

import json
from typing import Any, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from lambdas.domain.vocabulary import BODY_TOO_LARGE_DETAIL, MAX_BODY_BYTES, ProblemKind
from stacks.constructs.log_group import LogGroup
from stacks.settings import CallerLimits, StageSettings

# Nested properties of a web ACL are written as in CloudFormation, but begin with a small letter.
_Properties = dict[str, Any]

_WINDOW_SECONDS: Final = 300

# Rule groups of AWS, and the rules of each that only count matches.
_MANAGED_RULES: Final = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # It blocks bodies over 8 KB; an order of 99 lines is larger.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}

_AS_IT_IS: Final = [{"priority": 0, "type": "NONE"}]

# What tells callers apart.
_BY_ADDRESS: Final = {"aggregateKeyType": "IP"}
_BY_TOKEN: Final = {
    "aggregateKeyType": "CUSTOM_KEYS",
    "customKeys": [{"header": {"name": "Authorization", "textTransformations": _AS_IT_IS}}],
}

_TOO_LARGE: Final = {
    "sizeConstraintStatement": {
        "fieldToMatch": {"body": {"oversizeHandling": "MATCH"}},
        "comparisonOperator": "GT",
        "size": MAX_BODY_BYTES,
        "textTransformations": _AS_IT_IS,
    }
}

_WEBHOOK_PATH: Final = {
    "byteMatchStatement": {
        "fieldToMatch": {"uriPath": {}},
        "positionalConstraint": "ENDS_WITH",
        "searchString": "/webhooks/stripe",
        "textTransformations": _AS_IT_IS,
    }
}

# The firewall is also in front of Cognito. The header names the operation; whether Cognito looks at the path,
# too, is not documented. A sign-in must not pass for a webhook.
_CALL_OF_COGNITO: Final = {
    "byteMatchStatement": {
        "fieldToMatch": {"singleHeader": {"Name": "x-amz-target"}},
        "positionalConstraint": "CONTAINS",
        "searchString": "Cognito",
        "textTransformations": _AS_IT_IS,
    }
}

_WEBHOOK: Final = {
    "andStatement": {"statements": [_WEBHOOK_PATH, {"notStatement": {"statement": _CALL_OF_COGNITO}}]}
}

# Webhooks have a limit of their own, and no other rule but the body size applies to them: they come in bursts
# from few addresses, look malicious to some rules, and are signed.
_WEBHOOKS: Final = {"scopeDownStatement": _WEBHOOK}
_NO_WEBHOOK: Final = {"scopeDownStatement": {"notStatement": {"statement": _WEBHOOK}}}

# Blocked requests have addresses, so they are kept for as long as it takes to look into an attack.
_LOG_RETENTION: Final = logs.RetentionDays.ONE_WEEK
_ONLY_BLOCKED: Final = {
    "DefaultBehavior": "DROP",
    "Filters": [
        {
            "Behavior": "KEEP",
            "Requirement": "MEETS_ANY",
            "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
        }
    ],
}


class Firewall(Construct):
    """A web ACL that limits requests per caller and the body size, and blocks known attacks.

    In front of the user pool, it also stops an address that guesses passwords.

    It logs blocked requests without the token, and keeps no samples of requests, because they contain tokens.
    Its metrics count the blocked requests of each rule.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        limits: CallerLimits,
        *,
        api: apigateway.RestApi,
        users: cognito.UserPool,
    ) -> None:
        super().__init__(scope, "Firewall")
        too_many = _block(429, "TooManyRequests", {"name": "Retry-After", "value": str(_WINDOW_SECONDS)})
        # A rule group has its own actions, and this override keeps them.
        keep: _Properties = {"overrideAction": {"none": {}}}
        rules = {
            "RequestsPerAddress": _at_most(limits.per_address, _BY_ADDRESS) | too_many,
            "RequestsPerUser": _at_most(limits.per_user, _BY_TOKEN) | too_many,
            "WebhooksPerAddress": _at_most(limits.webhooks_per_address, _BY_ADDRESS, _WEBHOOKS) | too_many,
            "BodySize": {"statement": _TOO_LARGE} | _block(413, "BodyTooLarge"),
            **{name: _managed(name, counted) | keep for name, counted in _MANAGED_RULES.items()},
        }
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=f"orders-{settings.stage}",
            scope="REGIONAL",
            default_action={"allow": {}},
            association_config={"requestBody": {"API_GATEWAY": {"defaultSizeInspectionLimit": "KB_64"}}},
            custom_response_bodies={
                "TooManyRequests": _problem(ProblemKind.TOO_MANY_REQUESTS, "Try again in five minutes."),
                "BodyTooLarge": _problem(ProblemKind.BODY_TOO_LARGE, BODY_TOO_LARGE_DETAIL),
            },
            visibility_config=_metric(f"orders-{settings.stage}"),
            rules=[
                {"name": name, "priority": priority, "visibilityConfig": _metric(name), **rule}
                for priority, (name, rule) in enumerate(rules.items())
            ],
        )
        for name, arn in {"Api": api.deployment_stage.stage_arn, "Users": users.user_pool_arn}.items():
            waf.CfnWebACLAssociation(self, name, resource_arn=arn, web_acl_arn=acl.attr_arn)
        self._log_blocked_requests(settings, acl)

    def _log_blocked_requests(self, settings: StageSettings, acl: waf.CfnWebACL) -> None:
        """WAF demands the prefix of the name (https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html)."""
        name = f"aws-waf-logs-orders-{settings.stage}"
        group = LogGroup(self, "BlockedRequests", settings, name=name, retention=_LOG_RETENTION)
        # Not the group's own ARN, because that ends in `:*`.
        arn = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        logging = waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            log_destination_configs=[arn],
            logging_filter=_ONLY_BLOCKED,
            redacted_fields=[{"singleHeader": {"Name": "authorization"}}],
        )
        logging.node.add_dependency(group)


def _at_most(limit: int, caller: _Properties, calls: _Properties = _NO_WEBHOOK) -> _Properties:
    """Match a caller that makes more than `limit` of these calls within the window."""
    rate = {"limit": limit, "evaluationWindowSec": _WINDOW_SECONDS, **caller, **calls}
    return {"statement": {"rateBasedStatement": rate}}


def _managed(name: str, only_counted: tuple[str, ...]) -> _Properties:
    """Match what a rule group of AWS matches."""
    overrides = [{"name": rule, "actionToUse": {"count": {}}} for rule in only_counted]
    group = {"vendorName": "AWS", "name": name, "ruleActionOverrides": overrides, **_NO_WEBHOOK}
    return {"statement": {"managedRuleGroupStatement": group}}


def _block(status: int, body: str, *headers: dict[str, str]) -> _Properties:
    response = {"responseCode": status, "customResponseBodyKey": body, "responseHeaders": [*headers] or None}
    return {"action": {"block": {"customResponse": response}}}


def _problem(kind: ProblemKind, detail: str) -> _Properties:
    """A problem document. WAF supports neither `application/problem+json` nor an id of the request."""
    problem = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail}
    return {"content": json.dumps(problem), "contentType": "APPLICATION_JSON"}


def _metric(name: str) -> _Properties:
    return {"cloudWatchMetricsEnabled": True, "metricName": name, "sampledRequestsEnabled": False}
