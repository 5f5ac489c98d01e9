"""What happened in a simulation: who did what, when, and what came of it."""

from dataclasses import dataclass, field

from proof.simulation.scheduler import START_MS


@dataclass(slots=True)
class Entry:
    """Something that happened.

    Attributes:
        at: When it began, in milliseconds since 1970.
        who: The invocation, execution or person that did it.
        what: What was done.
        outcome: What came of it; empty if that is still open, or was never known.
    """

    at: int
    who: str
    what: str
    outcome: str = ""


@dataclass
class Trace:
    """Everything that happened, in order."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, at: int, who: str, what: str, outcome: str = "") -> Entry:
        """Add what happens now; its outcome can be set later."""
        entry = Entry(at, who, what, outcome)
        self.entries.append(entry)
        return entry

    def table(self) -> str:
        """A table that a person can read; times are seconds since the beginning."""
        rows = [
            (f"{(each.at - START_MS) / 1000:.3f}", each.who, each.what, each.outcome) for each in self.entries
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
        return "\n".join(
            f"{row[0]:>{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:{widths[2]}}  {row[3]}".rstrip()
            for row in rows
        )
