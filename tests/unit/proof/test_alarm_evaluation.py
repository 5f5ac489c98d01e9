"""Alarms are evaluated as CloudWatch does."""

from dataclasses import replace

import pytest

from proof.alarms.evaluation import (
    Alarms,
    CompositeAlarm,
    Datapoint,
    MetricAlarm,
    MetricKey,
    MissingData,
    Series,
)

NOW = 1_000_000.0
FAILED = MetricKey("AWS/States", "ExecutionsFailed", frozenset({("StateMachineArn", "Saga")}))
OTHER = MetricKey("AWS/States", "ExecutionsFailed", frozenset({("StateMachineArn", "Other")}))
ALARM = MetricAlarm(
    name="Failed",
    notifies=True,
    expression="m",
    series={"m": Series(FAILED, "Sum")},
    period=60,
    periods=1,
    threshold=2,
    below=False,
    missing="notBreaching",
)
SHARE = replace(
    ALARM,
    expression="IF(m >= 2, m / n, 0)",
    series={"m": Series(FAILED, "Sum"), "n": Series(OTHER, "Sum")},
    threshold=0.5,
)


def is_raised(alarm: MetricAlarm, *datapoints: Datapoint) -> bool:
    return Alarms([alarm], []).raised(datapoints, since=NOW, until=NOW) == {alarm.name}


def times(count: int, key: MetricKey = FAILED, ago: float = 0) -> list[Datapoint]:
    return [Datapoint(key, NOW - ago)] * count


def test_a_threshold_that_is_reached_raises_an_alarm() -> None:
    assert not is_raised(ALARM, *times(1))
    assert is_raised(ALARM, *times(2))


def test_another_dimension_is_another_metric() -> None:
    assert not is_raised(ALARM, *times(5, OTHER))


def test_values_before_the_period_do_not_count() -> None:
    assert not is_raised(ALARM, *times(1), *times(1, ago=60))
    assert is_raised(ALARM, *times(1), *times(1, ago=59))


def test_every_period_must_breach() -> None:
    alarm = replace(ALARM, periods=2)

    assert not is_raised(alarm, *times(2))
    assert is_raised(alarm, *times(2), *times(2, ago=60))


@pytest.mark.parametrize(("missing", "raised"), [("breaching", True), ("notBreaching", False)])
def test_missing_data_are_what_the_alarm_says(missing: MissingData, *, raised: bool) -> None:
    assert is_raised(replace(ALARM, missing=missing)) is raised


def test_an_alarm_that_has_ended_was_raised() -> None:
    during = Datapoint(FAILED, NOW, 2)

    assert Alarms([ALARM], []).raised([during], since=NOW, until=NOW + 600) == {"Failed"}


@pytest.mark.parametrize(("statistic", "threshold"), [("Maximum", 9), ("Average", 3), ("p99", 9), ("p50", 2)])
def test_statistics(statistic: str, threshold: float) -> None:
    values = [Datapoint(FAILED, NOW, value) for value in (1, 1, 2, 2, 9)]
    alarm = replace(ALARM, series={"m": Series(FAILED, statistic)}, threshold=threshold)

    assert is_raised(alarm, *values)
    assert not is_raised(replace(alarm, threshold=threshold + 0.1), *values)


def test_metric_math_is_calculated() -> None:
    assert is_raised(SHARE, *times(2), *times(4, OTHER))
    assert not is_raised(SHARE, *times(2), *times(5, OTHER))
    assert not is_raised(SHARE, *times(1), *times(1, OTHER))
    assert not is_raised(SHARE, *times(2)), "the result is missing if a metric is"


def test_missing_data_can_be_filled() -> None:
    assert is_raised(replace(SHARE, expression="FILL(m,0)+FILL(n,0)", threshold=2), *times(2))


def test_unknown_metric_math_is_an_error() -> None:
    with pytest.raises(ValueError, match="not known here"):
        is_raised(replace(SHARE, expression="RATE(m)"), *times(2))


def test_a_composite_alarm_needs_all_of_its_alarms() -> None:
    quiet = replace(ALARM, notifies=False)
    alarms = Alarms(
        [quiet, replace(quiet, name="Many", threshold=3)], [CompositeAlarm("Both", ("Failed", "Many"))]
    )

    assert alarms.raised(times(2), since=NOW, until=NOW) == set()
    assert alarms.raised(times(3), since=NOW, until=NOW) == {"Both"}
