"""The state machine, seen from outside."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Saga:
    """Starts executions of the order saga."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def start(self, order_id: str) -> None:
        """Start the order's first execution, named by the order's id; once, however often this is called.

        Step Functions keeps an execution's name for 90 days: the same name and input while it runs is
        answered with the running execution, afterwards with `ExecutionAlreadyExists`
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).

        Raises:
            botocore.exceptions.ClientError: Step Functions does not start it; the caller tries again.
        """
        try:
            self._client.start_execution(
                stateMachineArn=self._state_machine_arn,
                name=order_id,
                input=json.dumps({"order_id": order_id}),
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return
