"""Saved queries of CloudWatch Logs Insights; they are in the folder `orders-STAGE` of its console.

The keys of a log line are those of `docs/observability.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.operations.observed import Observed
from stacks.settings import StageSettings


class SavedQuery(Enum):
    """The queries.

    Attributes:
        question: What a query answers: its name.
        lines: The commands of the query.
    """

    STORY = (
        "What happened to one order? Replace ORDER_ID",
        "fields @timestamp, function_name, level, message, execution, request_id, @message",
        'filter order_id = "ORDER_ID"',
        "sort @timestamp asc",
        "limit 1000",
    )
    SLOWEST_STATES = (
        "Which states take longest?",
        'filter type in ["TaskStateEntered", "TaskStateExited"]',
        "stats max(event_timestamp) - min(event_timestamp) as ms by execution_arn, details.name",
        "sort ms desc",
        "limit 50",
    )
    DECLINES = (
        "Why are payments declined?",
        'filter message = "Stripe called" and http_status = 402',
        "stats count(*) as declines by error",
        "sort declines desc",
    )
    ERRORS = (
        "Which functions log errors?",
        'filter level in ["ERROR", "CRITICAL"]',
        "stats count(*) as errors, max(@timestamp) as latest by function_name, message",
        "sort errors desc",
    )

    def __init__(self, question: str, *lines: str) -> None:
        self.question = question
        self.lines = lines

    @property
    def text(self) -> str:
        """The query as it is typed."""
        return "\n| ".join(self.lines)


@dataclass(frozen=True)
class QueryLogs:
    """The log groups that the queries read."""

    functions: Sequence[str]
    saga: str

    @classmethod
    def of(cls, observed: Observed) -> "QueryLogs":
        """Those of all functions, and that of the saga."""
        return cls(observed.function_logs, observed.saga.log_name)

    def read_by(self, query: SavedQuery) -> list[str]:
        """The log groups of one query: Step Functions itself logs the states."""
        return [self.saga] if query is SavedQuery.SLOWEST_STATES else list(self.functions)


def save_queries(scope: Construct, settings: StageSettings, query_logs: QueryLogs) -> None:
    """Add all queries to the console of Logs Insights."""
    for query in SavedQuery:
        logs.CfnQueryDefinition(
            scope,
            f"{query.name.title().replace('_', '')}Query",
            name=f"{folder(settings)}/{query.question}",
            query_string=query.text,
            log_group_names=query_logs.read_by(query),
        )


def folder(settings: StageSettings) -> str:
    """The folder of the queries in the console."""
    return f"orders-{settings.stage}"
