"""What the people who operate the service look at: alarms, dashboards, saved queries, and links to them."""

from constructs import Construct

from stacks.constructs.stage_stack import StageStack
from stacks.operations.alarm_topic import AlarmTopic, add_budget
from stacks.operations.alarms import Alarms
from stacks.operations.console_links import ConsoleLinks
from stacks.operations.dashboards import Dashboards
from stacks.operations.observed import Observed
from stacks.operations.saved_queries import QueryLogs, save_queries
from stacks.operations.table_backups import TableBackups
from stacks.settings import StageSettings


class OperationsStack(StageStack):
    """The alarms and their topic, the dashboards, the saved queries, and the backups of the tables."""

    def __init__(self, scope: Construct, settings: StageSettings, observed: Observed) -> None:
        super().__init__(scope, "operations", settings, description="Orders: alarms and dashboards")
        topic = AlarmTopic(self, settings)
        if settings.monthly_budget_usd:
            add_budget(self, settings.monthly_budget_usd, topic)
        if settings.backup_vault:
            TableBackups(self, settings, settings.backup_vault, topic)
        alarms = Alarms(self, settings, observed, topic)
        query_logs = QueryLogs.of(observed)
        dashboards = Dashboards(self, settings, observed, alarms, query_logs)
        self.add_output("AlarmTopicArn", topic.topic_arn, "Topic of all alarms; subscribe to it")
        if settings.embedded:  # it has no saved queries, and no console
            return
        save_queries(self, settings, query_logs)
        links = ConsoleLinks(self)
        for name, link, description in (
            (
                "BusinessDashboardUrl",
                links.dashboard(dashboards.business.dashboard_name),
                "How the business goes",
            ),
            (
                "OperationsDashboardUrl",
                links.dashboard(dashboards.operations.dashboard_name),
                "How the service runs",
            ),
            (
                "StateMachineUrl",
                links.state_machine(observed.saga.state_machine_arn),
                "The saga's executions",
            ),
            ("OrdersTableUrl", links.table_items(observed.orders.table_name), "The order records"),
            ("SavedQueriesUrl", links.saved_queries(), "Logs Insights, with the saved queries"),
        ):
            self.add_output(name, link, f"{description}, in the AWS console")
