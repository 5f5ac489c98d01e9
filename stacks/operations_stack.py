"""Alarms for everything that needs an operator, and the topic that they notify."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE, FindingKind
from stacks.constructs.python_function import pascal_case
from stacks.constructs.stage_stack import StageStack
from stacks.settings import StageSettings

_MAX_METRICS_OF_ALARM = 10
"""Of an expression; see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html."""


class OperationsStack(StageStack):
    """The alarms and their topic.

    No alarm counts the errors of a step's function: a declined card is such an error, but nothing is wrong.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        saga: sfn.StateMachine,
        reconciliation: sfn.StateMachine,
        api: apigateway.RestApi,
        stream_functions: Sequence[lambda_.Function],
        dead_letter_queues: Sequence[sqs.Queue],
        enroll_customer: lambda_.Function | None,
        functions: Sequence[lambda_.Function],
    ) -> None:
        super().__init__(scope, "operations", settings, description="Orders: alarms")
        self._topic = self._alarm_topic(settings)
        if settings.monthly_budget_usd:
            self._budget(settings.monthly_budget_usd)
        self._namespace = settings.metric_namespace

        minute = Duration.minutes(1)
        # A rejected order ends in success, so a failed execution is never a false alarm.
        self._alarm("ExecutionsFailed", saga.metric_failed(period=minute), "The saga could not undo an order")
        # A stopped or timed out execution is recovered first; this alarm reports that recovery did not help.
        self._alarm(
            "RecoveriesGivenUp",
            self._count("EndedExecutions", minute, outcome="given_up"),
            "Recovery gave up an order: each execution was stopped, timed out or failed unexpectedly",
        )
        self._alarm(
            "OrdersNeedAttention",
            self._count("OrderEvents", minute, event="OrderNeedsAttention"),
            "An order needs an operator (NEEDS_ATTENTION)",
        )
        self._reconciliation_alarms(settings, reconciliation)
        if not settings.embedded:  # it has no quotas
            self._throttle_alarms(saga, functions)
        for queue in dead_letter_queues:
            self._alarm(
                f"{queue.node.id}NotEmpty",
                queue.metric_approximate_number_of_messages_visible(period=minute),
                f"The queue {queue.node.id} has messages that could not be handled",
            )
        for function in stream_functions:
            self._alarm(
                f"{function.node.id}Late",
                function.metric("IteratorAge", statistic="Maximum", period=minute),
                f"{function.node.id} has been more than a minute behind the orders table for five minutes",
                threshold=60_000,
                periods=5,
            )
        self._alarm(
            "ApiServerErrors",
            api.metric_server_error(statistic="Sum", period=Duration.minutes(5)),
            "The API returned at least five server errors within five minutes",
            threshold=5,
        )

        # One mail that no attempt sends is enough: at least half of the eight attempts are in one period.
        self._alarm(
            "MailUnavailable",
            self._count("Mails", Duration.minutes(5), outcome="unavailable"),
            "At least four attempts to send a mail failed within five minutes: Amazon SES does not answer or"
            " takes no mail from this account",
            threshold=4,
        )
        # A scanner sends single requests. With a wrong secret, every event and each of its repetitions fails.
        self._alarm(
            "StripeSignaturesRejected",
            self._count("StripeWebhooks", Duration.hours(1), outcome="bad_signature"),
            "At least three webhooks within an hour had no valid signature of Stripe",
            threshold=3,
        )

        if enroll_customer:
            self._alarm(
                f"{enroll_customer.node.id}Failed",
                enroll_customer.metric_errors(period=minute),
                "A customer who signed up may be in no group, and then can't place orders",
            )

        self.add_output("AlarmTopicArn", self._topic.topic_arn, "Topic of all alarms; subscribe to it")

    def _reconciliation_alarms(self, settings: StageSettings, reconciliation: sfn.StateMachine) -> None:
        """Add the alarms for the findings of the reconciliation, and for runs that fail or do not happen."""
        period = Duration.minutes(settings.reconciliation_minutes)
        for kind in FindingKind:
            # A period of two runs, so that a finding that every run repeats is one lasting alarm. After two
            # hours only the nightly run repeats it.
            metric = self._count(
                "ReconciliationFindings",
                Duration.minutes(2 * settings.reconciliation_minutes),
                kind=kind.value,
            )
            self._alarm(
                f"Found{pascal_case(kind)}",
                metric,
                f"{kind.description}. The end of this alarm does not mean that it is corrected.",
            )
        self._alarm(
            "ReconciliationFailed",
            reconciliation.metric_failed(period=period),
            "A reconciliation failed",
        )
        self._alarm(
            "ReconciliationTimedOut",
            reconciliation.metric_timed_out(period=period),
            "A reconciliation timed out",
        )
        self._alarm(
            "ReconciliationLate",
            reconciliation.metric_succeeded(period=period),
            "No reconciliation succeeded in the time of four runs",
            periods=4,
            below=True,
        )

    def _throttle_alarms(self, saga: sfn.StateMachine, functions: Sequence[lambda_.Function]) -> None:
        """Add the alarms for quotas of the account that are too small; `docs/deploy.md` names them."""
        period = Duration.minutes(5)
        for number, some in enumerate(_batches(functions), start=1):
            throttles = {f"m{i}": each.metric_throttles(period=period) for i, each in enumerate(some)}
            # A function that was not called has no data, and a sum with missing data is missing.
            total = "+".join(f"FILL({metric},0)" for metric in throttles)
            self._alarm(
                f"FunctionsThrottled{number}",
                cloudwatch.MathExpression(expression=total, using_metrics=throttles, period=period),
                "Lambda throttled calls of a function: the account's quota of concurrent calls is too small",
            )
        self._alarm(
            "ExecutionsThrottled",
            saga.metric_throttled(period=period),
            "Step Functions throttled the saga: the account's quota of state transitions is too small",
        )

    def _budget(self, monthly_usd: int) -> None:
        """Notify the topic when the account's cost of a month exceeds a limit, or is expected to.

        It is the cost of the whole account: a budget for a tag sees nothing until somebody activates the tag
        for billing. AWS needs about five weeks of usage for a forecast, so the actual cost is watched, too
        (https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html, November
        2026). Without a name, CloudFormation can replace the budget.
        """
        budgets.CfnBudget(
            self,
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
                    "subscribers": [{"subscriptionType": "SNS", "address": self._topic.topic_arn}],
                }
                for kind in ("FORECASTED", "ACTUAL")
            ],
        ).node.add_dependency(self._topic)  # and its policy

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric | cloudwatch.MathExpression,
        description: str,
        *,
        threshold: int = 1,
        periods: int = 1,
        below: bool = False,
    ) -> None:
        """Add an alarm for a metric that reaches a threshold in `periods` consecutive periods.

        With `below` the metric should reach the threshold, and the alarm is raised if it does not.
        """
        comparisons, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        alarm = metric.create_alarm(
            self,
            construct_id,
            alarm_description=description,
            comparison_operator=(
                comparisons.LESS_THAN_THRESHOLD if below else comparisons.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            ),
            threshold=threshold,
            evaluation_periods=periods,
            treat_missing_data=missing.BREACHING if below else missing.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        alarm.add_ok_action(actions.SnsAction(self._topic))

    def _count(self, metric: str, period: Duration, **dimension: str) -> cloudwatch.Metric:
        """A metric that the functions count with `lambdas/shared/metrics.py`."""
        return cloudwatch.Metric(
            namespace=self._namespace,
            metric_name=metric,
            dimensions_map={"service": SERVICE, **dimension},
            statistic="Sum",
            period=period,
        )

    def _alarm_topic(self, settings: StageSettings) -> sns.Topic:
        """Add the topic: encrypted, and open to this stage's alarms and this account's budgets only.

        The permissions are those of
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        (November 2026).
        """
        senders = {
            "cloudwatch": self.format_arn(
                service="cloudwatch",
                resource="alarm",
                resource_name=f"{self.stack_name}-*",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
        }
        if settings.monthly_budget_usd:
            senders["budgets"] = f"arn:{self.partition}:budgets::{self.account}:*"
        # Alarms may not use the key that SNS manages for each account.
        key = kms.Key(
            self,
            "AlarmTopicKey",
            description="Alarms of the order service",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # a topic stores no messages that would need the key later
        )
        topic = sns.Topic(self, "AlarmTopic", master_key=key, enforce_ssl=True)
        for service, source in senders.items():
            sender = iam.ServicePrincipal(
                f"{service}.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnLike": {"aws:SourceArn": source},
                },
            )
            key.grant(sender, "kms:Decrypt", "kms:GenerateDataKey*")
            topic.grant_publish(sender)
        if settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
        return topic


def _batches(functions: Sequence[lambda_.Function]) -> Iterator[Sequence[lambda_.Function]]:
    """Split the functions into as many as the expression of one alarm can have."""
    for start in range(0, len(functions), _MAX_METRICS_OF_ALARM):
        yield functions[start : start + _MAX_METRICS_OF_ALARM]
