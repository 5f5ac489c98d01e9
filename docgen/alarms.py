"""The table in docs/observability.md: which faults raise which alarms."""

from collections.abc import Iterable

from proof.alarms.faults import GivenFault, PlayedFault


def alarm_table(played: Iterable[PlayedFault], given: Iterable[GivenFault]) -> str:
    """Make a Markdown table: what happens, the alarms, whether it was played or its metrics are given."""
    rows = [
        f"| {fault.what} | {_names(fault.alarms)} | {how} |"
        for how, faults in (("played", played), ("given", given))
        for fault in faults
    ]
    return "\n".join(["| What happens | Alarms | Metrics |", "|---|---|---|", *rows])


def _names(alarms: Iterable[str]) -> str:
    names = (f"[`{name}`](runbook.md#{name})" for name in sorted(alarms))
    return ", ".join(names) or "none"
