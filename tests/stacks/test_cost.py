"""docs/cost.md counts what a stage costs each month without any order."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from docgen.metrics import metrics_of_a_busy_shop
from stacks.constructs.build_folder import PROJECT
from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

ORDERS, _, COST = (PROJECT / "docs" / "cost.md").read_text().partition("\n## A stage without orders\n")

ROWS = [
    (name, int(units), float(price), float(dollars))
    for name, units, price, dollars in re.findall(
        r"^\| ([^|]+) \| (\d+) \| \$([\d.]+) \| \$([\d.]+) \|$", COST, re.MULTILINE
    )
]
"""The fixed costs: name, units, price of a unit, dollars."""


def watched_metrics(alarm: dict[str, Any]) -> int:
    """The metrics of an alarm: AWS charges for each."""
    return sum("MetricStat" in each for each in alarm.get("Metrics", [])) or 1


def test_the_fixed_costs_are_those_of_the_templates(cloud: Synthesis) -> None:
    units = {name: units for name, units, *_ in ROWS}
    (acl,) = cloud.named("AWS::WAFv2::WebACL").values()
    alarms = cloud.named("AWS::CloudWatch::Alarm").values()

    assert units["Rules of the firewall"] == len(acl["Rules"])
    assert units["Secrets"] == len(cloud.resources("AWS::SecretsManager::Secret"))
    assert units["Dashboards"] == len(cloud.resources("AWS::CloudWatch::Dashboard"))
    assert units["Composite alarms"] == len(cloud.resources("AWS::CloudWatch::CompositeAlarm"))
    assert units["KMS keys"] == len(cloud.resources("AWS::KMS::Key"))
    assert units["Metrics that the functions count"] == metrics_of_a_busy_shop()
    # A new function or alarm is no reason to change the page.
    assert units["Metrics that alarms watch"] == pytest.approx(sum(map(watched_metrics, alarms)), rel=0.2)


def test_the_fixed_costs_add_up() -> None:
    total = re.search(r"^\| \*\*together\*\* \| \| \| \*\*\$([\d.]+)\*\* \|$", COST, re.MULTILINE)

    for name, units, price, dollars in ROWS:
        assert dollars == pytest.approx(units * price), name
    assert total
    assert float(total[1]) == pytest.approx(sum(dollars for *_, dollars in ROWS))


def test_the_readme_has_the_totals_of_the_page() -> None:
    readme = " ".join((PROJECT / "README.md").read_text().split())
    (orders,), (month,) = (
        re.findall(r"\*\*together\*\*.*\*\*\$([\d.]+)\*\*", part) for part in (ORDERS, COST)
    )

    assert f"about ${float(month):.0f} a month" in readme
    rounded = Decimal(orders).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert f"1,000 orders cost ${rounded} " in readme
