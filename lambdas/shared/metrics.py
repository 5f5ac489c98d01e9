"""Metrics, written to the log in CloudWatch's embedded metric format.

Their namespace is the stage's own; Powertools reads it from `POWERTOOLS_METRICS_NAMESPACE`.
"""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.domain.vocabulary import SERVICE


def count(metric: str, **dimension: str) -> None:
    """Add one to a metric with one dimension: `count("StripeWebhooks", outcome="handled")`."""
    metrics = Metrics(service=SERVICE)
    for name, value in dimension.items():
        metrics.add_dimension(name, value)
    metrics.add_metric(metric, MetricUnit.Count, 1)
    metrics.flush_metrics()
