"""The console's drawing shows the state machine as it is, and nothing in it hides anything else."""

from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from docgen.saga_graph import Box, Layout, lay_out, saga_graph
from statemachines.document import SagaDocument
from statemachines.steps import STEPS, Role, Step


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


@pytest.fixture(scope="module")
def layout(saga: SagaDocument) -> Layout:
    return lay_out(saga)


def test_the_drawing_has_every_state_and_every_transition(saga: SagaDocument) -> None:
    svg = ET.fromstring(saga_graph(saga))  # noqa: S314 - our own

    groups = [group.attrib for group in svg.iter("{http://www.w3.org/2000/svg}g")]
    states = [group["data-state"] for group in groups if "data-state" in group]
    edges = [(group["data-from"], group["data-to"]) for group in groups if "data-from" in group]
    assert sorted(states) == sorted(saga.states)
    assert sorted(edges) == sorted({(each.source, each.target) for each in saga.transitions})


def test_the_drawing_leaves_colours_to_the_style_sheet(saga: SagaDocument) -> None:
    drawn = saga_graph(saga)

    assert not any(name in drawn for name in ("style=", "fill=", "stroke=", "#"))


def test_no_two_boxes_share_a_place(layout: Layout) -> None:
    boxes = [*layout.boxes.values(), layout.confirmed]

    assert all(one != other for one, other in combinations(boxes, 2))


def test_each_undo_is_beside_the_step_that_it_undoes(layout: Layout) -> None:
    for step in STEPS:
        if step.undo:
            step_box, undo_box = layout.boxes[step.state], layout.boxes[step.undo]
            assert undo_box == Box(step_box.column + 1, step_box.row)


def test_forward_steps_run_down_and_undos_run_up(saga: SagaDocument, layout: Layout) -> None:
    forward = [layout.boxes[state.name].row for state in saga.happy_path]
    undo = [layout.boxes[name].row for name in saga.undos_of(saga.undoable)]

    assert forward == sorted(forward)
    assert undo == sorted(undo, reverse=True)


def test_every_line_leads_from_its_state_to_its_target(layout: Layout) -> None:
    for edge in layout.edges:
        start, end = edge.path[0], edge.path[-1]
        assert _is_on_border(start, layout.boxes[edge.link.source]), edge
        assert _is_on_border(end, layout.boxes[edge.link.target]), edge


def test_no_line_runs_through_a_box_or_askew(layout: Layout) -> None:
    for edge in layout.edges:
        for start, end in pairwise(edge.path):
            assert start[0] == end[0] or start[1] == end[1], edge
            assert not any(box.is_crossed_by(start, end) for box in layout.boxes.values()), edge


def test_lines_to_different_states_share_no_stretch(layout: Layout) -> None:
    for one, other in combinations(layout.edges, 2):
        if one.link.target != other.link.target and one.link.source != other.link.source:
            shared = [
                (line, match)
                for line in pairwise(one.path)
                for match in pairwise(other.path)
                if _overlap(line, match)
            ]
            assert shared == [], (one.link, other.link)


def test_a_new_step_and_its_undo_find_their_places(saga: SagaDocument) -> None:
    layout = lay_out(_with_another_step(saga))

    assert layout.boxes["HoldShipment"] == Box(3, 2)
    assert layout.boxes["ReleaseShipment"] == Box(4, 2)
    assert layout.boxes["ReserveInventory"] == Box(3, 3)


def _with_another_step(saga: SagaDocument) -> SagaDocument:
    """The saga with a step between ChargePayment and ReserveInventory."""
    states = {name: {**state.body} for name, state in saga.states.items()}
    for name in ("ChargePayment", "AwaitPayment", "ExpirePayment"):
        states[name]["Next"] = "HoldShipment"
    states["ReleaseInventory"]["Next"] = "ReleaseShipment"
    states["HoldShipment"] = {**states["ReserveInventory"], "Next": "ReserveInventory"}
    states["ReleaseShipment"] = {**states["RefundPayment"], "Next": "RefundPayment"}
    forward = Step("HoldShipment", "hold_shipment", Role.FORWARD, "shipment", "ReleaseShipment")
    undo = Step("ReleaseShipment", "release_shipment", Role.UNDO)
    pivot = next(place for place, step in enumerate(STEPS) if step.role is Role.PIVOT)
    steps = (*STEPS[:pivot], forward, *STEPS[pivot:], undo)
    return SagaDocument({**saga.definition, "States": states}, steps)


Point = tuple[float, float]


def _is_on_border(point: Point, box: Box) -> bool:
    x, y = point
    on_side = x in {box.left, box.right} and box.top <= y <= box.bottom
    on_end = y in {box.top, box.bottom} and box.left <= x <= box.right
    return on_side or on_end


def _overlap(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two horizontal or vertical lines have more than a point in common."""
    for along, across in ((0, 1), (1, 0)):
        if len({point[across] for point in (*one, *other)}) == 1:
            (a, b), (c, d) = sorted(each[along] for each in one), sorted(each[along] for each in other)
            return min(b, d) > max(a, c)
    return False
