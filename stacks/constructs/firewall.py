"""The firewall before the API and the sign-in."""

import json
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from stacks.settings import CallerLimits

_WINDOW_SECONDS: Final = 300

_MAX_BODY_BYTES: Final = 64 * 1024
"""As much as the functions take, and as the firewall can look at."""

# What AWS knows to be bad, and rules of each group that are only counted.
_MANAGED_RULES: Final = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # It refuses bodies of more than 8 KB: an order of 99 lines is larger.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}

_AS_IT_IS: Final = [waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")]

# Stripe's webhooks come from few addresses, many at once, and are full of what looks bad. They are signed.
_NOT_STRIPE: Final = waf.CfnWebACL.StatementProperty(
    not_statement=waf.CfnWebACL.NotStatementProperty(
        statement=waf.CfnWebACL.StatementProperty(
            byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
                field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
                positional_constraint="ENDS_WITH",
                search_string="/webhooks/stripe",
                text_transformations=_AS_IT_IS,
            )
        )
    )
)


class Firewall(Construct):
    """A web ACL against callers that never stop, bodies that are too large, and what AWS knows to be bad.

    It keeps no samples and no log of requests: there are addresses and tokens in them. Its metrics say what
    it refused, by rule.
    """

    def __init__(
        self,
        scope: Construct,
        stage: str,
        limits: CallerLimits,
        *,
        api: apigateway.RestApi,
        users: cognito.UserPool,
    ) -> None:
        """Put a firewall before the API and the user pool.

        Args:
            scope: the stack.
            stage: its name.
            limits: how many requests one caller may make.
            api: what is called.
            users: where callers sign in; an address that guesses passwords is stopped, too.
        """
        super().__init__(scope, "Firewall")
        statements = {
            "RequestsPerAddress": _at_most(limits.per_address, aggregate_key_type="IP"),
            "RequestsPerUser": _at_most(
                limits.per_user,
                aggregate_key_type="CUSTOM_KEYS",
                custom_keys=[
                    waf.CfnWebACL.RateBasedStatementCustomKeyProperty(
                        header=waf.CfnWebACL.RateLimitHeaderProperty(
                            name="Authorization", text_transformations=_AS_IT_IS
                        )
                    )
                ],
            ),
            "BodySize": waf.CfnWebACL.StatementProperty(
                size_constraint_statement=waf.CfnWebACL.SizeConstraintStatementProperty(
                    field_to_match=waf.CfnWebACL.FieldToMatchProperty(
                        body=waf.CfnWebACL.BodyProperty(oversize_handling="MATCH")
                    ),
                    comparison_operator="GT",
                    size=_MAX_BODY_BYTES,
                    text_transformations=_AS_IT_IS,
                )
            ),
            **{name: _managed(name, only_counted) for name, only_counted in _MANAGED_RULES.items()},
        }
        answers = {
            "RequestsPerAddress": _refuse(429, "TooManyRequests", retry_after=_WINDOW_SECONDS),
            "RequestsPerUser": _refuse(429, "TooManyRequests", retry_after=_WINDOW_SECONDS),
            "BodySize": _refuse(413, "BodyTooLarge"),
        }
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=f"orders-{stage}",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            association_config=waf.CfnWebACL.AssociationConfigProperty(
                request_body={
                    "API_GATEWAY": waf.CfnWebACL.RequestBodyAssociatedResourceTypeConfigProperty(
                        default_size_inspection_limit="KB_64"
                    )
                }
            ),
            custom_response_bodies={
                "TooManyRequests": _problem(
                    "too-many-requests", "Too many requests", 429, "Try again in some minutes."
                ),
                "BodyTooLarge": _problem(
                    "body-too-large",
                    "The body is too large",
                    413,
                    f"A body has at most {_MAX_BODY_BYTES} bytes.",
                ),
            },
            visibility_config=_metric("Firewall"),
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name=name,
                    priority=priority,
                    statement=statement,
                    action=answers.get(name),
                    # A group of rules has its own actions, and they are to apply.
                    override_action=(
                        None if name in answers else waf.CfnWebACL.OverrideActionProperty(none={})
                    ),
                    visibility_config=_metric(name),
                )
                for priority, (name, statement) in enumerate(statements.items())
            ],
        )
        for name, arn in {"Api": api.deployment_stage.stage_arn, "Users": users.user_pool_arn}.items():
            waf.CfnWebACLAssociation(self, name, resource_arn=arn, web_acl_arn=acl.attr_arn)


def _at_most(
    limit: int,
    *,
    aggregate_key_type: str,
    custom_keys: list[waf.CfnWebACL.RateBasedStatementCustomKeyProperty] | None = None,
) -> waf.CfnWebACL.StatementProperty:
    """More than so many requests of one caller within the window."""
    return waf.CfnWebACL.StatementProperty(
        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
            limit=limit,
            evaluation_window_sec=_WINDOW_SECONDS,
            aggregate_key_type=aggregate_key_type,
            custom_keys=custom_keys,
            scope_down_statement=_NOT_STRIPE,
        )
    )


def _managed(name: str, only_counted: tuple[str, ...]) -> waf.CfnWebACL.StatementProperty:
    """A group of rules that AWS keeps up to date."""
    count = waf.CfnWebACL.RuleActionProperty(count={})
    return waf.CfnWebACL.StatementProperty(
        managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
            vendor_name="AWS",
            name=name,
            rule_action_overrides=[
                waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count)
                for rule in only_counted
            ],
            scope_down_statement=_NOT_STRIPE,
        )
    )


def _refuse(status: int, body: str, *, retry_after: int | None = None) -> waf.CfnWebACL.RuleActionProperty:
    headers = [] if retry_after is None else [{"name": "Retry-After", "value": str(retry_after)}]
    return waf.CfnWebACL.RuleActionProperty(
        block=waf.CfnWebACL.BlockActionProperty(
            custom_response=waf.CfnWebACL.CustomResponseProperty(
                response_code=status, custom_response_body_key=body, response_headers=headers or None
            )
        )
    )


def _problem(kind: str, title: str, status: int, detail: str) -> waf.CfnWebACL.CustomResponseBodyProperty:
    """A problem document; the firewall can't call it `application/problem+json`, nor name the request."""
    problem = {
        "type": f"urn:problem-type:order-saga:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    return waf.CfnWebACL.CustomResponseBodyProperty(
        content=json.dumps(problem), content_type="APPLICATION_JSON"
    )


def _metric(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
