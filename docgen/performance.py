"""The tables in docs/performance.md, from the last run of `make bench`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from proof.bench.calls import Calls, JourneyUse
from proof.bench.results import read

HAPPY: Final = "happy"


@dataclass(frozen=True)
class Target:
    """What a happy order may use of a service.

    Attributes:
        what: What is counted.
        least: The least that could do it.
        target: The agreed target; None if it is the least.
        why: Why it can't be less.
    """

    what: str
    least: int
    target: int | None
    why: str


TARGETS: Final = (
    Target(
        "State transitions",
        4,
        4,
        "each of the four steps can fail for its own reason, and has its own retries and undo",
    ),
    Target(
        "Calls to Stripe",
        2,
        2,
        "one creates the payment and one confirms it, so that its id is stored before money moves (law 4)",
    ),
    Target(
        "Lambda invocations",
        9,
        9,
        "the API, the start, four steps, the event and its consumer, and one webhook",
    ),
    Target("Requests to DynamoDB", 16, None, "each step reads the order and writes its outcome; see below"),
)


def calls_table() -> str:
    """Make a Markdown table: what a happy order uses, the least that could do it, and the target."""
    happy = happy_use()
    used = dict(
        zip(
            (each.what for each in TARGETS),
            (happy.transitions, happy.calls_of("stripe"), happy.invocations, happy.calls_of("dynamodb")),
            strict=True,
        )
    )
    rows = (
        f"| {each.what} | {used[each.what]} | {each.least} | {each.target or 'the least'} | {each.why} |"
        for each in TARGETS
    )
    return "\n".join(
        ["| A happy order | counted | least | target | why not less |", "|---|---:|---:|---:|---|", *rows]
    )


def stripe_calls() -> Mapping[str, Mapping[str, int]]:
    """For each journey's key, the calls to Stripe about its order, by kind."""
    return {key: use.stripe for key, use in uses().items()}


def happy_use() -> JourneyUse:
    """What a happy order used."""
    return uses()[HAPPY]


@cache
def uses() -> Mapping[str, JourneyUse]:
    """What each journey used, by its key."""
    return read("calls", Calls).journeys
