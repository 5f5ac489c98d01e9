"""Draws the state machine as a Mermaid flowchart, as GitHub renders it.

Mermaid places nodes in the order of the links that name them. The invisible links (`~~~`) place each undo
beside the forward step that it undoes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from statemachines.document import ANY_ERROR, SagaDocument, State, Transition
from statemachines.steps import Role

_CONFIRMED: Final = "OrderIsConfirmed"
"""End of the happy path. It is a node of the diagram, not a state of the machine."""

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
    "Thick links: nothing fails. Dashed nodes: the order waits for its turn to be charged, or for the "
    "customer's approval (3-D Secure). A failure of the pivot, or of a step before it, starts the undo; a "
    "failure after the pivot undoes nothing. `CapturePayment` captures authorized money before the goods "
    "leave. `RefundLines` refunds a part of a confirmed order for an operator. Dotted red links: an undo, a "
    "capture or such a refund failed, and needs a human. Dotted green link: the undo finds that the order is "
    "confirmed, and the saga continues after the pivot."
)


class Look(Enum):
    """Appearance of a link: arrow and line style."""

    HAPPY = ("==>", f"stroke:{_GREEN},stroke-width:4px")
    DETOUR = ("-->", f"stroke:{_GREEN},stroke-width:1.5px")
    FAILURE = ("-->", f"stroke:{_GREY},stroke-width:1.5px")
    UNDO = ("-->", f"stroke:{_AMBER},stroke-width:2.5px")
    ALARM = ("-.->", f"stroke:{_RED},stroke-width:1.5px")
    RETURNED = ("-.->", f"stroke:{_GREEN},stroke-width:1.5px")
    INVISIBLE = ("~~~", "")

    @property
    def arrow(self) -> str:
        """Mermaid's arrow."""
        return self.value[0]

    @property
    def line(self) -> str:
        """Mermaid's style of the line."""
        return self.value[1]


@dataclass(frozen=True)
class Link:
    """All transitions from one state to another, as one link."""

    source: str
    target: str
    look: Look
    label: str = ""

    def __str__(self) -> str:
        label = f'|"{self.label}"|' if self.label else ""
        return f"{self.source} {self.look.arrow}{label} {self.target}"


def diagram(saga: SagaDocument) -> str:
    """Draw the state machine, coloured by role, with a caption."""
    undos = [state.name for state in reversed(saga.way_back)]
    invisible = [Link(upper, lower, Look.INVISIBLE) for upper, lower in pairwise(undos)]
    happy = [Link(*pair, Look.HAPPY) for pair in pairwise([state.name for state in saga.happy_path])]
    confirmed = Link(saga.happy_path[-1].name, _CONFIRMED, Look.HAPPY)
    links = list(links_of(saga))
    forward = [*happy, *(link for link in links if link.look is Look.DETOUR)]
    others = [link for link in links if link.look not in {Look.HAPPY, Look.DETOUR}]
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


def links_of(saga: SagaDocument) -> Iterator[Link]:
    """Make one link for each pair of states with transitions; links from the last forward step come first."""
    forward = list(reversed(saga.forward))
    for state in [*forward, *(state for state in saga.states.values() if state not in forward)]:
        for target in dict.fromkeys(transition.target for transition in state.transitions):
            parallel = [each for each in state.transitions if each.target == target]
            yield Link(state.name, target, _look(saga, state, parallel), _label(state, parallel))


def _look(saga: SagaDocument, source: State, parallel: Sequence[Transition]) -> Look:
    target, forward = saga.states[parallel[0].target], saga.forward
    if target.role is Role.DETOUR or (source.role is Role.DETOUR and target in forward):
        return Look.DETOUR
    if source in forward:
        return Look.FAILURE if all(transition.errors for transition in parallel) else Look.HAPPY
    if any(not transition.errors for transition in parallel):
        return Look.ALARM if source.role is Role.ALARM else Look.UNDO
    return Look.RETURNED if target in forward else Look.ALARM


def _label(source: State, parallel: Sequence[Transition]) -> str:
    if any(not transition.errors for transition in parallel):
        return ""  # one of the transitions is the one on success
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


def _line_styles(links: Sequence[Link]) -> Iterator[str]:
    """Style links by number. Mermaid counts invisible links, too."""
    for look in Look:
        numbers = [str(number) for number, link in enumerate(links) if link.look is look]
        if look.line and numbers:
            yield f"linkStyle {','.join(numbers)} {look.line}"


def _indented(lines: Iterable[object]) -> list[str]:
    return [f"    {line}" for line in lines]
