"""What wakes a human."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
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

from stacks.constructs.python_function import pascal_case
from stacks.constructs.stage_stack import StageStack
from stacks.reconciliation_stack import FINDINGS
from stacks.settings import Settings


class OperationsStack(StageStack):
    """The alarms and where they go.

    None watches the errors of a step's function: a declined card is such an error, and business as usual.
    """

    def __init__(
        self,
        scope: Construct,
        settings: Settings,
        *,
        machine: sfn.StateMachine,
        reconciliation: sfn.StateMachine,
        api: apigateway.RestApi,
        stream_functions: Sequence[lambda_.Function],
        dead_letter_queues: Sequence[sqs.Queue],
    ) -> None:
        """Add the alarms to an app.

        Args:
            scope: the app.
            settings: the stage.
            machine: the saga; each execution that does not succeed needs a human.
            reconciliation: compares orders, payments and stock; each execution of it must succeed.
            api: the API, by whose server errors customers are turned away.
            stream_functions: the functions that must keep up with the orders table.
            dead_letter_queues: the queues that should be empty.
        """
        super().__init__(scope, "operations", settings, description="Orders: alarms")
        self._topic = self._alarm_topic(settings)

        minute = Duration.minutes(1)
        # Business as usual ends in success, also when an order was undone: there are no false alarms.
        self._alarm("ExecutionsFailed", machine.metric_failed(period=minute), "A saga could not be undone")
        # What was stopped, or took too long, is run again: only what does not help wakes anybody.
        self._alarm(
            "RecoveriesGivenUp",
            _count("EndedExecutions", minute, outcome="given_up"),
            "Executions of a saga broke again and again",
        )
        self._alarm(
            "OrdersNeedAttention",
            _count("OrderEvents", minute, event="OrderNeedsAttention"),
            "An order waits for a human",
        )
        self._reconciliation_alarms(settings, reconciliation)
        for queue in dead_letter_queues:
            self._alarm(
                f"{queue.node.id}NotEmpty",
                queue.metric_approximate_number_of_messages_visible(period=minute),
                f"{queue.node.id} has messages that nobody could handle",
            )
        for function in stream_functions:
            self._alarm(
                f"{function.node.id}Late",
                function.metric("IteratorAge", statistic="Maximum", period=minute),
                f"{function.node.id} is a minute behind the orders table, for five minutes",
                threshold=60_000,
                periods=5,
            )
        self._alarm(
            "ApiServerErrors",
            api.metric_server_error(statistic="Sum", period=Duration.minutes(5)),
            "Callers of the API got server errors, more than their own retries heal",
            threshold=5,
        )

        self.add_output("AlarmTopicArn", self._topic.topic_arn, "Where all alarms go: subscribe to it")

    def _reconciliation_alarms(self, settings: Settings, reconciliation: sfn.StateMachine) -> None:
        """Add the alarms for what the reconciliation finds, and for its not coming to an end."""
        period = Duration.minutes(settings.reconciliation_minutes)
        for kind, description in FINDINGS.items():
            # Over two runs: what the next one finds again is one alarm, and not another one each time.
            metric = _count(
                "ReconciliationFindings", Duration.minutes(2 * settings.reconciliation_minutes), kind=kind
            )
            self._alarm(f"Found{pascal_case(kind)}", metric, description)
        self._alarm(
            "ReconciliationFailed",
            reconciliation.metric_failed(period=period),
            "A reconciliation did not come to its end",
        )
        self._alarm(
            "ReconciliationTimedOut",
            reconciliation.metric_timed_out(period=period),
            "A reconciliation took longer than it may",
        )
        self._alarm_without(
            "ReconciliationLate",
            reconciliation.metric_succeeded(period=period),
            "No reconciliation came to its end when four should have",
            periods=4,
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric,
        description: str,
        *,
        threshold: int = 1,
        periods: int = 1,
    ) -> None:
        """Add an alarm for a metric that reaches a threshold in this many periods in a row."""
        alarm = metric.create_alarm(
            self,
            construct_id,
            alarm_description=description,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=threshold,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _alarm_without(
        self, construct_id: str, metric: cloudwatch.Metric, description: str, *, periods: int
    ) -> None:
        """Add an alarm for something that should happen, and did not in this many periods in a row."""
        alarm = metric.create_alarm(
            self,
            construct_id,
            alarm_description=description,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold=1,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _alarm_topic(self, settings: Settings) -> sns.Topic:
        """Add the topic: encrypted, and open to the alarms of this account."""
        cloudwatch_service = iam.ServicePrincipal(
            "cloudwatch.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
        )
        # Of our own, because alarms may not use the key that SNS has for each account.
        key = kms.Key(
            self,
            "AlarmTopicKey",
            description="Alarms of the order service",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # a topic keeps nothing that would need it later
        )
        key.grant_encrypt_decrypt(cloudwatch_service)
        topic = sns.Topic(self, "AlarmTopic", master_key=key, enforce_ssl=True)
        topic.grant_publish(cloudwatch_service)
        if settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
        return topic


def _count(metric: str, period: Duration, **dimension: str) -> cloudwatch.Metric:
    """A metric that the functions count; see `lambdas/shared/metrics.py`."""
    return cloudwatch.Metric(
        namespace="OrderSaga",
        metric_name=metric,
        dimensions_map={"service": "orders", **dimension},
        statistic="Sum",
        period=period,
    )
