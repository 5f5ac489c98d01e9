"""`python -m docgen count`: counts the calls to Stripe of each journey in a real run.

The result is a column in docs/payments.md.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.world import embedded_world, spoken
from proof.journeys import PAYING_JOURNEYS
from proof.stripe_calls import count_calls

COUNTS: Final = Path(__file__).with_suffix(".json")
"""The last count: for each journey's key, the calls by kind."""

_WAIT_SCALE: Final = 0.02
_PAYMENT_DEADLINE_SECONDS: Final = 15


def main() -> int:
    """Count, and write the result; `python -m docgen write` then writes the page."""
    with embedded_world(
        "count",
        progress=spoken,
        wait_scale=_WAIT_SCALE,
        payment_deadline_seconds=_PAYMENT_DEADLINE_SECONDS,
    ) as world:
        counts = {}
        for journey in PAYING_JOURNEYS:
            counts[journey.key] = dict(sorted(count_calls(world, journey).items()))
            sys.stdout.write(f"{journey.key}: {as_text(counts[journey.key])}\n")
            sys.stdout.flush()
    COUNTS.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    return 0


def read_counts() -> Mapping[str, Mapping[str, int]]:
    """Read the last count."""
    counts: dict[str, dict[str, int]] = json.loads(COUNTS.read_text(encoding="utf-8"))
    return counts


def as_text(calls: Mapping[str, int] | None) -> str:
    """The calls of a journey, such as `3: confirm, 2 create`; `not counted` for None."""
    if calls is None:
        return "not counted"
    kinds = (f"{times} {kind}" if times > 1 else kind for kind, times in calls.items())
    return f"{sum(calls.values())}: {', '.join(kinds)}" if calls else "none"
