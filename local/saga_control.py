"""The saga's executions: read as the command line reads them, and started, awaited and stopped."""

import json
from typing import TYPE_CHECKING

from cli.executions import Executions
from local.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType


class SagaControl(Executions):
    """The saga's executions. An order's first execution is named after the order.

    Args:
        client: Step Functions.
        state_machine_arn: The saga.
    """

    def start(self, name: str, order_id: str) -> None:
        """Run the saga once more for an order.

        Args:
            name: Name of the new execution.
            order_id: The order.
        """
        self._client.start_execution(
            stateMachineArn=self._machine, name=name, input=json.dumps({"order_id": order_id})
        )

    def stop(self, name: str) -> None:
        """Stop an execution, as an operator would in the console."""
        self._client.stop_execution(executionArn=self.arn(name), error="Stopped", cause="By hand")

    def error(self, name: str) -> str | None:
        """The error that an execution failed with; None if it did not fail."""
        return self._client.describe_execution(executionArn=self.arn(name)).get("error")

    def wait_until_ended(self, name: str, *, timeout_seconds: float = 60.0) -> "ExecutionStatusType":
        """Wait until an execution has started and ended.

        Raises:
            TimeoutError: It has not ended in time.
        """

        def ended() -> "ExecutionStatusType | None":
            status = self.status(name)
            return status if status != "RUNNING" else None

        return wait_for(ended, f"execution {name} ended", timeout_seconds=timeout_seconds)

    def names(self, order_id: str = "", *, running: bool = False) -> list[str]:
        """The names of an order's executions, oldest first.

        Args:
            order_id: The order; all orders if it is left out.
            running: Whether executions that have ended are left out.
        """
        paginator, arn = self._client.get_paginator("list_executions"), self._machine
        pages = (
            paginator.paginate(stateMachineArn=arn, statusFilter="RUNNING")
            if running
            else paginator.paginate(stateMachineArn=arn)
        )
        found = [each for page in pages for each in page["executions"] if each["name"].startswith(order_id)]
        return [each["name"] for each in sorted(found, key=lambda each: each["startDate"])]

    def states_visited(self, name: str) -> list[str]:
        """The names of the states that an execution has entered, in order; retries are not counted."""
        return [visit.name for visit in self.visits(name)]
