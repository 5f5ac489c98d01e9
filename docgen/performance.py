"""The tables in docs/performance.md, from the last run of `make bench`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from proof.bench.calls import Calls, FunctionUse, JourneyUse
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
        10,
        10,
        "the API, the start, four steps, the event and its two consumers, and one webhook",
    ),
    Target("Requests to DynamoDB", 18, None, "each is argued for in the next table"),
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


WHY_NEEDED: Final = {
    "submit_order": "the conditional write is the record of the submission",
    "start_saga": "it gets the order from the stream, and reads and writes nothing",
    "validate_order": "reads the order, all products at once, and the customer's last hour; writes prices",
    "charge_payment": "reads the order; takes its turn; writes the payment's id before money moves, and its"
    " success, on which the pivot depends",
    "reserve_inventory": "reads the order's lines; one transaction takes the stock and confirms the order",
    "notify_customer": "reads the order; locks the mail and remembers it, because SES has no idempotency"
    " keys; writes that the order is at rest",
    "publish_order_events": "it gets the order from the stream, and reads and writes nothing",
    "audit_order_events": "one conditional write for each event",
    "update_pick_list": "one conditional write for each event; the index of open picks costs a second unit",
    "receive_stripe_webhook": "one read finds out that no execution waits",
}
"""Why a happy order needs the requests of each function to DynamoDB, in the order in which it calls them."""


def function_table() -> str:
    """Make a Markdown table: what each function uses for a happy order, and why it needs its requests."""
    functions = happy_use().functions
    unexplained = functions.keys() ^ WHY_NEEDED.keys()
    if unexplained:
        raise LookupError(f"WHY_NEEDED does not fit the functions of a happy order: {sorted(unexplained)}")
    units = "DynamoDB | read units | write units"
    head = f"| Function | calls | {units} | other requests | log bytes | what they are for |"
    return "\n".join(
        [
            head,
            "|---|---:|---:|---:|---:|---:|---:|---|",
            *(_function_row(name, functions[name], why) for name, why in WHY_NEEDED.items()),
        ]
    )


def _function_row(name: str, use: FunctionUse, why: str) -> str:
    dynamodb = sum(times for call, times in use.calls.items() if call.startswith("dynamodb "))
    others = sum(use.calls.values()) - dynamodb
    return (
        f"| `{name}` | {use.invocations} | {dynamodb} | {use.read_units:g} | {use.write_units} | {others} "
        f"| {round(use.log_bytes, -2):,} | {why} |"
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
