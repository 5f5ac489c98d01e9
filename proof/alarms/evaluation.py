"""Evaluates alarms as CloudWatch does. MiniStack ignores dimensions and missing data, and has no metric math.

Sources, read in November 2026:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

MissingData = Literal["breaching", "notBreaching", "ignore"]


@dataclass(frozen=True)
class MetricKey:
    """A metric: CloudWatch has one for each set of dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Datapoint:
    """A value of a metric.

    Attributes:
        at: Seconds since the epoch.
    """

    metric: MetricKey
    at: float
    value: float = 1


@dataclass(frozen=True)
class Series:
    """A statistic of a metric: `Sum`, `Maximum`, `Average`, or a percentile such as `p99`."""

    metric: MetricKey
    statistic: str


@dataclass(frozen=True, kw_only=True)
class MetricAlarm:
    """An alarm on a metric or on an expression.

    Attributes:
        notifies: Whether it notifies somebody; otherwise only composite alarms read it.
        series: The metrics of the expression, by their ids.
        period: Seconds over which the statistics are taken.
        periods: How many consecutive periods must breach the threshold.
        below: Whether values below the threshold breach it; otherwise values that reach it do.
        missing: What a period without data is.
    """

    name: str
    notifies: bool
    expression: str
    series: Mapping[str, Series]
    period: int
    periods: int
    threshold: float
    below: bool
    missing: MissingData


@dataclass(frozen=True)
class CompositeAlarm:
    """An alarm that is raised while all of some others are."""

    name: str
    all_of: tuple[str, ...]


@dataclass(frozen=True)
class Alarms:
    """The alarms of a stage."""

    metric: Sequence[MetricAlarm]
    composite: Sequence[CompositeAlarm]

    @property
    def notifying(self) -> set[str]:
        """The names of the alarms that notify somebody."""
        return {each.name for each in self.metric if each.notifies} | {each.name for each in self.composite}

    def raised(self, datapoints: Iterable[Datapoint], since: float, until: float) -> set[str]:
        """The alarms that notify somebody between two moments: CloudWatch looks after each new value."""
        data = list(datapoints)
        moments = sorted({each.at for each in data if since <= each.at <= until} | {until})
        return {name for moment in moments for name in self._at(moment, data)}

    def _at(self, moment: float, data: Sequence[Datapoint]) -> set[str]:
        raised = {each.name for each in self.metric if _is_raised(each, moment, data)}
        composite = {each.name for each in self.composite if raised.issuperset(each.all_of)}
        return (raised | composite) & self.notifying


def _is_raised(alarm: MetricAlarm, moment: float, data: Sequence[Datapoint]) -> bool:
    return all(
        _breaches(alarm, _value(alarm, moment - number * alarm.period, data))
        for number in range(alarm.periods)
    )


def _breaches(alarm: MetricAlarm, value: float | None) -> bool:
    if value is None:
        return alarm.missing == "breaching"
    return value < alarm.threshold if alarm.below else value >= alarm.threshold


def _value(alarm: MetricAlarm, end: float, data: Sequence[Datapoint]) -> float | None:
    """The value of an alarm's expression in the period that ends at a moment; None if data are missing."""
    values = {
        name: _statistic(
            series.statistic,
            [
                each.value
                for each in data
                if each.metric == series.metric and end - alarm.period < each.at <= end
            ],
        )
        for name, series in alarm.series.items()
    }
    return _calculate(ast.parse(alarm.expression, mode="eval").body, values)


def _statistic(statistic: str, values: Sequence[float]) -> float | None:
    if not values:
        return None
    match statistic:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "Average":
            return sum(values) / len(values)
        case _ if statistic.startswith("p"):
            rank = round(float(statistic.removeprefix("p")) / 100 * (len(values) - 1))
            return sorted(values)[rank]
    raise ValueError(f"the statistic {statistic} is not known here")


_OPERATORS: Final[Mapping[type[ast.operator | ast.cmpop], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
}


def _calculate(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    """Metric math, as far as our alarms use it; its syntax is also Python's."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, default]):
            value = _calculate(metric, values)
            return _calculate(default, values) if value is None else value
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            chosen = _calculate(condition, values)
            return None if chosen is None else _calculate(then if chosen else otherwise, values)
        case ast.BinOp(left=left, op=symbol, right=right):
            return _combine(type(symbol), _calculate(left, values), _calculate(right, values))
        case ast.Compare(left=left, ops=[symbol], comparators=[right]):
            return _combine(type(symbol), _calculate(left, values), _calculate(right, values))
    raise ValueError(f"the expression is not known here: {ast.unparse(node)}")


def _combine(symbol: type[ast.operator | ast.cmpop], left: float | None, right: float | None) -> float | None:
    """The result is missing if an operand is, and so is a quotient by zero."""
    if left is None or right is None or (symbol is ast.Div and right == 0):
        return None
    return _OPERATORS[symbol](left, right)
