"""The catalogue of metrics, and the lines that carry them."""

import json
import re
from pathlib import Path

import pytest

from lambdas import domain
from lambdas.domain.vocabulary import Metric
from lambdas.shared.metrics import Measure, emit
from tests.unit.lambdas.metrics import Emitted

LAMBDAS = Path(domain.__path__[0]).parent


def test_measures_are_emitted_as_they_are(emitted: Emitted) -> None:
    measures = [
        Measure(Metric.ORDER_EVENTS, "OrderConfirmed"),
        Measure(Metric.REVENUE, "jpy", 500),
        Measure(Metric.OLDEST_OPEN_ORDER, value=0),
    ]

    emit(*measures)

    assert emitted() == measures


def test_measures_with_the_same_dimensions_share_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Measure(Metric.OUTCOMES), Measure(Metric.REVENUE, "usd", 7), Measure(Metric.SLOW_OUTCOMES, value=0))

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["Outcomes"], first["SlowOutcomes"], second["Revenue"]) == ([1], [0], [7])
    assert "currency" not in first


def test_nothing_is_written_without_a_measure(capsys: pytest.CaptureFixture[str]) -> None:
    emit()

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("metric", "of"), [(Metric.OUTCOMES, "anything"), (Metric.MAILS, None)])
def test_a_measure_has_its_dimension_or_none(metric: Metric, of: str | None) -> None:
    with pytest.raises(ValueError, match=metric):
        Measure(metric, of)


@pytest.mark.parametrize("metric", Metric)
def test_a_metric_has_few_series(metric: Metric) -> None:
    """CloudWatch bills each value of a dimension as a metric, so an id as one would cost thousands."""
    assert metric.dimension in {None, "event", "code", "currency", "outcome", "step", "kind"}
    assert len(metric.values or ()) <= 16


def test_every_metric_is_emitted() -> None:
    sources = [file.read_text() for file in LAMBDAS.rglob("*.py") if file.name != "vocabulary.py"]
    named = {name for source in sources for name in re.findall(r"\bMetric\.([A-Z_]+)\b", source)}

    assert named == set(Metric.__members__)
