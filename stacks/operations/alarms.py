"""The alarms of the stage: one for everything that needs an operator, and none for business as usual.

No alarm counts the errors of a step's function: a declined card is such an error, but nothing is wrong.
`docs/runbook.md` says of each alarm what it means and what to do, and which faults raise which alarms.
"""

from collections.abc import Iterator, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdas.domain.vocabulary import (
    EventType,
    FailureCode,
    FindingKind,
    MailOutcome,
    Metric,
    RecoveryOutcome,
    WebhookOutcome,
)
from stacks.names import alarm_of, pascal_case
from stacks.operations.alarm_topic import AlarmTopic
from stacks.operations.observed import FunctionMetrics, Observed
from stacks.operations.slo import BURN_RATES, Window
from stacks.settings import StageSettings

_MAX_METRICS_OF_ALARM = 10
"""Of an expression; see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html."""

_MINUTE = Duration.minutes(1)
_FIVE_MINUTES = Duration.minutes(5)

_MissingData = cloudwatch.TreatMissingData


class Alarms:
    """The alarms. Each reports its beginning and its end to the topic, unless only other alarms read it.

    An alarm's name is its id here, after the name of the stack; a row of the runbook has it as its anchor.

    Attributes:
        notifying: The alarms that report to the topic.
    """

    def __init__(
        self, scope: Construct, settings: StageSettings, observed: Observed, topic: AlarmTopic
    ) -> None:
        self._scope = scope
        self._settings = settings
        self._observed = observed
        self._metrics = FunctionMetrics(settings.metric_namespace)
        self._topic = topic
        self.notifying: list[cloudwatch.AlarmBase] = []

        self._add_saga_alarms()
        self._add_slo_alarms()
        self._add_reconciliation_alarms()
        self._add_queue_alarms()
        self._add_analytics_alarms()
        self._add_api_alarms()
        self._add_mail_alarms()
        if not settings.embedded:  # it has no quotas
            self._add_throttle_alarms()

    def _add_saga_alarms(self) -> None:
        """Orders that the saga could not complete or undo."""
        # A rejected order ends in success, so a failed execution is never a false alarm.
        self._add(
            "ExecutionsFailed",
            self._observed.saga.metric_failed(period=_MINUTE),
            "The saga could not undo an order.",
        )
        # A stopped or timed out execution is recovered first; this alarm reports that recovery did not help.
        self._add(
            "RecoveriesGivenUp",
            self._metrics.one(Metric.ENDED_EXECUTIONS, _MINUTE, RecoveryOutcome.GIVEN_UP),
            "Recovery gave up an order: each execution was stopped, timed out or failed unexpectedly.",
        )
        self._add(
            "OrdersNeedAttention",
            self._metrics.one(Metric.ORDER_EVENTS, _MINUTE, EventType.ORDER_NEEDS_ATTENTION),
            "An order needs an operator (NEEDS_ATTENTION).",
        )
        if self._settings.canary_minutes:
            # No execution fails when the saga undoes such an order, and a canary gets too few orders for the
            # burn rates. It notifies nobody: an outage of Stripe raises it, too.
            self._create(
                "OrdersFailedInternally",
                self._metrics.one(Metric.ORDERS_FAILED, _FIVE_MINUTES, FailureCode.INTERNAL_ERROR),
                "At least three orders within five minutes failed because of an error of ours. This"
                " alarm only takes rollouts back; it notifies nobody.",
                threshold=3,
            )
        self._add(
            "OldestOrderLate",
            self._metrics.one(
                Metric.OLDEST_OPEN_ORDER,
                Duration.minutes(self._settings.reconciliation_minutes),
                statistic="Maximum",
            ),
            "An order has not come to rest in the time in which the reconciliation should have repaired it.",
            threshold=self._settings.late_after_seconds,
        )

    def _add_slo_alarms(self) -> None:
        """Too many orders that are confirmed or refused too late; see `slo.py`."""
        if self._settings.embedded:  # it knows neither metric math nor composite alarms
            return
        for burn_rate in BURN_RATES:
            windows = [self._add_window(burn_rate.name, window) for window in burn_rate.windows]
            alarm = cloudwatch.CompositeAlarm(
                self._scope,
                burn_rate.name,
                composite_alarm_name=alarm_of(self._settings.stage, burn_rate.name),
                alarm_rule=cloudwatch.AlarmRule.all_of(
                    *(
                        cloudwatch.AlarmRule.from_alarm(window, cloudwatch.AlarmState.ALARM)
                        for window in windows
                    )
                ),
                alarm_description=self._description(burn_rate.name, burn_rate.description),
            )
            self._notify(alarm)

    def _add_window(self, name: str, window: Window) -> cloudwatch.Alarm:
        """Add the alarm on one window; only the composite alarm reads it."""
        return self._create(
            f"{name}{window.name}",
            cloudwatch.MathExpression(
                expression=window.expression,
                using_metrics={
                    "slow": self._metrics.one(Metric.SLOW_OUTCOMES, window.length),
                    "total": self._metrics.one(Metric.OUTCOMES, window.length),
                },
                label="share of slow orders",
                period=window.length,
            ),
            f"{name} reads this alarm; it notifies nobody itself.",
            threshold=window.threshold,
            runbook=name,
        )

    def _add_reconciliation_alarms(self) -> None:
        """What the reconciliation found, and runs that fail or do not happen."""
        period = Duration.minutes(self._settings.reconciliation_minutes)
        for kind in FindingKind:
            self._add(
                f"Found{pascal_case(kind)}",
                # A period of two runs, so that a finding that every run repeats is one lasting alarm. After
                # two hours only the nightly run repeats it.
                self._metrics.one(
                    Metric.RECONCILIATION_FINDINGS,
                    Duration.minutes(2 * self._settings.reconciliation_minutes),
                    kind.value,
                ),
                f"{kind.description}. The end of this alarm does not mean that it is corrected.",
            )
        reconciliation = self._observed.reconciliation
        self._add(
            "ReconciliationFailed",
            reconciliation.metric_failed(period=period),
            "A reconciliation failed.",
        )
        self._add(
            "ReconciliationTimedOut",
            reconciliation.metric_timed_out(period=period),
            "A reconciliation timed out.",
        )
        self._add(
            "ReconciliationLate",
            reconciliation.metric_succeeded(period=period),
            "No reconciliation succeeded in the time of four runs.",
            periods=4,
            below=True,
        )
        # Only a full run compares the stock, after everything else. The longest run takes six hours.
        self._add(
            "NightlyReconciliationMissed",
            self._observed.reconcile_stock.metric_invocations(period=Duration.hours(1)),
            "No full reconciliation has reached the stock for 30 hours.",
            periods=30,
            below=True,
        )

    def _add_queue_alarms(self) -> None:
        """Messages and changes that could not be handled, or that nobody handles."""
        for queue in self._observed.dead_letter_queues:
            self._add(
                f"{queue.node.id}NotEmpty",
                queue.metric_approximate_number_of_messages_visible(period=_MINUTE),
                f"The queue {queue.node.id} has messages that could not be handled.",
            )
        for queue in self._observed.event_queues:
            # A message that fails becomes a dead letter. One that is not received at all stays.
            self._add(
                f"{queue.node.id}Late",
                queue.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES),
                f"A message has been in the queue {queue.node.id} for 45 minutes: its consumer is not called"
                " or fails.",
                threshold=45 * 60,
            )
        for function in self._observed.stream_functions:
            self._add(
                f"{function.node.id}Late",
                function.metric("IteratorAge", statistic="Maximum", period=_MINUTE),
                f"{function.node.id} has been more than a minute behind the orders table for five minutes.",
                threshold=60_000,
                periods=5,
            )

    def _add_analytics_alarms(self) -> None:
        """Events that Firehose does not store for analysis."""
        stream = self._observed.analytics_stream
        # Firehose stores what it has after 15 minutes at most.
        self._add(
            "AnalyticsLate",
            stream.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=_FIVE_MINUTES),
            "Firehose has had an event for an hour that it can't store for analysis.",
            threshold=60 * 60,
        )
        self._add(
            "AnalyticsRefusesEvents",
            stream.metric("FailedConversion.Records", statistic="Sum", period=_FIVE_MINUTES),
            "Firehose can't store an event for analysis, because it does not fit the table.",
        )

    def _add_api_alarms(self) -> None:
        """The REST API, its webhook, and the sign-up."""
        api = self._observed.api
        self._add(
            "ApiServerErrors",
            api.metric_server_error(statistic="Sum", period=_FIVE_MINUTES),
            "The API returned at least five server errors within five minutes.",
            threshold=5,
        )
        # A cold start takes up to two seconds, and so does an answer of Stripe.
        self._add(
            "ApiSlow",
            api.metric_latency(statistic="p99", period=_FIVE_MINUTES),
            "One of a hundred requests to the API took five seconds or more, for 15 minutes.",
            threshold=5_000,
            periods=3,
        )
        # A scanner sends single requests. With a wrong secret, every event and each of its repetitions fails.
        self._add(
            "StripeSignaturesRejected",
            self._metrics.one(Metric.STRIPE_WEBHOOKS, Duration.hours(1), WebhookOutcome.BAD_SIGNATURE),
            "At least three webhooks within an hour had no valid signature of Stripe.",
            threshold=3,
        )
        if self._observed.enroll_customer:
            self._add(
                f"{self._observed.enroll_customer.node.id}Failed",
                self._observed.enroll_customer.metric_errors(period=_MINUTE),
                "A customer who signed up may be in no group, and then can't place orders.",
            )

    def _add_mail_alarms(self) -> None:
        """Mail that SES does not take, and rates at which it stops to take mail.

        One bounce is a mistyped address. SES reviews an account from a bounce rate of 5 %, or a complaint
        rate of 0.1 % (https://docs.aws.amazon.com/ses/latest/dg/reputation-dashboard-dg.html, November 2026).
        """
        # One mail that no attempt sends is enough: at least half of the eight attempts are in one period.
        self._add(
            "MailUnavailable",
            self._metrics.one(Metric.MAILS, _FIVE_MINUTES, MailOutcome.UNAVAILABLE),
            "At least four attempts to send a mail failed within five minutes: Amazon SES does not answer or"
            " takes no mail from this account.",
            threshold=4,
        )
        for name, threshold in (("Bounce", 0.05), ("Complaint", 0.001)):
            self._add(
                f"Mail{name}RateHigh",
                cloudwatch.Metric(
                    namespace="AWS/SES",
                    metric_name=f"Reputation.{name}Rate",
                    statistic="Maximum",
                    period=Duration.hours(1),
                ),
                f"The {name.lower()} rate of the account's mail is {100 * threshold:g} % or more: Amazon SES"
                " may stop to take mail.",
                threshold=threshold,
                # SES publishes a rate when it changes, not in every hour.
                missing=_MissingData.IGNORE,
            )

    def _add_throttle_alarms(self) -> None:
        """Quotas of the account that are too small; `docs/deploy.md` names them."""
        for number, some in enumerate(_batches(self._observed.functions), start=1):
            throttles = {f"m{i}": each.metric_throttles(period=_FIVE_MINUTES) for i, each in enumerate(some)}
            # A function that was not called has no data, and a sum with missing data is missing.
            total = "+".join(f"FILL({metric},0)" for metric in throttles)
            self._add(
                f"FunctionsThrottled{number}",
                cloudwatch.MathExpression(expression=total, using_metrics=throttles, period=_FIVE_MINUTES),
                "Lambda throttled calls of a function: the account's quota of concurrent calls is too small.",
            )
        self._add(
            "ExecutionsThrottled",
            self._observed.saga.metric_throttled(period=_FIVE_MINUTES),
            "Step Functions throttled the saga: the account's quota of state transitions is too small.",
        )

    def _add(
        self,
        name: str,
        metric: cloudwatch.Metric | cloudwatch.MathExpression,
        description: str,
        *,
        threshold: float = 1,
        periods: int = 1,
        below: bool = False,
        missing: cloudwatch.TreatMissingData | None = None,
    ) -> None:
        """Add an alarm for a metric that reaches a threshold in `periods` consecutive periods.

        With `below` the metric should reach the threshold, and the alarm is raised if it does not.
        """
        alarm = self._create(
            name,
            metric,
            description,
            threshold=threshold,
            periods=periods,
            below=below,
            missing=missing,
        )
        self._notify(alarm)

    def _create(
        self,
        name: str,
        metric: cloudwatch.Metric | cloudwatch.MathExpression,
        description: str,
        *,
        threshold: float,
        periods: int = 1,
        below: bool = False,
        missing: cloudwatch.TreatMissingData | None = None,
        runbook: str | None = None,
    ) -> cloudwatch.Alarm:
        """Add an alarm that notifies nobody.

        Missing data means that nothing happened, such as no failure. If something should have happened, such
        as a run, it means that it did not.
        """
        comparisons = cloudwatch.ComparisonOperator
        return metric.create_alarm(
            self._scope,
            name,
            alarm_name=alarm_of(self._settings.stage, name),
            alarm_description=self._description(runbook or name, description),
            comparison_operator=(
                comparisons.LESS_THAN_THRESHOLD if below else comparisons.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            ),
            threshold=threshold,
            evaluation_periods=periods,
            treat_missing_data=missing or (_MissingData.BREACHING if below else _MissingData.NOT_BREACHING),
        )

    def _description(self, row: str, text: str) -> str:
        """The text of the notification: what is wrong, and the row of the runbook."""
        return f"{text} Runbook: {self._settings.runbook}#{row}"

    def _notify(self, alarm: cloudwatch.AlarmBase) -> None:
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        alarm.add_ok_action(actions.SnsAction(self._topic))
        self.notifying.append(alarm)


def _batches(functions: Sequence[lambda_.Function]) -> Iterator[Sequence[lambda_.Function]]:
    """Split the functions into as many as the expression of one alarm can have."""
    for start in range(0, len(functions), _MAX_METRICS_OF_ALARM):
        yield functions[start : start + _MAX_METRICS_OF_ALARM]
