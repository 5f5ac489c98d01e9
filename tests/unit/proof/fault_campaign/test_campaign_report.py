"""The report counts how cases ended, and shows every violation."""

from dataclasses import replace

from proof.fault_campaign.campaign_report import CampaignReport, describe
from proof.fault_campaign.case import CaseResult, parse_case

CALL = "start_saga: states StartExecution #1"
FINE = CaseResult(
    case=parse_case(f"happy; refuse {CALL}"),
    order_id="order-1",
    status="CONFIRMED",
    struck=[True],
    seconds=1.0,
)
BROKEN = replace(FINE, breaches=["order order-1 was charged 2 times"], evidence="timeline:\n  OrderReceived")


def test_the_table_counts_the_cases_that_a_fault_made_end_differently() -> None:
    results = [FINE, FINE, replace(FINE, status="FAILED"), replace(FINE, recovered=True), BROKEN]

    table = CampaignReport(results=results).table()

    assert "| refused | 5, 1 failed, 1 recovered, 1 VIOLATED |" in table


def test_a_law_that_breaks_after_its_case_is_a_violation_too() -> None:
    report = CampaignReport(results=[FINE, BROKEN], late=["happy: later order order-1 has no record"])

    assert report.violations == 2
    assert "Violations: 2." in report.summary()


def test_a_violation_names_the_command_that_runs_it_again() -> None:
    text = describe(BROKEN)

    assert "law: order order-1 was charged 2 times" in text
    assert f"python -m proof faults --case 'happy; refuse {CALL}'" in text
