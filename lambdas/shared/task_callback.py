"""Resumes an execution that waits with a task token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

from lambdas.domain.errors import OrderSagaError, SagaUnavailable
from lambdas.shared.aws import step_functions, transient_as
from lambdas.shared.log import logger
from lambdas.shared.payments.settlement import Callback

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class TaskCallback(Callback):
    """Resumes executions in Step Functions.

    Raises:
        SagaUnavailable: From both methods, if Step Functions throttles, fails or does not answer.
    """

    def __init__(self, client: "SFNClient") -> None:
        self._client = client
        self._too_late = (
            client.exceptions.TaskTimedOut,
            client.exceptions.TaskDoesNotExist,
            client.exceptions.InvalidToken,
        )

    @classmethod
    def connect(cls) -> "TaskCallback":
        """Connect to Step Functions in the function's region."""
        return cls(step_functions())

    @override
    def succeed(self, task_token: str) -> None:
        with self._unless_too_late("success"):
            self._client.send_task_success(taskToken=task_token, output=json.dumps({"Payload": {}}))

    @override
    def fail(self, task_token: str, error: OrderSagaError) -> None:
        with self._unless_too_late(type(error).__name__):
            self._client.send_task_failure(
                taskToken=task_token,
                error=type(error).__name__,
                # The form in which Step Functions reports an exception of a function.
                cause=json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}),
            )

    @contextmanager
    def _unless_too_late(self, outcome: str) -> Iterator[None]:
        try:
            with transient_as(SagaUnavailable):
                yield
        except self._too_late:
            logger.info("no execution waits with this task token any more")
        else:
            logger.info("saga resumed", extra={"outcome": outcome})
