"""Reads histories of the saga's executions from Step Functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from lambdas.api.list_executions.history import Event, until_end
from lambdas.domain.errors import SagaUnavailable
from lambdas.shared.aws import error_code, step_functions, transient_as
from lambdas.shared.log import logger
from lambdas.shared.saga_executions import execution_arn
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MOST_EVENTS: Final = 1_000
"""Events of one execution that are read. Without trouble it has about 30; Step Functions allows 25,000."""

_BUDGET_SECONDS: Final = 10.0
"""Time in which reading begins: one call can take 12 s, and API Gateway waits for 29 s."""


class HistoryState(StrEnum):
    """How much of an execution's history could be read."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    """Only its first `MOST_EVENTS` events, or for lack of time none."""
    EXPIRED = "expired"
    """Step Functions keeps an execution for 90 days after its end."""
    DENIED = "denied"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class History:
    """The history of an execution.

    Attributes:
        state: How much of it could be read.
        events: From the first one on.
        last: The last event, even of a truncated history; None if it could not be read.
    """

    state: HistoryState
    events: Sequence[Event] = ()
    last: Event | None = None


Read = Callable[[str], History]
"""Reads the history of the execution of a name."""


class HistoryReader:
    """Reads histories until its time is used up.

    `GetExecutionHistory` alone is called: it refills 20 calls a second, `DescribeExecution` only 15, and the
    last event says how an execution ended
    (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, November 2026).
    """

    def __init__(
        self, client: "SFNClient", state_machine_arn: str, *, budget_seconds: float = _BUDGET_SECONDS
    ) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn
        self._deadline = monotonic() + budget_seconds

    @classmethod
    def from_settings(cls, settings: Settings) -> "HistoryReader":
        """The state machine that the environment names."""
        return cls(step_functions(), settings.state_machine_arn)

    def read(self, name: str) -> History:
        """Read the history of the execution of this name; no error is raised."""
        if monotonic() > self._deadline:
            return History(HistoryState.TRUNCATED)
        try:
            with transient_as(SagaUnavailable):
                return self._read(execution_arn(self._state_machine_arn, name))
        except SagaUnavailable as error:
            logger.warning("a history cannot be read", extra={"execution": name, "error": str(error)})
            return History(HistoryState.UNAVAILABLE)
        except ClientError as error:
            if error_code(error) == "ExecutionDoesNotExist":
                return History(HistoryState.EXPIRED)
            logger.warning("a history cannot be read", extra={"execution": name, "error": error_code(error)})
            is_denied = error_code(error) == "AccessDeniedException"
            return History(HistoryState.DENIED if is_denied else HistoryState.UNAVAILABLE)

    def _read(self, arn: str) -> History:
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=arn, PaginationConfig={"PageSize": MOST_EVENTS}
        )
        events = list(islice(until_end(each for page in pages for each in page["events"]), MOST_EVENTS + 1))
        if len(events) <= MOST_EVENTS:
            return History(HistoryState.COMPLETE, events, events[-1])
        newest = self._client.get_execution_history(executionArn=arn, maxResults=1, reverseOrder=True)
        return History(HistoryState.TRUNCATED, events[:-1], newest["events"][0])
