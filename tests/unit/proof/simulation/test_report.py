"""The report of `make simulate` counts cases and how they ended."""

from dataclasses import replace
from typing import Final

from proof.simulation.play import parse
from proof.simulation.play_case import SimulatedResult
from proof.simulation.report import SimulationReport

CALL: Final = "charge_payment: dynamodb GetItem orders #1"
FINE: Final = SimulatedResult(parse(f"happy; refuse {CALL}"), ends=["CONFIRMED"])
FAILED: Final = replace(FINE, ends=["FAILED internal_error"])
PAIR: Final = replace(FINE, case=parse(f"happy; refuse {CALL}; hang {CALL}"), periods=1)
SHOP: Final = replace(FINE, case=parse("shop 7"), milliseconds=2 * 24 * 60 * 60 * 1000)


def report_of(*results: SimulatedResult) -> SimulationReport:
    report = SimulationReport({"happy": replace(FINE, case=parse("happy"))}, planned=10)
    for result in results:
        report.add(result)
    report.seconds = 2.0
    return report


def test_a_row_tells_how_the_cases_of_a_fault_ended() -> None:
    text = report_of(FINE, FINE, FAILED, replace(FINE, operator_called=True)).text("make simulate")

    assert "| `refuse` | 4 | 2 | 1 |  | 1 |  |" in text


def test_pairs_and_shops_are_counted_apart() -> None:
    text = report_of(FINE, PAIR, SHOP).text("make simulate")

    assert "1 of all 10 cases with one fault, 1 pairs of faults, and 1 random shops" in text
    assert "took 2 days of simulated time" in text


def test_a_broken_law_is_a_violation_whatever_else_happened() -> None:
    report = report_of(replace(FAILED, breaches=["oversold"], operator_called=True))

    assert report.violations == 1
    assert "| `refuse` | 1 |  |  |  |  | 1 |" in report.text("make simulate")
