"""What a campaign came to, for a person and for docs/reliability.md."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from proof.fault_campaign.contention import Contention
from proof.fault_campaign.journeys import JOURNEYS
from proof.fault_campaign.outcome import Outcome

_FAULTS: Final = {
    "refuse": "refused",
    "lose_reply": "reply lost",
    "hang": "silence",
    "late": "silence, late effect",
    "throttle": "throttled",
    "kill_before": "killed before",
    "kill_after": "killed after",
    "refuse outage": "refused for long",
    "lose_reply outage": "replies lost for long",
    "stop": "execution stopped",
    "restart": "AWS restarted",
    "two faults": "two of these",
}
_ENDS: Final = {
    "as undisturbed": "",
    "failed": "failed",
    "recovered": "recovered",
    "reconciled": "reconciled",
    "operator": "operator",
    "violated": "VIOLATED",
}


@dataclass
class Report:
    """What a campaign came to.

    Attributes:
        outcomes: All cases that were played.
        late: What broke after its case.
        crowds: What became of many orders at once.
        seconds: How long it took.
        planned: How many cases there are besides the pairs, of which there is no end.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    crowds: list[Contention] = field(default_factory=list)
    seconds: float = 0
    planned: int = 0

    @property
    def violated(self) -> list[Outcome]:
        """The cases that broke a law."""
        return [outcome for outcome in self.outcomes if outcome.breaches]

    @property
    def violations(self) -> int:
        """How many cases broke a law, then or later, and how many laws crowds broke."""
        return len(self.violated) + len(self.late) + sum(len(crowd.breaches) for crowd in self.crowds)

    def table(self) -> str:
        """Journeys x faults x outcomes, in Markdown."""
        faults = [label for label in _FAULTS if any(each.case.label == label for each in self.outcomes)]
        journeys = [key for key in JOURNEYS if any(each.case.journey == key for each in self.outcomes)]
        rows = [["", *(f"`{journey}`" for journey in journeys), "**all**"]]
        rows.append(["---"] * (len(journeys) + 2))
        for label in faults:
            of_fault = [each for each in self.outcomes if each.case.label == label]
            by_journey = ([each for each in of_fault if each.case.journey == key] for key in journeys)
            rows.append([_FAULTS[label], *map(_cell, by_journey), _cell(of_fault)])
        disturbed = [each for each in self.outcomes if each.case.injections]
        by_journey = ([each for each in disturbed if each.case.journey == key] for key in journeys)
        rows.append(["**all**", *map(_cell, by_journey), _cell(disturbed)])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def summary(self) -> list[str]:
        """The numbers, one sentence each."""
        disturbed = [each for each in self.outcomes if each.case.injections]
        small = sum(1 for each in disturbed if each.case.label != "two faults")
        struck = sum(1 for each in disturbed if all(each.struck))
        ends = Counter(map(_end, disturbed))
        return [
            (
                f"{len(disturbed)} cases: {small} of the {self.planned} that there are with one fault,"
                f" and {len(disturbed) - small} pairs, in {self.seconds / 60:.0f} minutes."
            ),
            f"Violations: {self.violations}.",
            f"In {struck} cases all faults struck a call; in the others the order passed one by.",
            "Orders that ended otherwise than undisturbed: "
            + ", ".join(f"{ends[end]} {end}" for end in list(_ENDS)[1:])
            + ".",
            *(f"Many orders at once: {crowd}" for crowd in self.crowds),
        ]


def describe(outcome: Outcome) -> str:
    """A violation, so that a person can begin to look for its cause."""
    return "\n".join(
        [
            f"VIOLATED  {outcome.case}",
            *(f"  law: {breach}" for breach in outcome.breaches),
            *(f"  {line}" for line in outcome.evidence.splitlines()),
            f"  again: {outcome.case.command}",
        ]
    )


def _cell(outcomes: Sequence[Outcome]) -> str:
    """How many cases, and how many of them ended otherwise than undisturbed."""
    if not outcomes:
        return ""
    ends = Counter(map(_end, outcomes))
    return ", ".join([str(len(outcomes)), *_others(ends)])


def _others(ends: Counter[str]) -> Iterator[str]:
    return (f"{ends[end]} {word}" for end, word in _ENDS.items() if word and ends[end])


def _end(outcome: Outcome) -> str:
    if outcome.breaches:
        return "violated"
    if outcome.operator_called and outcome.case.journey != "operator":
        return "operator"
    if outcome.reconciled:
        return "reconciled"
    if outcome.recovered:
        return "recovered"
    return "as undisturbed" if outcome.status == JOURNEYS[outcome.case.journey].status else "failed"
