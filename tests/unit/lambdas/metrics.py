"""The metrics that functions emit."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from lambdas.domain.vocabulary import Metric
from lambdas.shared.metrics import Measure

_BY_NAME: Final = {metric.value: metric for metric in Metric}

Emitted = Callable[[], list[Measure]]
"""Returns the data points since the last call, in order."""


def data_points(log: str) -> Iterator[Measure]:
    """The data points that CloudWatch would extract from a log."""
    for line in log.splitlines():
        if '"_aws"' not in line:
            continue
        document: dict[str, Any] = json.loads(line)
        [directive] = document["_aws"]["CloudWatchMetrics"]
        [dimensions] = directive["Dimensions"]
        assert directive["Namespace"] == "OrderSaga/local"
        assert document["service"] == "orders"
        for each in directive["Metrics"]:
            metric = _BY_NAME[each["Name"]]
            assert each == {"Name": metric, "Unit": metric.unit}
            assert set(dimensions) == {"service", metric.dimension or "service"}
            of = document[metric.dimension] if metric.dimension else None
            assert metric.values is None or of in set(metric.values)
            yield from (Measure(metric, of, value) for value in document[metric])
