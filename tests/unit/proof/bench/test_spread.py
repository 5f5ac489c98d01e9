"""The spread of measured times."""

import pytest

from proof.bench.spread import Spread, percentile


def test_percentiles_are_values_that_were_measured() -> None:
    ordered = [float(value) for value in range(1, 101)]

    assert [percentile(ordered, percent) for percent in (1, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]


@pytest.mark.parametrize("percent", [1, 50, 95, 99])
def test_the_only_value_is_every_percentile(percent: int) -> None:
    assert percentile([7.0], percent) == 7


def test_a_percentile_is_not_below_its_share_of_the_values() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2
    assert percentile([1.0, 2.0, 3.0, 4.0], 51) == 3


def test_a_spread_is_in_milliseconds_and_needs_no_order() -> None:
    assert Spread.of_seconds([0.3, 0.1, 0.2004]) == Spread(p50=200.4, p95=300.0, p99=300.0)


def test_a_spread_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        Spread.of_seconds([])
