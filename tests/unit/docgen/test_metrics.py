"""The tables of metrics show all of them, and what CloudWatch bills."""

import re

from docgen.metrics import metric_cost_table, metric_table, metrics_of_a_busy_shop
from lambdas.domain.vocabulary import FailureCode, Metric
from statemachines.steps import STEP_FUNCTIONS


def test_the_table_has_a_row_for_every_metric() -> None:
    rows = metric_table().splitlines()[2:]

    assert [row.split("`")[1] for row in rows] == list(Metric)
    (failed,) = (row for row in rows if row.startswith("| `OrdersFailed` | Count | `code`: "))
    assert all(code in failed for code in FailureCode)
    assert "| `StockConflicts` | Count |  | The transaction" in "\n".join(rows)


def test_each_value_of_a_dimension_is_billed_as_a_metric() -> None:
    numbers = [int(number) for number in re.findall(r"\| (\d+) \| \$", metric_cost_table())]

    closed_sets = sum(len(metric.values) for metric in Metric if metric.values)
    without_dimension = sum(metric.dimension is None for metric in Metric)
    one_currency = 1
    assert numbers == [
        metrics_of_a_busy_shop(),
        closed_sets + len(STEP_FUNCTIONS) + one_currency + without_dimension,
    ]
