"""The tables in docs/cost.md: what orders cost, from the counted calls and the list prices."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from docgen.performance import happy_use, uses
from docgen.reconciliation_load import reads_of_an_order
from local.processes import REPOSITORY
from proof.bench.calls import JourneyUse
from proof.bench.durations import OWN_SECONDS, REQUEST_SECONDS, seconds_of
from proof.journey import Journey
from stacks.timeouts import MEMORY_MB

_BENCH: Final = REPOSITORY / "bench"

Usage = Mapping[str, float]
"""Units of an order, by the name of their price in `bench/prices.toml`."""

_HISTORY_EVENT_BYTES: Final = 330
_ACCESS_LOG_BYTES: Final = 400
"""Sizes (assumed) of an event in the log of the state machine, and of a line in the log of the API."""


@dataclass(frozen=True)
class Price:
    """A price of AWS in us-east-1.

    Attributes:
        service: The service.
        units: What is billed.
        million: Dollars for a million units.
        source: Where the price is published.
    """

    service: str
    units: str
    million: float
    source: str


@cache
def prices() -> Mapping[str, Price]:
    """The prices by name."""
    text = (_BENCH / "prices.toml").read_text(encoding="utf-8")
    return {name: Price(**fields) for name, fields in tomllib.loads(text).items()}


def usage_of(use: JourneyUse) -> Usage:
    """What an order of a journey is billed for."""
    logged = sum(each.log_bytes for each in use.functions.values())
    logged += use.history_events * _HISTORY_EVENT_BYTES + use.api_requests * _ACCESS_LOG_BYTES
    total = {
        "transitions": use.transitions,
        "invocations": use.invocations,
        "gb_seconds": seconds_of(use) * MEMORY_MB / 1024,
        "write_units": sum(each.write_units for each in use.functions.values()),
        "read_units": sum(each.read_units for each in use.functions.values()),
        "api_requests": use.api_requests,
        "log_kilobytes": logged / 1000,
        "events": use.events,
        "stored_events": use.events,
        "queue_requests": use.queue_requests,
        "mails": use.mails,
    }
    return {name: units / use.orders for name, units in total.items()}


def dollars_of(usage: Usage) -> Mapping[str, float]:
    """The price of 1,000 orders, by the name of the price."""
    return {name: units * prices()[name].million / 1000 for name, units in usage.items()}


def dollars_of_1000_orders() -> float:
    """What 1,000 confirmed orders cost, without what a stage costs that has no orders."""
    return sum(dollars_of(usage_of(happy_use())).values()) + _reconciliation_dollars()


def _reconciliation_dollars() -> float:
    return reads_of_an_order() * prices()["read_units"].million / 1000


def _reconciliation_row() -> str:
    price = f"${prices()['read_units'].million:,.3f}"
    units, dollars = f"{reads_of_an_order():g} read units", f"${_reconciliation_dollars():.4f}"
    return f"| Reconciliation, DynamoDB | {units} | {price} | {dollars} |"


def cost_table() -> str:
    """Make a Markdown table: service, units of a happy order, price of a million units, of 1,000 orders."""
    usage = usage_of(happy_use())
    dollars = dollars_of(usage)
    rows = [
        f"| [{price.service}]({price.source}) | {_units(usage[name], price)} | ${price.million:,.3f} "
        f"| ${dollars[name]:.4f} |"
        for name, price in sorted(prices().items(), key=lambda each: -dollars.get(each[0], 0))
        if usage.get(name)
    ]
    return "\n".join(
        [
            "| service | one order | a million units | 1,000 orders |",
            "|---|---:|---:|---:|",
            *rows,
            _reconciliation_row(),
            f"| **together** | | | **${dollars_of_1000_orders():.3f}** |",
        ]
    )


def _units(units: float, price: Price) -> str:
    return f"{units:.3g} {price.units.removesuffix('s') if units == 1 else price.units}"


def journey_table(journeys: Iterable[Journey]) -> str:
    """Make a Markdown table: what an order of each journey uses and costs, and what dominates."""
    head = "| What happens | Transitions | Lambda | DynamoDB | Stripe | 1,000 orders | most of it |"
    return "\n".join([head, "|---|---:|---:|---:|---:|---:|---|", *map(_journey_row, journeys)])


def _journey_row(journey: Journey) -> str:
    use = uses()[journey.key]
    dollars = dollars_of(usage_of(use))
    dearest = max(dollars, key=lambda name: dollars[name])
    counts = (use.transitions, use.invocations, use.calls_of("dynamodb"), use.calls_of("stripe"))
    return (
        f"| {journey.what_fails[:1].upper()}{journey.what_fails[1:]} "
        f"| {' | '.join(f'{each / use.orders:g}' for each in counts)} | ${sum(dollars.values()):.3f} "
        f"| {prices()[dearest].service}, {dollars[dearest] / sum(dollars.values()):.0%} |"
    )


def sample_table() -> str:
    """Make a Markdown table: what 1,000 orders of this saga and of public samples cost, without logs."""
    ours = without_mail(happy_use())
    rows = [
        ("**This saga**, whole", usage_of(happy_use()), ""),
        ("**This saga**, without mail", usage_of(ours), ""),
        ("**This saga**, without mail, if it ran on durable functions", _on_durable_functions(ours), ""),
        *((_sample_link(each), _sample_usage(each), each["lacks"]) for each in _samples()),
    ]
    head = (
        "| Saga | Transitions | Operations | Lambda | DynamoDB writes | 1,000 orders | What it does not do |"
    )
    return "\n".join([head, "|---|---:|---:|---:|---:|---:|---|", *(_sample_row(*row) for row in rows)])


def without_mail(use: JourneyUse) -> JourneyUse:
    """A happy order's use without the step that notifies the customer."""
    notify = "notify_customer"
    return replace(
        use,
        functions={name: each for name, each in use.functions.items() if name != notify},
        transitions=use.transitions - use.functions[notify].invocations,
        mails=0,
    )


def _on_durable_functions(use: JourneyUse) -> Usage:
    """One operation starts the execution, and one completes each step; one invocation runs all steps."""
    usage = dict(usage_of(use))
    steps = usage.pop("transitions")
    return usage | {"durable_operations": steps + 1, "invocations": usage["invocations"] - steps + 1}


@cache
def _samples() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((_BENCH / "samples.toml").read_text(encoding="utf-8"))[
        "sample"
    ]
    return found


def _sample_link(sample: Mapping[str, Any]) -> str:
    address = f"https://github.com/{sample['repository']}/blob/{sample['commit']}/{sample['definition']}"
    return f"[{sample['repository']}]({address})"


def _sample_usage(sample: Mapping[str, Any]) -> Usage:
    seconds = sample["functions"] * OWN_SECONDS + sample["requests"] * REQUEST_SECONDS
    return {
        "transitions": len(sample.get("states", ())),
        "durable_operations": len(sample.get("durable_operations", ())),
        "invocations": sample["functions"],
        "gb_seconds": seconds * sample["memory_mb"] / 1024,
        "write_units": sample["writes"],
        "read_units": sample.get("reads", 0),
        "api_requests": sample.get("api_requests", 0),
        "topic_requests": sample.get("topic_requests", 0),
    }


def _sample_row(name: str, usage: Usage, lacks: str) -> str:
    counts = (
        usage.get(each, 0) for each in ("transitions", "durable_operations", "invocations", "write_units")
    )
    dollars = {name: each for name, each in dollars_of(usage).items() if name != "log_kilobytes"}
    return (
        f"| {name} | {' | '.join(f'{each:g}' for each in counts)} | ${sum(dollars.values()):.3f} | {lacks} |"
    )
