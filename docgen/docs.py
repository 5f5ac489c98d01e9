"""`make docs`: writes what README.md and docs/payments.md show of the saga, and the API's contract.

The diagram keeps to Mermaid's flowchart as GitHub draws it. Mermaid places states by the order in which it
meets them; the invisible links (`~~~`) let the undos climb beside the forward steps that they undo.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from docgen.contract.files import contract_files
from local.processes import REPOSITORY
from proof.journey import Journey
from proof.journeys import PATH_JOURNEYS, PAYMENT_JOURNEYS
from statemachines.document import ANY_ERROR, SagaDocument, State, Transition
from statemachines.steps import Role

README: Final = REPOSITORY / "README.md"
PAYMENTS: Final = REPOSITORY / "docs" / "payments.md"

_END_MARKER: Final = "<!-- end -->"
_CONFIRMED: Final = "OrderIsConfirmed"
"""Where the happy path ends: no state of the machine, only a place in the picture."""

_GREEN: Final = "#2da44e"
_AMBER: Final = "#bf7600"
_RED: Final = "#d1242f"
_GREY: Final = "#768390"

_STYLES: Final = (
    "classDef forward fill:#1a7f37,stroke:#1a7f37,color:#ffffff",
    f"classDef detour fill:none,stroke:{_GREEN},stroke-dasharray:5 3",
    "classDef pivot fill:#1a7f37,stroke:#e3b341,stroke-width:5px,color:#ffffff,font-weight:bold",
    "classDef undo fill:#9a5b00,stroke:#9a5b00,color:#ffffff",
    "classDef done fill:#57606a,stroke:#57606a,color:#ffffff",
    "classDef alarm fill:#b62324,stroke:#b62324,color:#ffffff",
    f"style {_CONFIRMED} fill:none,stroke:{_GREEN}",
    f"style forward fill:none,stroke:{_GREEN}",
    f"style undo fill:none,stroke:{_AMBER}",
)

_CAPTION: Final = (
    "Bold: nothing fails. Dashed: only when the customer must approve the payment (3-D Secure). "
    "Up to the pivot every failure is undone, behind it none. Dotted: an undo that "
    "fails calls for a human, and one that finds the order confirmed after all hands it back."
)
_MONEY: Final = {
    "none": "not charged",
    "charged": "charged once",
    "refunded": "charged and refunded",
    "refunded in two parts": "charged, and refunded in two parts",
}
_LEGEND: Final = "↻ the step was tried again; ✗ it failed."


class _Look(Enum):
    """How a link is drawn: its arrow, and its line."""

    HAPPY = ("==>", f"stroke:{_GREEN},stroke-width:4px")
    DETOUR = ("-->", f"stroke:{_GREEN},stroke-width:1.5px")
    FAILURE = ("-->", f"stroke:{_GREY},stroke-width:1.5px")
    UNDO = ("-->", f"stroke:{_AMBER},stroke-width:2.5px")
    ALARM = ("-.->", f"stroke:{_RED},stroke-width:1.5px")
    HANDED_BACK = ("-.->", f"stroke:{_GREEN},stroke-width:1.5px")
    INVISIBLE = ("~~~", "")

    @property
    def arrow(self) -> str:
        return self.value[0]

    @property
    def line(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class _Link:
    source: str
    target: str
    look: _Look
    label: str = ""

    def __str__(self) -> str:
        label = f'|"{self.label}"|' if self.label else ""
        return f"{self.source} {self.look.arrow}{label} {self.target}"


def main() -> int:
    """Write the generated parts again.

    Returns:
        0, or 1 if there is no place for one of them.
    """
    try:
        for path, fill in {README: with_generated_parts, PAYMENTS: with_payments}.items():
            path.write_text(fill(path.read_text(encoding="utf-8")), encoding="utf-8")
        for path, text in contract_files().items():
            path.write_text(text, encoding="utf-8")
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def with_generated_parts(text: str) -> str:
    """Put README.md's generated parts, as they are now, in between their markers.

    Raises:
        ValueError: The text lacks a marker.
    """
    saga = SagaDocument.load()
    text = _with_part(text, "saga diagram", diagram(saga))
    return _with_part(text, "paths", path_table(saga, PATH_JOURNEYS))


def with_payments(text: str) -> str:
    """Put the table of payments, as it is now, in between its markers.

    Raises:
        ValueError: The text lacks a marker.
    """
    paying = [journey for journey in PATH_JOURNEYS if "ChargePayment" in journey.states]
    return _with_part(text, "payments", payment_table([*paying, *PAYMENT_JOURNEYS]))


def _with_part(text: str, name: str, part: str) -> str:
    marker = f"<!-- generated: {name} -->"
    before, found, rest = text.partition(marker)
    _, ended, after = rest.partition(_END_MARKER)
    if not found or not ended:
        raise ValueError(f"there is no place for this part: {marker} ... {_END_MARKER}")
    return f"{before}{marker}\n{part}\n{_END_MARKER}{after}"


def path_table(saga: SagaDocument, journeys: Iterable[Journey]) -> str:
    """A Markdown table: what fails, which states are visited, how it ends."""
    rows = (
        f"| {_capitalized(journey.what_fails)} | {_path(saga, journey)} | {_end(journey)} |"
        for journey in journeys
    )
    return "\n".join(["| What fails | States visited | How it ends |", "|---|---|---|", *rows, "", _LEGEND])


def payment_table(journeys: Iterable[Journey]) -> str:
    """A Markdown table: what happens, what the customer sees, what happened to the money."""
    rows = (
        f"| {_capitalized(journey.what_fails)} | {_seen_by_customer(journey)} | {_MONEY[journey.money]} |"
        for journey in journeys
    )
    return "\n".join(["| Situation | What the customer sees | The money |", "|---|---|---|", *rows])


def _seen_by_customer(journey: Journey) -> str:
    because = f" (`{journey.failure}`)" if journey.failure else ""
    return f"`{journey.status}`{because}" + (f": {journey.message}" if journey.message else "")


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
    if journey.execution == "FAILED":
        return f"**execution failed**: `{journey.status}` (`{journey.failure}`), {_MONEY[journey.money]}"
    because = f" (`{journey.failure}`)" if journey.failure else ""
    return f"`{journey.status}`{because}, {_MONEY[journey.money]}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def diagram(saga: SagaDocument) -> str:
    """The state machine as a Mermaid flowchart, coloured by role, and a caption."""
    climbing = [state.name for state in reversed(saga.way_back)]
    invisible = [_Link(upper, lower, _Look.INVISIBLE) for upper, lower in pairwise(climbing)]
    happy = [_Link(*pair, _Look.HAPPY) for pair in pairwise([state.name for state in saga.happy_path])]
    confirmed = _Link(saga.happy_path[-1].name, _CONFIRMED, _Look.HAPPY)
    links = list(_links(saga))
    forward = [*happy, *(link for link in links if link.look is _Look.DETOUR)]
    others = [link for link in links if link.look not in {_Look.HAPPY, _Look.DETOUR}]
    lines = [
        "flowchart TD",
        'subgraph undo["undo, in reverse order"]',
        *_indented(invisible),
        "end",
        "subgraph forward",
        *_indented(forward),
        "end",
        *map(str, [confirmed, *others]),
        *_nodes(saga),
        *_line_styles([*invisible, *forward, confirmed, *others]),
        *_STYLES,
    ]
    return "\n".join(["```mermaid", lines[0], *_indented(lines[1:]), "```", "", _CAPTION])


def _links(saga: SagaDocument) -> Iterator[_Link]:
    """All transitions, those of the last forward step first; two that say the same are one link."""
    forward = list(reversed(saga.forward))
    for state in [*forward, *(state for state in saga.states.values() if state not in forward)]:
        for target in dict.fromkeys(transition.target for transition in state.transitions):
            parallel = [each for each in state.transitions if each.target == target]
            yield _Link(state.name, target, _look(saga, state, parallel), _label(state, parallel))


def _look(saga: SagaDocument, source: State, parallel: Sequence[Transition]) -> _Look:
    target, forward = saga.states[parallel[0].target], saga.forward
    if target.role is Role.DETOUR or (source.role is Role.DETOUR and target in forward):
        return _Look.DETOUR
    if source in forward:
        return _Look.FAILURE if all(transition.errors for transition in parallel) else _Look.HAPPY
    if any(not transition.errors for transition in parallel):
        return _Look.ALARM if source.role is Role.ALARM else _Look.UNDO
    return _Look.HANDED_BACK if target in forward else _Look.ALARM


def _label(source: State, parallel: Sequence[Transition]) -> str:
    if any(not transition.errors for transition in parallel):
        return ""  # on success, and so perhaps on failure as well
    names = [name for transition in parallel for name in transition.errors]
    if ANY_ERROR in names:
        return "any error" if len(parallel) == len(source.failures) else "any other error"
    return "<br/>".join(names)


def _nodes(saga: SagaDocument) -> Iterator[str]:
    for state in saga.states.values():
        if state == saga.pivot:
            yield f'{state.name}["{state.name}<br/>(pivot)"]:::pivot'
        elif state.type == "Fail":
            yield f"{state.name}([{state.name}]):::alarm"
        elif state.role is Role.END:
            yield f"{state.name}([{state.name}]):::done"
        elif state.role is Role.DETOUR:
            yield f"{state.name}:::detour"
        else:
            undo = "alarm" if state.role is Role.ALARM else "undo"
            yield f"{state.name}:::{'forward' if state in saga.forward else undo}"
    yield f"{_CONFIRMED}([order confirmed])"


def _line_styles(links: Sequence[_Link]) -> Iterator[str]:
    """Mermaid knows links by their number, invisible ones counted."""
    for look in _Look:
        numbers = [str(number) for number, link in enumerate(links) if link.look is look]
        if look.line and numbers:
            yield f"linkStyle {','.join(numbers)} {look.line}"


def _indented(lines: Iterable[object]) -> list[str]:
    return [f"    {line}" for line in lines]
