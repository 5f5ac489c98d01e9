"""Draws the state machine for the console, as SVG: laid out here, so that the page needs no layout code.

The grid mirrors the saga. Forward steps run down one column and undos up the next one, each beside the step
that it undoes. On one side are detours, refunds of lines and the capture, on the other the notice of a
closed order, and below are the ends. The style sheet colours it by class; `data-state`, `data-from` and
`data-to` tell the page what is what.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as ET

from docgen.diagram import Link, Look, links_of
from statemachines.document import SagaDocument, State
from statemachines.steps import Role

_WIDTH: Final = 190
_HEIGHT: Final = 56
_CHANNEL: Final = 60
"""Space between two columns."""
_GAP: Final = 44
"""Space between two rows."""
_MARGIN: Final = 16
_HEADING: Final = 44

_CAPTURE: Final = 0
_REFUNDS: Final = 1
_DETOURS: Final = 2
_FORWARD: Final = 3
_UNDO: Final = 4
_NOTICE: Final = 5

_AFTER_THE_SALE: Final = (_CAPTURE, _REFUNDS)
_HEADINGS: Final = {
    _CAPTURE: "At the fulfilment ↓",
    _REFUNDS: "After the sale ↓",
    _DETOURS: "Detours",
    _FORWARD: "Forward ↓",
    _UNDO: "Undo ↑",
}

_ENTRY: Final = 9
_EXIT: Final = 20
_EXIT_OF_DETOUR: Final = 14
"""Distances from the middle of a side to where a link that turns leaves or enters the box."""
_PAIR: Final = 18
"""The same for the two links of states that lead to each other."""

Point = tuple[float, float]
Path = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Where a state is drawn, in pixels; `column` and `row` are its place in the grid."""

    column: int
    row: int

    @property
    def left(self) -> float:
        """Its left edge."""
        return _MARGIN + self.column * (_WIDTH + _CHANNEL)

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + _WIDTH

    @property
    def top(self) -> float:
        """Its upper edge."""
        return _MARGIN + _HEADING + self.row * (_HEIGHT + _GAP)

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + _HEIGHT

    @property
    def x(self) -> float:
        """The middle."""
        return self.left + _WIDTH / 2

    @property
    def y(self) -> float:
        """The middle."""
        return self.top + _HEIGHT / 2

    def is_crossed_by(self, start: Point, end: Point) -> bool:
        """Whether a horizontal or vertical line runs through the inside."""
        (x1, x2), (y1, y2) = sorted((start[0], end[0])), sorted((start[1], end[1]))
        return x1 < self.right and x2 > self.left and y1 < self.bottom and y2 > self.top


@dataclass(frozen=True)
class Edge:
    """A link between two states and the points of its line."""

    link: Link
    path: Path


@dataclass(frozen=True)
class Layout:
    """Where everything is drawn.

    Attributes:
        boxes: By state.
        confirmed: The end of the happy path, which is no state.
        edges: All links.
    """

    boxes: Mapping[str, Box]
    confirmed: Box
    edges: Sequence[Edge]


def lay_out(saga: SagaDocument) -> Layout:
    """Place the states in the grid and draw a line for each link."""
    boxes = _boxes(saga)
    links = list(links_of(saga))
    return Layout(
        boxes, _below(boxes, saga.happy_path[-1]), [Edge(link, _path(link, links, boxes)) for link in links]
    )


def _boxes(saga: SagaDocument) -> dict[str, Box]:
    boxes = {state.name: Box(_FORWARD, row) for row, state in enumerate(saga.happy_path)}
    last = len(boxes) - 1
    for step in saga.undoable:
        if step.undo:
            boxes[step.undo] = Box(_UNDO, boxes[step.state].row)
    top = min(box.row for box in boxes.values() if box.column == _UNDO)
    for state in saga.having(Role.CLOSE):
        boxes[state.name] = Box(_UNDO, top - 1)
    for state in saga.having(Role.ALARM):
        boxes[state.name] = Box(_UNDO, last)
    for state in saga.having(Role.NOTIFY):
        boxes.setdefault(state.name, Box(_NOTICE, last))
    for state in saga.having(Role.DETOUR):
        start = saga.start_of(state)
        used = [box.row for box in boxes.values() if box.column == _DETOURS]
        first = boxes[start.name].row if start else 0
        boxes[state.name] = Box(_DETOURS, max([first, *(row + 1 for row in used)]))
    for row, state in enumerate(reversed(saga.having(Role.REFUND))):
        boxes[state.name] = Box(_REFUNDS, last - row)
    for state in saga.having(Role.CAPTURE):
        boxes[state.name] = Box(_CAPTURE, last)
    for state in saga.having(Role.END):
        source = next(each.source for each in saga.transitions if each.target == state.name)
        column = boxes[source].column
        boxes[state.name] = Box(_DETOURS if column == _FORWARD else column, last + 1)
    return boxes


def _below(boxes: Mapping[str, Box], state: State) -> Box:
    box = boxes[state.name]
    return Box(box.column, box.row + 1)


def _path(link: Link, links: Sequence[Link], boxes: Mapping[str, Box]) -> Path:
    """The first of the possible lines that runs through no box."""
    for path in _paths(link, links, boxes):
        if not any(box.is_crossed_by(*line) for line in pairwise(path) for box in boxes.values()):
            return path
    raise ValueError(f"there is no free way from {link.source} to {link.target}")


def _paths(link: Link, links: Sequence[Link], boxes: Mapping[str, Box]) -> Iterator[Path]:
    """The lines that a link can take, the simplest first."""
    a, b = boxes[link.source], boxes[link.target]
    returns = any((each.source, each.target) == (link.target, link.source) for each in links)
    down, right = _sign(b.row - a.row), _sign(b.column - a.column)
    if a.row == b.row:
        y = a.y - _PAIR * (returns and right > 0)  # the way back is above: links to other rows leave below
        yield (_side(a, b), y), (_side(b, a), y)
    if a.column == b.column:
        x = a.x + _PAIR * down * returns
        yield (x, a.bottom if down > 0 else a.top), (x, b.top if down > 0 else b.bottom)
        right = 0
    else:
        yield (_side(a, b), a.y), (b.x, a.y), (b.x, b.top if down > 0 else b.bottom)
    exit_y = a.y + down * (_EXIT_OF_DETOUR if link.look is Look.DETOUR else _EXIT)
    entry_y = b.y - down * _ENTRY
    x = _track(b, -1 if right > 0 else 1, link, boxes)
    yield (_side(a, b), exit_y), (x, exit_y), (x, entry_y), (_side(b, a), entry_y)
    # Out of the bottom, because the neighbour is in the way.
    beside = _GAP / 5 if a.column in _AFTER_THE_SALE else 0  # the lane of the detours
    exit_x, lane = a.x + right * (_WIDTH / 2 - _EXIT), a.bottom + _GAP / 2 + beside
    entry_y = b.y + (0 if beside else _ENTRY if lane > b.y else -_ENTRY)
    yield (exit_x, a.bottom), (exit_x, lane), (x, lane), (x, entry_y), (_side(b, a), entry_y)


def _track(box: Box, side: int, link: Link, boxes: Mapping[str, Box]) -> float:
    """The x of the vertical lines in the channel beside a box: links to one state share it."""
    edge = box.left if side < 0 else box.right
    middle = edge + side * _CHANNEL / 2
    column = boxes[link.source].column
    return middle + _CHANNEL / 5 * ((column > box.column) - (column in _AFTER_THE_SALE))


def _side(box: Box, other: Box) -> float:
    """The x of the side that faces another box; the outer side if they are in one column."""
    return box.left if other.column < box.column else box.right


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def saga_graph(saga: SagaDocument) -> str:
    """Draw the state machine as an SVG document."""
    layout = lay_out(saga)
    boxes = [*layout.boxes.values(), layout.confirmed]
    width, height = (max(box.right for box in boxes) + _MARGIN, max(box.bottom for box in boxes) + _MARGIN)
    svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}")
    svg.set("class", "saga")
    svg.append(ET.Comment(" Written by `make docs` from statemachines/order_saga.asl.yaml. "))
    _add_lanes(svg, saga, layout)
    for edge in sorted(layout.edges, key=lambda edge: list(Look).index(edge.link.look), reverse=True):
        _add_edge(svg, edge)
    _add_confirmed(svg, saga, layout)
    for state in saga.states.values():
        _add_state(svg, state, layout.boxes[state.name])
    ET.indent(svg, " ")
    return ET.tostring(svg, encoding="unicode") + "\n"


def _add_lanes(svg: ET.Element, saga: SagaDocument, layout: Layout) -> None:
    """Draw the backgrounds of the forward steps and of the undo chain, and the headings."""
    lanes = {"forward": saga.happy_path, "undo": saga.having(Role.UNDO, Role.CLOSE)}
    for name, states in lanes.items():
        boxes = [layout.boxes[state.name] for state in states]
        first, last = min(boxes, key=lambda box: box.row), max(boxes, key=lambda box: box.row)
        size = (_WIDTH + 20, last.bottom - first.top + 46)
        _add_rectangle(svg, f"lane {name}", (first.left - 10, first.top - 36), size, radius=12)
    for column, text in _HEADINGS.items():
        top = min(box.top for box in layout.boxes.values() if box.column == column)
        if column in _AFTER_THE_SALE:  # above the line that leads there
            top = Box(column, 0).top
        _add_text(svg, "heading", (Box(column, 0).x, top - 14), text)


def _add_edge(svg: ET.Element, edge: Edge) -> None:
    link = edge.link
    group = ET.SubElement(svg, "g", {"class": f"edge {link.look.name.lower()}"})
    group.set("data-from", link.source)
    group.set("data-to", link.target)
    if link.label:
        ET.SubElement(group, "title").text = link.label.replace("<br/>", ", ")
    _add_line(group, edge.path)


def _add_confirmed(svg: ET.Element, saga: SagaDocument, layout: Layout) -> None:
    """Draw the end of the happy path, which is no state of the machine."""
    last, box = layout.boxes[saga.happy_path[-1].name], layout.confirmed
    group = ET.SubElement(svg, "g", {"class": "confirmed"})
    _add_line(group, ((last.x, last.bottom), (box.x, box.top)))
    _add_rectangle(group, "box", (box.left, box.top), (_WIDTH, _HEIGHT), radius=_HEIGHT / 2)
    _add_text(group, "name", (box.x, box.y + 4), "Order confirmed")


def _add_state(svg: ET.Element, state: State, box: Box) -> None:
    """Draw a box with the name, and room for the outcome that the page writes."""
    group = ET.SubElement(svg, "g", {"class": f"state {state.role or ''} {state.type.lower()}"})
    group.set("data-state", state.name)
    ET.SubElement(group, "desc").text = " ".join(str(state.body.get("Comment", "")).split())
    radius = _HEIGHT / 2 if state.role is Role.END else 8
    _add_rectangle(group, "box", (box.left, box.top), (_WIDTH, _HEIGHT), radius)
    _add_text(group, "name", (box.x, box.y - 3), state.name)
    _add_text(group, "outcome", (box.x, box.y + 15))


def _add_line(parent: ET.Element, path: Path) -> None:
    ET.SubElement(parent, "path", {"class": "line", "d": _rounded(path)})
    ET.SubElement(parent, "path", {"class": "arrow", "d": _arrow(*path[-2:])})


def _add_rectangle(parent: ET.Element, kind: str, corner: Point, size: Point, radius: float) -> None:
    numbers = {"x": corner[0], "y": corner[1], "width": size[0], "height": size[1], "rx": radius}
    ET.SubElement(
        parent, "rect", {"class": kind, **{name: f"{number:g}" for name, number in numbers.items()}}
    )


def _add_text(parent: ET.Element, kind: str, middle: Point, text: str = "") -> None:
    position = {"x": f"{middle[0]:g}", "y": f"{middle[1]:g}"}
    ET.SubElement(parent, "text", {"class": kind, **position}).text = text


def _rounded(path: Path, radius: float = 8) -> str:
    """The path as SVG data, with rounded corners."""
    parts = [f"M{path[0][0]:g} {path[0][1]:g}"]
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(f"L{start[0]:g} {start[1]:g}Q{corner[0]:g} {corner[1]:g} {end[0]:g} {end[1]:g}")
    return "".join([*parts, f"L{path[-1][0]:g} {path[-1][1]:g}"])


def _arrow(before: Point, tip: Point) -> str:
    """A triangle at the end of a horizontal or vertical line."""
    x, y = _towards(tip, before, 8)
    across, along = (4, 0) if x == tip[0] else (0, 4)
    return f"M{tip[0]:g} {tip[1]:g}L{x - across:g} {y - along:g}L{x + across:g} {y + along:g}Z"


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point at a distance from one end of a horizontal or vertical line, at most its middle."""
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])
    share = min(distance / length, 0.5) if length else 0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
