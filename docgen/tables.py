"""Tables of what happens to orders and how they end, generated from the journeys that the tests run."""

from collections.abc import Iterable, Mapping
from typing import Final

from proof.journey import Journey
from proof.simulation.breaks import Break
from statemachines.aws_errors import AwsError
from statemachines.document import SagaDocument
from statemachines.steps import Role

_MONEY: Final = {
    "none": "not charged",
    "authorized": "authorized, not captured",
    "charged": "charged once",
    "refunded": "charged and refunded",
    "refund pending": "charged, and the refund is on its way",
    "refunded in two parts": "charged, and refunded in two parts",
    "a part refunded": "charged, and a part refunded",
    "two parts refunded": "charged, and two parts refunded",
    "settled outside": "charged, and settled outside of Stripe",
}
_RETRIED: Final = "The step is retried. If no retry succeeds, law 5 applies"
_RECOVERED: Final = "The execution fails, and another one follows"
_LEGEND: Final = "↻: the step was retried. ✗: the step failed."


def path_table(saga: SagaDocument, journeys: Iterable[Journey]) -> str:
    """Make a Markdown table: what happens, the states visited, how the order ends."""
    rows = (
        f"| {_capitalized(journey.what_fails)} | {_path(saga, journey)} | {_end(journey)} |"
        for journey in journeys
    )
    return "\n".join(
        ["| What happens | States visited | How the order ends |", "|---|---|---|", *rows, "", _LEGEND]
    )


def payment_table(journeys: Iterable[Journey], calls: Mapping[str, Mapping[str, int]]) -> str:
    """Make a Markdown table: what happens, what the customer sees, the charge, the calls to Stripe.

    Args:
        journeys: The journeys.
        calls: Calls to Stripe by kind, for the key of each journey whose calls were counted.
    """
    rows = (
        f"| {_capitalized(journey.what_fails)} | {_seen_by_customer(journey)} | {_MONEY[journey.money]} "
        f"| {_calls(calls.get(journey.key))} |"
        for journey in journeys
    )
    head = "| What happens | What the customer sees | Charge | Calls to Stripe |"
    return "\n".join([head, "|---|---|---|---|", *rows])


def aws_error_table(errors: Iterable[AwsError]) -> str:
    """Make a Markdown table: the names of an error, when it occurs, what happens then."""
    rows = (
        f"| {', '.join(f'`{name}`' for name in error.names)} | {error.meaning} ([source]({error.source})) "
        f"| {_RECOVERED if error.is_recovered else _RETRIED} |"
        for error in errors
    )
    return "\n".join(["| Error | When | What happens |", "|---|---|---|", *rows])


def _calls(calls: Mapping[str, int] | None) -> str:
    """The calls of a journey, such as `3: confirm, 2 create`; `not counted` for None."""
    if calls is None:
        return "not counted"
    kinds = (f"{times} {kind}" if times > 1 else kind for kind, times in calls.items())
    return f"{sum(calls.values())}: {', '.join(kinds)}" if calls else "none"


def _seen_by_customer(journey: Journey) -> str:
    because = f" (`{journey.failure}`)" if journey.failure else ""
    return f"`{journey.status}`{because}" + (f": {journey.message}" if journey.message else "")


def break_table(breaks: Iterable[Break]) -> str:
    """Make a Markdown table: what is broken on purpose, the law, what finds it, and how soon."""
    rows = (
        f"| {_capitalized(each.name)}. {each.how} | {each.law} | `{each.found_by}` | {each.noticed} "
        f"| {each.cases} |"
        for each in breaks
    )
    head = "| Break | Law | A case that finds it | What it reports | Cases |"
    return "\n".join([head, "|---|---|---|---|---:|", *rows])


def _path(saga: SagaDocument, journey: Journey) -> str:
    visited = []
    for name, following in zip(journey.states, (*journey.states[1:], None), strict=True):
        failed = following not in {
            None,
            saga.states[name].next,
            *(each.name for each in saga.having(Role.DETOUR)),
        }
        visited.append(name + " ↻" * (name == journey.retried) + " ✗" * failed)
    return " → ".join(visited)


def _end(journey: Journey) -> str:
    failed = "**execution failed**: " if journey.execution == "FAILED" else ""
    because = f" (`{journey.failure}`)" if journey.failure else ""
    return f"{failed}`{journey.status}`{because}, {_MONEY[journey.money]}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
