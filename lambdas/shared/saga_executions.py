"""Executions of the saga's state machine."""

import json
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from lambdas.domain.errors import SagaUnavailable
from lambdas.shared.aws import step_functions, transient_as
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class SagaRunner(Protocol):
    """The port to the state machine. `SagaExecutions` implements it.

    Raises:
        SagaUnavailable: From both methods, if the state machine throttles, fails or does not answer.
    """

    def start(self, order_id: str, request_id: str | None, name: str) -> bool:
        """Start an execution for an order; under one name only once, however often this is called.

        Args:
            order_id: The order.
            request_id: API Gateway's id of the request that causes the execution; None if the order was
                submitted to an earlier version.
            name: Name of the execution, at most 80 characters; see `lambdas.domain.execution_names`. One name
                must always come with the same request.

        Returns:
            Whether an execution of this name is running; False if it has already ended.
        """

    def is_running(self, name: str) -> bool:
        """Whether the execution of this name, which must exist, has not ended."""


def execution_arn(started_arn: str, name: str) -> str:
    """The ARN of an execution.

    Args:
        started_arn: The state machine, or the alias that starts it. The ARN of an execution has no alias.
        name: Name of the execution.
    """
    machine = ":".join(started_arn.split(":")[:7])
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


class SagaExecutions(SagaRunner):
    """Executions in Step Functions.

    Step Functions keeps the name of an execution for 90 days. Starting one of the same name and input again
    returns the running execution; once it has ended, the error is `ExecutionAlreadyExists`
    (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
    `DescribeExecution` is limited to 15 calls a second.
    """

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    @classmethod
    def from_settings(cls, settings: Settings) -> "SagaExecutions":
        """The state machine that the environment names."""
        return cls(step_functions(), settings.state_machine_arn)

    @override
    def start(self, order_id: str, request_id: str | None, name: str) -> bool:
        cause = {} if request_id is None else {"request_id": request_id}
        try:
            with transient_as(SagaUnavailable):
                self._client.start_execution(
                    stateMachineArn=self._state_machine_arn,
                    name=name,
                    input=json.dumps({"order_id": order_id, **cause}),
                )
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        return True

    @override
    def is_running(self, name: str) -> bool:
        with transient_as(SagaUnavailable):
            answer = self._client.describe_execution(
                executionArn=execution_arn(self._state_machine_arn, name)
            )
        return answer["status"] == "RUNNING"
