"""The topic of all alarms, and the budget that notifies it."""

import aws_cdk as cdk
from aws_cdk import RemovalPolicy
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.settings import StageSettings


class AlarmTopic(sns.Topic):
    """The topic: encrypted, and open to this stack's alarms and this account's budgets only.

    The permissions are those of
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    (November 2026).
    """

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        stack = cdk.Stack.of(scope)
        # Alarms may not use the key that SNS manages for each account.
        key = kms.Key(
            scope,
            "AlarmTopicKey",
            description="Alarms of the order service",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # a topic stores no messages that would need the key later
        )
        super().__init__(scope, "AlarmTopic", master_key=key, enforce_ssl=True)
        senders = {
            "cloudwatch": stack.format_arn(
                service="cloudwatch",
                resource="alarm",
                resource_name=f"{stack.stack_name}-*",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
        }
        if settings.monthly_budget_usd:
            senders["budgets"] = f"arn:{stack.partition}:budgets::{stack.account}:*"
        for service, source in senders.items():
            sender = iam.ServicePrincipal(
                f"{service}.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": source},
                },
            )
            key.grant(sender, "kms:Decrypt", "kms:GenerateDataKey*")
            self.grant_publish(sender)
        if settings.backup_vault:
            # EventBridge reports failed backups. It supports no conditions for the key of a topic.
            key.grant(iam.ServicePrincipal("events.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*")
        if settings.alarm_email:
            self.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))


def add_budget(scope: Construct, monthly_usd: int, topic: AlarmTopic) -> None:
    """Notify the topic when the account's cost of a month exceeds a limit, or is expected to.

    It is the cost of the whole account: a budget for a tag sees nothing until somebody activates the tag
    for billing. AWS needs about five weeks of usage for a forecast, so the actual cost is watched, too
    (https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html, November
    2026). Without a name, CloudFormation can replace the budget.
    """
    budgets.CfnBudget(
        scope,
        "Budget",
        # Nested properties are written as in CloudFormation, but begin with a small letter.
        budget={
            "budgetType": "COST",
            "timeUnit": "MONTHLY",
            "budgetLimit": {"amount": monthly_usd, "unit": "USD"},
        },
        notifications_with_subscribers=[
            {
                "notification": {
                    "notificationType": kind,
                    "comparisonOperator": "GREATER_THAN",
                    "threshold": 100,
                    "thresholdType": "PERCENTAGE",
                },
                "subscribers": [{"subscriptionType": "SNS", "address": topic.topic_arn}],
            }
            for kind in ("FORECASTED", "ACTUAL")
        ],
    ).node.add_dependency(topic)  # and its policy
