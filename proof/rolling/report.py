"""The table of `make rolling`: where the orders were when one release replaced the other."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from proof.rolling.mixture import Direction, MixtureResult, UnderWay
from statemachines.definition import read_definition

_COLUMNS: Final = tuple(product((Direction.UPGRADE, Direction.ROLLBACK), UnderWay))


@dataclass
class MixtureReport:
    """What the mixtures came to.

    Attributes:
        played: Number of mixtures of each direction.
        broken: Number of mixtures of each direction that broke a law or a promise.
        not_promised: Number of further mixtures, which need not keep the laws.
        not_kept: How many of those broke a law.
    """

    played: Counter[Direction] = field(default_factory=Counter)
    broken: Counter[Direction] = field(default_factory=Counter)
    not_promised: int = 0
    not_kept: int = 0
    _orders: Counter[tuple[str, Direction, UnderWay]] = field(default_factory=Counter)
    _reconciled: Counter[tuple[str, Direction, UnderWay]] = field(default_factory=Counter)
    _broken: Counter[tuple[str, Direction, UnderWay]] = field(default_factory=Counter)

    def add(self, result: MixtureResult) -> None:
        """Count a mixture."""
        mixture = result.mixture
        if not mixture.promised:
            self.not_promised += 1
            self.not_kept += bool(result.breaches)
            return
        self.played[mixture.direction] += 1
        self.broken[mixture.direction] += bool(result.breaches)
        for place in result.places:
            cell = place, mixture.direction, mixture.under_way
            self._orders[cell] += 1
            self._reconciled[cell] += result.was_reconciled
            self._broken[cell] += bool(result.breaches)

    def table(self) -> str:
        """The table, in Markdown."""
        return "\n".join(
            [
                f"| where the order was | {' | '.join(': executions '.join(each) for each in _COLUMNS)} |",
                f"|---|{'---:|' * len(_COLUMNS)}",
                *(
                    f"| {place} | {' | '.join(self._cell(place, *each) for each in _COLUMNS)} |"
                    for place in self._places()
                ),
            ]
        )

    def _cell(self, place: str, direction: Direction, under_way: UnderWay) -> str:
        cell = place, direction, under_way
        words = ((self._reconciled, "by reconciliation"), (self._broken, "VIOLATED"))
        details = [f"{counted[cell]:,} {word}" for counted, word in words if counted[cell]]
        return ", ".join([f"{self._orders[cell]:,}", *details]) if self._orders[cell] else ""

    def _places(self) -> Iterable[str]:
        """The states in the order of the definition, in code, and then what else there is."""
        states = list(read_definition("order_saga")["States"])
        seen = {place for place, _, _ in self._orders}
        return [*(each for each in states if each in seen), *sorted(seen - set(states))]
