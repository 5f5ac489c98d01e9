"""Deep links into the AWS console."""

from aws_cdk import Stack


class ConsoleLinks:
    """Links into the console of one stack's region."""

    def __init__(self, stack: Stack) -> None:
        self._region = stack.region

    def _link(self, service: str, place: str) -> str:
        return f"https://{self._region}.console.aws.amazon.com/{service}/home?region={self._region}#{place}"

    def state_machine(self, arn: str) -> str:
        """The executions of a state machine."""
        return self._link("states", f"/statemachines/view/{arn}")

    def table_items(self, table_name: str) -> str:
        """The items of a table."""
        return self._link("dynamodbv2", f"item-explorer?table={table_name}")

    def dashboard(self, name: str) -> str:
        """A dashboard."""
        return self._link("cloudwatch", f"dashboards/dashboard/{name}")

    def alarms(self) -> str:
        """All alarms of the region."""
        return self._link("cloudwatch", "alarmsV2:")

    def saved_queries(self) -> str:
        """Logs Insights, whose pane `Queries` has the saved ones."""
        return self._link("cloudwatch", "logsV2:logs-insights")
