"""The report of a campaign, for a person and for docs/reliability.md."""

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from proof.fault_campaign.campaign_journeys import CAMPAIGN_JOURNEYS
from proof.fault_campaign.case import CaseResult
from proof.fault_campaign.crowds import CrowdResult

_FAULTS: Final = {
    "refuse": "refused",
    "lose_reply": "reply lost",
    "hang": "no reply",
    "late": "no reply, late effect",
    "throttle": "throttled",
    "kill_before": "killed before",
    "kill_after": "killed after",
    "refuse outage": "refused for long",
    "lose_reply outage": "replies lost for long",
    "stop": "execution stopped",
    "restart": "AWS restarted",
}
_ENDS: Final = {
    "as without a fault": "",
    "failed": "failed",
    "recovered": "recovered",
    "reconciled": "reconciled",
    "operator": "operator",
    "violated": "VIOLATED",
}


@dataclass
class CampaignReport:
    """The report of a campaign.

    Attributes:
        results: The results of all cases that were run.
        late: The laws that were broken after their case had ended.
        crowds: The results of many orders at once.
        seconds: Duration.
        planned: Number of all cases with one fault.
    """

    results: list[CaseResult] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    crowds: list[CrowdResult] = field(default_factory=list)
    seconds: float = 0
    planned: int = 0

    @property
    def violations(self) -> int:
        """Number of cases that broke a law, at once or later, and of laws that crowds broke."""
        broken = sum(1 for result in self.results if result.breaches)
        return broken + len(self.late) + sum(len(crowd.breaches) for crowd in self.crowds)

    @property
    def _disturbed(self) -> list[CaseResult]:
        return [each for each in self.results if each.case.injections]

    def table(self) -> str:
        """Faults by journeys, in Markdown; a cell counts the cases and names their ends."""
        labels = [label for label in _FAULTS if any(each.case.label == label for each in self.results)]
        journeys = [
            key for key in CAMPAIGN_JOURNEYS if any(each.case.journey == key for each in self.results)
        ]

        def row(name: str, results: Sequence[CaseResult]) -> list[str]:
            by_journey = ([each for each in results if each.case.journey == key] for key in journeys)
            return [name, *map(_cell, by_journey), _cell(results)]

        rows = [
            ["", *(f"`{journey}`" for journey in journeys), "**all**"],
            ["---"] * (len(journeys) + 2),
            *(
                row(_FAULTS[label], [each for each in self.results if each.case.label == label])
                for label in labels
            ),
            row("**all**", self._disturbed),
        ]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def summary(self) -> list[str]:
        """The totals, one sentence each."""
        disturbed = self._disturbed
        struck = sum(1 for each in disturbed if all(each.struck))
        ends = Counter(map(_end, disturbed))
        return [
            (f"{len(disturbed)} of {self.planned} cases with one fault in {self.seconds / 60:.0f} minutes."),
            f"Violations: {self.violations}.",
            f"In {struck} cases every fault struck a call; in the others the order did not make the call.",
            "Orders that did not end as they do without a fault: "
            + ", ".join(f"{ends[end]} {end}" for end in list(_ENDS)[1:])
            + ".",
            *(f"Many orders at once: {crowd}" for crowd in self.crowds),
        ]


def describe(result: CaseResult) -> str:
    """Describe a violation for a person who looks for its cause."""
    return "\n".join(
        [
            f"VIOLATED  {result.case}",
            *(f"  law: {breach}" for breach in result.breaches),
            *(f"  {line}" for line in result.evidence.splitlines()),
            f"  run it again: {result.case.command}",
        ]
    )


def text_of(report: CampaignReport, arguments: Namespace) -> str:
    """The report, in Markdown."""
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


def _cell(results: Sequence[CaseResult]) -> str:
    """The number of cases, and the number of those that did not end as they do without a fault."""
    if not results:
        return ""
    ends = Counter(map(_end, results))
    others = (f"{ends[end]} {word}" for end, word in _ENDS.items() if word and ends[end])
    return ", ".join([str(len(results)), *others])


def _end(result: CaseResult) -> str:
    if result.breaches:
        return "violated"
    if result.operator_called and result.case.journey != "refunded-again":
        return "operator"
    if result.reconciled:
        return "reconciled"
    if result.recovered:
        return "recovered"
    return (
        "as without a fault"
        if result.status == CAMPAIGN_JOURNEYS[result.case.journey].journey.status
        else "failed"
    )
