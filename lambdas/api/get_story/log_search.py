"""Finds the lines about an order in the logs of all functions, with CloudWatch Logs Insights."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.shared.aws import cloudwatch_logs
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_MOST_LINES: Final = 2_000
"""Limit on the lines of a story: about a megabyte. An order without trouble has fewer than 50."""

_QUERY: Final = (
    "fields @timestamp, @message"
    ' | filter order_id = "{order_id}"'  # uses the index
    " | filter @message like /{order_id}/"  # for the emulator, which ignores the first filter
    f" | sort @timestamp asc | limit {_MOST_LINES}"
)

_PATIENCE_SECONDS: Final = 15.0
"""How long a query may take. API Gateway waits for 29 s in all."""

_PAUSE_SECONDS: Final = 0.5
"""Pause between two looks at a query: an account may look five times a second
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html)."""


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Lines of the logs, the oldest first.

    Attributes:
        lines: Each line's JSON object.
        is_complete: Whether these are all lines that the search matches.
    """

    lines: Sequence[Mapping[str, Any]]
    is_complete: bool


class LogSearch:
    """Searches the logs of the functions that work on orders.

    Lines appear some seconds after they were written. The index of `order_id` (`PythonFunction`) lets a query
    skip the lines of other orders
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html).
    """

    def __init__(
        self,
        client: "CloudWatchLogsClient",
        log_groups: Sequence[str],
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._log_groups = log_groups
        self._sleep = sleep
        self._now = now

    @classmethod
    def from_settings(cls, settings: Settings) -> "LogSearch":
        """The log groups that the environment names."""
        names = (path.rpartition("/")[2] for path in settings.logged_functions)
        return cls(cloudwatch_logs(), [f"{settings.log_group_prefix}{name}" for name in names])

    def lines_about(self, order_id: str, since: datetime, until: datetime) -> FoundLines | None:
        """Find the lines about an order that were written in a period.

        Returns:
            None if the logs cannot be read, or not in time.
        """
        if until <= since:
            return FoundLines([], is_complete=True)
        try:
            query_id = self._client.start_query(
                logGroupNames=list(self._log_groups),
                startTime=int(since.timestamp()),
                endTime=int(until.timestamp()) + 1,
                queryString=_QUERY.format(order_id=order_id),
            )["queryId"]
            answer = self._await(query_id)
        except (ClientError, BotoCoreError) as error:
            logger.warning("the logs cannot be searched", extra={"error": f"{type(error).__name__}: {error}"})
            return None
        if answer is None:
            return None
        rows = [{field["field"]: field["value"] for field in row} for row in answer["results"]]
        lines = [line for line in map(_line, rows) if line.get("order_id") == order_id and "message" in line]
        return FoundLines(lines, is_complete=answer["statistics"]["recordsMatched"] <= len(rows))

    def _await(self, query_id: str) -> Any | None:  # noqa: ANN401 - the stubs do not type the results' fields
        """Wait for the result of a query; None if it fails or takes too long."""
        deadline = self._now() + _PATIENCE_SECONDS
        while True:
            answer = self._client.get_query_results(queryId=query_id)
            if answer["status"] == "Complete":
                return answer
            if answer["status"] not in {"Scheduled", "Running"}:
                logger.warning("the search of the logs failed", extra={"status": answer["status"]})
                return None
            if self._now() > deadline:
                self._client.stop_query(queryId=query_id)  # so that it scans, and costs, no more
                logger.warning("the search of the logs takes too long")
                return None
            self._sleep(_PAUSE_SECONDS)


def _line(row: Mapping[str, str]) -> Mapping[str, Any]:
    """Read a row; empty if it is no JSON object, like some lines that the runtime writes."""
    try:
        line = json.loads(row["@message"])
    except ValueError:
        return {}
    return {**line, "@timestamp": row["@timestamp"]} if isinstance(line, dict) else {}
