"""Two dashboards: how the business goes, and how the service runs. The title of each widget is a question."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lambdas.domain.vocabulary import SLO_LIMIT, SLO_TARGET, EventType, Metric
from stacks.operations.alarms import Alarms
from stacks.operations.console_links import ConsoleLinks
from stacks.operations.observed import FunctionMetrics, Observed, search
from stacks.operations.saved_queries import QueryLogs, SavedQuery, folder
from stacks.settings import StageSettings

_PERIOD: Final = Duration.minutes(5)
_WIDTH: Final = 8
"""Three widgets in a row of 24 columns."""

_OUTCOMES: Final = (
    EventType.ORDER_CONFIRMED,
    EventType.ORDER_FAILED,
    EventType.ORDER_CANCELLED,
    EventType.ORDER_NEEDS_ATTENTION,
)


class Dashboards:
    """The dashboards. Their names have the region, because dashboards of all regions share their names.

    Attributes:
        business: Orders, money, waiting times.
        operations: Alarms, API, executions, queues, recovery.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        observed: Observed,
        alarms: Alarms,
        query_logs: QueryLogs,
    ) -> None:
        stack = Stack.of(scope)
        self._settings = settings
        self._observed = observed
        self._metrics = FunctionMetrics(settings.metric_namespace)
        self._query_logs = query_logs
        self._links = ConsoleLinks(stack)
        names = {
            name: f"orders-{settings.stage}-{name}-{stack.region}" for name in ("business", "operations")
        }
        self.business = self._add(
            scope,
            "BusinessDashboard",
            names["business"],
            self._header("operations", names["operations"]),
            self._business(),
        )
        self.operations = self._add(
            scope,
            "OperationsDashboard",
            names["operations"],
            self._header("business", names["business"]),
            self._operations(alarms),
        )

    def _business(self) -> list[cloudwatch.IWidget]:
        """The widgets for the people who run the shop."""
        day = Duration.days(1)
        counts = [self._count(Metric.ORDER_EVENTS, day, event) for event in _OUTCOMES]
        slow = self._metrics.one(Metric.SLOW_OUTCOMES, _PERIOD)
        total = self._metrics.one(Metric.OUTCOMES, _PERIOD)
        in_time = cloudwatch.MathExpression(
            expression="100 * (1 - slow / total)",
            using_metrics={"slow": slow, "total": total},
            label="in time, %",
            period=_PERIOD,
        )
        target = cloudwatch.HorizontalAnnotation(value=100 * SLO_TARGET, label="objective")
        return [
            cloudwatch.SingleValueWidget(
                title="How did the orders of the last 24 hours end?",
                metrics=counts,
                width=2 * _WIDTH,
                height=6,
                period=day,
            ),
            self._graph("Why are orders not fulfilled?", [self._each(Metric.ORDERS_FAILED)]),
            self._graph("How much is sold, in minor units?", [self._each(Metric.REVENUE)]),
            self._graph(
                f"Are {SLO_TARGET:.0%} of the orders decided within {SLO_LIMIT.seconds} seconds?",
                [in_time],
                annotations=[target],
            ),
            self._graph(
                "How long do customers wait for the outcome, in ms?",
                [
                    self._metrics.one(Metric.TIME_TO_OUTCOME, _PERIOD, statistic=statistic)
                    for statistic in ("p50", "p99")
                ],
            ),
            self._graph("How much is refunded, and does it arrive?", [self._each(Metric.REFUNDS)]),
            self._graph("Do customers get their mail?", [self._each(Metric.MAILS)]),
            self._graph(
                "How often do orders compete for the same stock?",
                [self._metrics.one(Metric.STOCK_CONFLICTS, _PERIOD)],
            ),
            *self._logs(SavedQuery.DECLINES),
        ]

    def _operations(self, alarms: Alarms) -> list[cloudwatch.IWidget]:
        """The widgets for the person who is on call."""
        api, saga, reconciliation = self._observed.api, self._observed.saga, self._observed.reconciliation
        of_stage = f"orders-{self._settings.stage}"
        lambda_metrics = "{AWS/Lambda,FunctionName}"
        return [
            cloudwatch.AlarmStatusWidget(
                title="What is wrong now?", alarms=alarms.notifying, width=3 * _WIDTH, height=6
            ),
            self._graph(
                "Does the API answer?",
                [
                    api.metric_count(period=_PERIOD, statistic="Sum", label="requests"),
                    api.metric_client_error(period=_PERIOD, statistic="Sum", label="client errors"),
                    api.metric_server_error(period=_PERIOD, statistic="Sum", label="server errors"),
                ],
            ),
            self._graph(
                "How fast does the API answer, in ms?",
                [api.metric_latency(period=_PERIOD, statistic=statistic) for statistic in ("p50", "p99")],
            ),
            self._graph(
                "How do the executions of the saga end?",
                [
                    saga.metric_started(period=_PERIOD),
                    saga.metric_succeeded(period=_PERIOD),
                    saga.metric_failed(period=_PERIOD),
                    saga.metric_timed_out(period=_PERIOD),
                    saga.metric_aborted(period=_PERIOD),
                ],
            ),
            self._graph(
                "How long has the oldest order not been at rest, in s?",
                [self._metrics.one(Metric.OLDEST_OPEN_ORDER, _PERIOD, statistic="Maximum")],
            ),
            self._graph(
                "How many orders wait for their turn to be charged?",
                [self._metrics.one(Metric.CHARGE_SLOT_WAITS, _PERIOD, statistic="SampleCount")],
            ),
            self._graph(
                "How long do they wait, in ms?",
                [
                    self._metrics.one(Metric.CHARGE_SLOT_WAITS, _PERIOD, statistic=each)
                    for each in ("p50", "Maximum")
                ],
            ),
            self._graph("Which steps are called again?", [self._each(Metric.STEP_RETRIES)]),
            self._graph("What does the recovery do?", [self._each(Metric.ENDED_EXECUTIONS)]),
            self._graph("What does the reconciliation find?", [self._each(Metric.RECONCILIATION_FINDINGS)]),
            self._graph(
                "Does the reconciliation run?",
                [
                    reconciliation.metric_succeeded(period=_PERIOD),
                    reconciliation.metric_failed(period=_PERIOD),
                    reconciliation.metric_timed_out(period=_PERIOD),
                    self._observed.reconcile_stock.metric_invocations(
                        period=_PERIOD, label="comparisons of the stock"
                    ),
                ],
            ),
            self._graph("What becomes of Stripe's webhooks?", [self._each(Metric.STRIPE_WEBHOOKS)]),
            self._graph(
                "How late are Stripe's webhooks, in ms?",
                [self._metrics.one(Metric.WEBHOOK_LAG, _PERIOD, statistic=each) for each in ("p50", "p99")],
            ),
            self._graph(
                "How far are functions behind the orders table, in ms?",
                [
                    function.metric("IteratorAge", statistic="Maximum", period=_PERIOD)
                    for function in self._observed.stream_functions
                ],
            ),
            self._graph(
                "How old is the oldest message of each queue, in s?",
                [
                    queue.metric_approximate_age_of_oldest_message(period=_PERIOD, label=queue.node.id)
                    for queue in self._observed.event_queues
                ],
            ),
            self._graph(
                "Are the queues empty that should be?",
                [
                    queue.metric_approximate_number_of_messages_visible(period=_PERIOD, label=queue.node.id)
                    for queue in self._observed.dead_letter_queues
                ],
            ),
            self._graph(
                "Which functions fail?",
                [search(lambda_metrics, f'MetricName="Errors" {of_stage}', _PERIOD)],
            ),
            self._graph(
                "Are functions or executions throttled?",
                [
                    search(lambda_metrics, f'MetricName="Throttles" {of_stage}', _PERIOD),
                    saga.metric_throttled(period=_PERIOD),
                ],
            ),
            *self._logs(SavedQuery.ERRORS, SavedQuery.SLOWEST_STATES),
        ]

    def _count(self, metric: Metric, period: Duration, value: str) -> cloudwatch.IMetric:
        return self._metrics.one(metric, period, value).with_(label=value)

    def _each(self, metric: Metric) -> cloudwatch.IMetric:
        return self._metrics.each(metric, _PERIOD)

    def _graph(
        self,
        question: str,
        metrics: Sequence[cloudwatch.IMetric],
        *,
        annotations: Sequence[cloudwatch.HorizontalAnnotation] = (),
    ) -> cloudwatch.GraphWidget:
        """A graph that answers a question."""
        return cloudwatch.GraphWidget(
            title=question,
            left=list(metrics),
            left_annotations=list(annotations),
            left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
            width=_WIDTH,
            height=6,
        )

    def _logs(self, *queries: SavedQuery) -> list[cloudwatch.IWidget]:
        """Tables with the results of saved queries; none in the embedded AWS, which can't save them."""
        if self._settings.embedded:
            return []
        return [
            cloudwatch.LogQueryWidget(
                title=query.question,
                log_group_names=self._query_logs.read_by(query),
                query_string=query.text,
                view=cloudwatch.LogQueryVisualizationType.TABLE,
                width=3 * _WIDTH // len(queries),
                height=8,
            )
            for query in queries
        ]

    def _header(self, other: str, other_name: str) -> cloudwatch.TextWidget:
        """Where to go on: a line of links."""
        runbook = self._settings.runbook_url
        links = [
            f"[Runbook]({runbook})" if runbook else f"Runbook: `{self._settings.runbook}`",
            f"[Dashboard {other}]({self._links.dashboard(other_name)})",
            f"[Alarms]({self._links.alarms()})",
            f"[State machine]({self._links.state_machine(self._observed.saga.state_machine_arn)})",
            f"[Orders]({self._links.table_items(self._observed.orders.table_name)})",
            f"[Saved queries]({self._links.saved_queries()}) (folder `{folder(self._settings)}`)",
        ]
        return cloudwatch.TextWidget(markdown=" | ".join(links), width=3 * _WIDTH, height=1)

    def _add(
        self,
        scope: Construct,
        construct_id: str,
        name: str,
        header: cloudwatch.TextWidget,
        widgets: list[cloudwatch.IWidget],
    ) -> cloudwatch.Dashboard:
        dashboard = cloudwatch.Dashboard(
            scope, construct_id, dashboard_name=name, default_interval=Duration.days(1)
        )
        dashboard.add_widgets(header)
        dashboard.add_widgets(*widgets)  # a row ends where the next widget does not fit
        return dashboard
