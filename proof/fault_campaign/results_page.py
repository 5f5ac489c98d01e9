"""Writes the results of a campaign into docs/reliability.md."""

from argparse import Namespace
from datetime import UTC, datetime
from typing import Final

from local.processes import REPOSITORY
from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.campaign_report import CampaignReport

DOCUMENT: Final = REPOSITORY / "docs" / "reliability.md"

_BEGIN: Final = "<!-- results -->"
_END: Final = "<!-- end -->"


def write_results(report: CampaignReport, arguments: Namespace) -> None:
    """Replace the results between the document's markers."""
    before, _, rest = DOCUMENT.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n\n{_results(report, arguments)}\n\n{_END}{after}")


def _results(report: CampaignReport, arguments: Namespace) -> str:
    command = (
        f"make faults SEED={arguments.seed} MINUTES={arguments.budget_minutes:g} WORLDS={arguments.worlds}"
    )
    return "\n".join(
        [
            f"`{command}` on {datetime.now(UTC).date().isoformat()}:",
            "",
            *(f"- {line}" for line in report.summary()),
            "",
            report.table(),
            "",
            "| journey | what happens | how it ends without a fault |",
            "|---|---|---|",
            *(
                f"| `{each.journey.key}` | {each.journey.what_fails} | {each.journey.end} |"
                for each in CAMPAIGN_JOURNEYS.values()
            ),
        ]
    )
