"""A report shows what happened, and nobody can miss a violation."""

from dataclasses import replace

from proof.fault_campaign.case import parse_case
from proof.fault_campaign.outcome import Outcome
from proof.fault_campaign.report import Report, describe

CALL = "start_saga: states StartExecution #1"
FINE = Outcome(
    case=parse_case(f"happy; refuse {CALL}"),
    order_id="order-1",
    status="CONFIRMED",
    recovered=False,
    reconciled=False,
    operator_called=False,
    struck=[True],
    breaches=[],
    evidence="",
    calls=[],
    seconds=1.0,
)
BROKEN = replace(FINE, breaches=["order order-1 was charged 2 times"], evidence="timeline:\n  OrderReceived")


def test_the_table_counts_what_ended_otherwise_than_undisturbed() -> None:
    outcomes = [FINE, FINE, replace(FINE, status="FAILED"), replace(FINE, recovered=True), BROKEN]

    table = Report(outcomes=outcomes).table()

    assert "| refused | 5, 1 failed, 1 recovered, 1 VIOLATED |" in table


def test_what_breaks_after_its_case_is_a_violation_too() -> None:
    report = Report(outcomes=[FINE, BROKEN], late=["happy: later its record is gone"])

    assert report.violations == 2
    assert "Violations: 2." in report.summary()


def test_a_violation_says_how_to_play_it_again() -> None:
    text = describe(BROKEN)

    assert "law: order order-1 was charged 2 times" in text
    assert f"python -m proof faults --case 'happy; refuse {CALL}'" in text
