"""The state machine, seen from outside."""

import json
from typing import TYPE_CHECKING

from lambdas.domain.errors import SagaUnavailable
from lambdas.shared.aws import step_functions, transient_as
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class SagaExecutions:
    """Starts executions of the order saga."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    @classmethod
    def from_settings(cls, settings: Settings) -> "SagaExecutions":
        """The state machine that the environment names."""
        return cls(step_functions(), settings.state_machine_arn)

    def start(self, order_id: str, name: str | None = None) -> bool:
        """Start an execution for the order; under one name one only, however often this is called.

        Step Functions keeps an execution's name for 90 days: the same name and input while it runs is
        answered with the running execution, afterwards with `ExecutionAlreadyExists`
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).

        Args:
            order_id: The order.
            name: The execution's, at most 80 characters; the order's id for its first execution.

        Returns:
            Whether an execution of this name is on its way; False if there was one before.

        Raises:
            SagaUnavailable: Step Functions limits the rate, fails or does not answer: try again.
        """
        try:
            with transient_as(SagaUnavailable):
                self._client.start_execution(
                    stateMachineArn=self._state_machine_arn,
                    name=name or order_id,
                    input=json.dumps({"order_id": order_id}),
                )
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        return True

    def is_running(self, name: str) -> bool:
        """Whether the execution of this name, which must exist, has not ended.

        Raises:
            SagaUnavailable: Step Functions limits the rate (15/s), fails or does not answer: try again.
        """
        machine = self._state_machine_arn.replace(":stateMachine:", ":execution:")
        with transient_as(SagaUnavailable):
            answer = self._client.describe_execution(executionArn=f"{machine}:{name}")
        return answer["status"] == "RUNNING"
