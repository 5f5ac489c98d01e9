"""Writes what a campaign came to into docs/reliability.md."""

from argparse import Namespace
from datetime import UTC, datetime
from typing import Final

from local.processes import REPOSITORY
from proof.fault_campaign.journeys import JOURNEYS
from proof.fault_campaign.report import Report

DOCUMENT: Final = REPOSITORY / "docs" / "reliability.md"

_BEGIN: Final = "<!-- results -->"
_END: Final = "<!-- end -->"


def write_results(report: Report, arguments: Namespace) -> None:
    """Replace the results between the document's markers."""
    before, _, rest = DOCUMENT.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n\n{_results(report, arguments)}\n\n{_END}{after}")


def _results(report: Report, arguments: Namespace) -> str:
    command = (
        f"make faults SEED={arguments.seed} MINUTES={arguments.budget_minutes:g} WORLDS={arguments.worlds}"
    )
    journeys = [
        f"| `{journey.key}` | {journey.what} | {_end(journey.key)} |" for journey in JOURNEYS.values()
    ]
    return "\n".join(
        [
            f"`{command}` on {datetime.now(UTC).date().isoformat()}:",
            "",
            *(f"- {line}" for line in report.summary()),
            "",
            report.table(),
            "",
            "| journey | what happens | how it ends undisturbed |",
            "|---|---|---|",
            *journeys,
        ]
    )


def _end(key: str) -> str:
    journey = JOURNEYS[key]
    return f"{journey.status}, `{journey.failure}`" if journey.failure else journey.status
