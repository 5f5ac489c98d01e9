"""Metrics, written to the log in CloudWatch's embedded metric format.

Their namespace is the stage's own; Powertools reads it from `POWERTOOLS_METRICS_NAMESPACE`. CloudWatch can
extract a line twice, which is rare
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html,
November 2026).
"""

from collections import defaultdict
from dataclasses import dataclass

from aws_lambda_powertools import Metrics

from lambdas.domain.vocabulary import SERVICE, Metric


@dataclass(frozen=True, slots=True)
class Measure:
    """A data point of a metric.

    Attributes:
        metric: The metric.
        of: The value of the metric's dimension; None if the metric has none.
        value: In the metric's unit.

    Raises:
        ValueError: The metric has a dimension without a value, or a value without a dimension.
    """

    metric: Metric
    of: str | None = None
    value: float = 1

    def __post_init__(self) -> None:
        if (self.of is None) != (self.metric.dimension is None):
            raise ValueError(f"{self.metric} has the dimension {self.metric.dimension}, not {self.of}")


def emit(*measures: Measure) -> None:
    """Write data points: one line for those with the same dimensions, because a line has one set of them."""
    lines = defaultdict(list)
    for measure in measures:
        lines[measure.metric.dimension, measure.of].append(measure)
    for (dimension, of), together in lines.items():
        metrics = Metrics(service=SERVICE)
        if dimension is not None and of is not None:
            metrics.add_dimension(dimension, of)
        for measure in together:
            metrics.add_metric(measure.metric, measure.metric.unit, measure.value)
        metrics.flush_metrics()
