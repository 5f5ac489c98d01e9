"""The report of `make simulate`, for docs/reliability.md."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from proof.fault_campaign.case import Case
from proof.simulation.play_case import SimulatedResult
from proof.simulation.shop import Shop

_DAY_MS: Final = 24 * 60 * 60 * 1000
_ENDS: Final = ("as without a fault", "another end", "after a reconciliation", "by an operator", "violated")


@dataclass
class SimulationReport:
    """What the cases of a run came to.

    Attributes:
        without_fault: The result of each journey without a fault.
        planned: Number of all cases with one fault.
        seconds: Duration.
        violations: Number of cases that broke a law.
        milliseconds: Simulated time of all cases.
    """

    without_fault: Mapping[str, SimulatedResult]
    planned: int
    seconds: float = 0
    violations: int = 0
    milliseconds: int = 0
    _struck: int = 0
    _labels: Counter[str] = field(default_factory=Counter)
    _rows: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, result: SimulatedResult) -> None:
        """Count a case."""
        label = label_of(result.case)
        self._labels[label] += 1
        self._rows[label, self._end(result)] += 1
        self._struck += result.struck
        self.violations += bool(result.breaches)
        self.milliseconds += result.milliseconds

    @property
    def total(self) -> int:
        """Number of cases."""
        return self._labels.total()

    @property
    def progress(self) -> str:
        """How far the run is, for a person who waits."""
        return f"{self._kinds} in {self.seconds:.0f} s: {self.total / self.seconds:.0f} cases a second"

    @property
    def _kinds(self) -> str:
        shops, pairs = self._labels[_SHOPS], self._labels[_PAIRS]
        singles = self.total - shops - pairs
        return (
            f"{singles:,} of all {self.planned:,} cases with one fault, {pairs:,} pairs of faults, "
            f"and {shops:,} random shops"
        )

    def text(self, command: str) -> str:
        """The report, in Markdown."""
        minutes, pace = self.seconds / 60, self.total / self.seconds
        days = self.milliseconds / _DAY_MS
        return "\n".join(
            [
                f"`{command}` on {datetime.now(UTC).date().isoformat()}, on {os.cpu_count()} cores:",
                "",
                f"- {self.total:,} cases in {minutes:.1f} minutes, {pace:.0f} a second: {self._kinds}.",
                f"- Together they took {days:,.0f} days of simulated time.",
                f"- Violations: {self.violations}.",
                f"- In {self._struck:,} cases every fault struck; in the others its call was not made.",
                "",
                f"| fault | cases | {' | '.join(_ENDS)} |",
                "|---|---:" + "|---:" * len(_ENDS) + "|",
                *(self._row(label) for label, _ in self._labels.most_common()),
            ]
        )

    def _row(self, label: str) -> str:
        numbers = (self._rows[label, end] for end in _ENDS)
        return f"| {label} | {self._labels[label]:,} | {' | '.join(f'{n:,}' if n else '' for n in numbers)} |"

    def _end(self, result: SimulatedResult) -> str:
        """What became of a case; a shop has no usual end."""
        if result.breaches:
            return "violated"
        usual = self.without_fault.get(str(result.case).partition(";")[0])
        if result.operator_called and not (usual and usual.operator_called):
            return "by an operator"
        if result.periods and not (usual and usual.periods):
            return "after a reconciliation"
        return "as without a fault" if usual is None or result.ends == usual.ends else "another end"


_PAIRS: Final = "pairs of faults"
_SHOPS: Final = "random shops"


def label_of(case: Case | Shop) -> str:
    """The row of a case: its kind of fault, or that it is a pair or a shop."""
    if isinstance(case, Shop):
        return _SHOPS
    return f"`{case.label}`" if len(case.injections) == 1 else _PAIRS
