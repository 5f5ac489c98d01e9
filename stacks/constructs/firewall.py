"""The firewall in front of the API and the sign-in."""

import json
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from lambdas.domain.vocabulary import MAX_BODY_BYTES, ProblemKind
from stacks.settings import CallerLimits

_WINDOW_SECONDS: Final = 300

# Rule groups of AWS, and the rules of each that only count matches.
_MANAGED_RULES: Final = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # It blocks bodies over 8 KB; an order of 99 lines is larger.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}

_AS_IT_IS: Final = [waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")]

# Webhooks are exempt: they come in bursts from few addresses, look malicious to some rules, and are signed.
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
    """A web ACL that limits requests per caller and the body size, and blocks known attacks.

    It keeps no samples and no logs of requests, because they contain addresses and tokens. Its metrics count
    the blocked requests of each rule.
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
        """Put a firewall in front of the API and the user pool.

        Args:
            scope: The stack.
            stage: The stage's name.
            limits: How many requests one caller may make.
            api: The API.
            users: The user pool; its firewall also stops an address that guesses passwords.
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
                    size=MAX_BODY_BYTES,
                    text_transformations=_AS_IT_IS,
                )
            ),
            **{name: _managed(name, only_counted) for name, only_counted in _MANAGED_RULES.items()},
        }
        actions = {
            "RequestsPerAddress": _block(429, "TooManyRequests", retry_after=_WINDOW_SECONDS),
            "RequestsPerUser": _block(429, "TooManyRequests", retry_after=_WINDOW_SECONDS),
            "BodySize": _block(413, "BodyTooLarge"),
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
                "TooManyRequests": _problem(ProblemKind.TOO_MANY_REQUESTS, "Try again in five minutes."),
                "BodyTooLarge": _problem(
                    ProblemKind.BODY_TOO_LARGE, f"A body has at most {MAX_BODY_BYTES} bytes."
                ),
            },
            visibility_config=_metric("Firewall"),
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name=name,
                    priority=priority,
                    statement=statement,
                    action=actions.get(name),
                    # A rule group brings its own actions; this keeps them.
                    override_action=(
                        None if name in actions else waf.CfnWebACL.OverrideActionProperty(none={})
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
    """Match a caller that makes more than `limit` requests within the window."""
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
    """Match what a rule group of AWS matches."""
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


def _block(status: int, body: str, *, retry_after: int | None = None) -> waf.CfnWebACL.RuleActionProperty:
    headers = [] if retry_after is None else [{"name": "Retry-After", "value": str(retry_after)}]
    return waf.CfnWebACL.RuleActionProperty(
        block=waf.CfnWebACL.BlockActionProperty(
            custom_response=waf.CfnWebACL.CustomResponseProperty(
                response_code=status, custom_response_body_key=body, response_headers=headers or None
            )
        )
    )


def _problem(kind: ProblemKind, detail: str) -> waf.CfnWebACL.CustomResponseBodyProperty:
    """A problem document. WAF supports neither `application/problem+json` nor an id of the request."""
    problem = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail}
    return waf.CfnWebACL.CustomResponseBodyProperty(
        content=json.dumps(problem), content_type="APPLICATION_JSON"
    )


def _metric(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
