"""The metrics in docs/observability.md, and how many of them CloudWatch bills."""

from collections.abc import Mapping
from typing import Final

from lambdas.domain.vocabulary import EventType, FailureCode, MailOutcome, Metric, WebhookOutcome
from statemachines.steps import STEP_FUNCTIONS

DOLLARS_A_MONTH: Final = 0.30
"""Price of a metric in us-east-1, in proportion to the hours in which it has data
(https://aws.amazon.com/cloudwatch/pricing/, November 2026)."""

_OPEN_DIMENSIONS: Final[Mapping[Metric, tuple[str, int]]] = {
    Metric.REVENUE: ("each currency of the catalogue", 1),
    Metric.STEP_RETRIES: ("each function of the saga", len(STEP_FUNCTIONS)),
}
"""Dimensions whose values have no enum: what they are, and how many."""

_BUSY: Final[Mapping[Metric, tuple[str, ...]]] = {
    Metric.ORDER_EVENTS: (EventType.ORDER_CONFIRMED, EventType.ORDER_FAILED),
    Metric.ORDERS_FAILED: (FailureCode.PAYMENT_DECLINED, FailureCode.OUT_OF_STOCK),
    Metric.REVENUE: ("usd",),
    Metric.TIME_TO_OUTCOME: ("",),
    Metric.OUTCOMES: ("",),
    Metric.SLOW_OUTCOMES: ("",),
    Metric.STRIPE_WEBHOOKS: (WebhookOutcome.HANDLED, WebhookOutcome.ALREADY_KNOWN),
    Metric.WEBHOOK_LAG: ("",),
    Metric.MAILS: (MailOutcome.SENT,),
    Metric.OLDEST_OPEN_ORDER: ("",),
}
"""What has data in every hour of a shop that sells day and night in one currency, and in which nothing fails
but cards and stock; a metric without a dimension has one value."""


def metrics_of_a_busy_shop() -> int:
    """How many metrics have data in every hour, if nothing fails but cards and stock."""
    return sum(map(len, _BUSY.values()))


def metric_table() -> str:
    """Make a Markdown table: name, unit, dimension with its values, what a data point means."""
    rows = (
        f"| `{metric}` | {metric.unit} | {_dimension(metric)} | {metric.description} |" for metric in Metric
    )
    return "\n".join(["| metric | unit | dimension | a data point means |", "|---|---|---|---|", *rows])


def metric_cost_table() -> str:
    """Make a Markdown table: what happens in every hour, the metrics that then have data, their price."""
    cases = {
        "Sales in one currency, and nothing fails but cards and stock": metrics_of_a_busy_shop(),
        "Everything": sum(map(_series, Metric)),
    }
    rows = (f"| {case} | {number} | ${number * DOLLARS_A_MONTH:.2f} |" for case, number in cases.items())
    return "\n".join(["| what happens in every hour | metrics | a month |", "|---|---|---|", *rows])


def _dimension(metric: Metric) -> str:
    if metric.dimension is None:
        return ""
    values = _OPEN_DIMENSIONS[metric][0] if metric.values is None else ", ".join(metric.values)
    return f"`{metric.dimension}`: {values}"


def _series(metric: Metric) -> int:
    """In how many metrics CloudWatch sees this one."""
    if metric.values is not None:
        return len(metric.values)
    return _OPEN_DIMENSIONS[metric][1] if metric.dimension else 1
