"""Reads and plays a case of any kind: a journey with faults, or a shop."""

from proof.fault_campaign.case import Case, parse_case
from proof.simulation.play_case import SimulatedResult, play_case
from proof.simulation.play_shop import play_shop
from proof.simulation.shop import Shop, parse_shop


def parse(text: str) -> Case | Shop:
    """Read a case from its text.

    Raises:
        ValueError: The text is not a case.
    """
    return parse_shop(text) if text.startswith("shop ") else parse_case(text)


def play(case: Case | Shop, *, traced: bool = False) -> SimulatedResult:
    """Play a case in a new world. The process must be prepared with `installed`."""
    return play_shop(case, traced=traced) if isinstance(case, Shop) else play_case(case, traced=traced)
