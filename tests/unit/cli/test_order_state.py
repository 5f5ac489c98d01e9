from typing import Any

import pytest

from cli.order_state import Status, advice, is_at_rest
from lambdas.domain.order import OrderStatus
from tests.unit.cli.conftest import an_order


def test_the_command_line_knows_the_statuses_of_the_api() -> None:
    assert list(map(str, Status)) == list(map(str, OrderStatus))


@pytest.mark.parametrize(
    ("events", "changes", "at_rest"),
    [
        ((), {}, True),
        (("CancellationRequested: customer",), {}, False),
        (("FulfilmentRequested",), {}, False),
        (("FulfilmentRequested", "OrderFulfilled"), {"fulfilment": {"at": "2026-03-02T08:00:00.000Z"}}, True),
        (("FulfilmentRequested", "OrderNeedsAttention"), {"status": "NEEDS_ATTENTION"}, True),
    ],
)
def test_a_confirmed_order_is_at_rest_unless_it_is_cancelled_or_captured(
    events: tuple[str, ...], changes: dict[str, Any], *, at_rest: bool
) -> None:
    timeline = [{"at": "2026-01-02T03:04:05.000Z", "event": event} for event in events]

    assert is_at_rest(an_order(timeline=timeline, **changes)) is at_rest


@pytest.mark.parametrize(
    ("events", "command"),
    [
        (("UndoBegan", "OrderNeedsAttention"), "settle"),
        (("FulfilmentRequested", "OrderNeedsAttention"), "cancel"),
        (("FulfilmentRequested", "CancellationRequested: operator", "OrderNeedsAttention"), "settle"),
    ],
)
def test_an_operator_settles_only_what_is_being_undone(events: tuple[str, ...], command: str) -> None:
    timeline = [{"at": "2026-01-02T03:04:05.000Z", "event": event} for event in events]
    order = an_order(status="NEEDS_ATTENTION", timeline=timeline)

    text = advice(order, has_stand_in=False)

    assert text is not None
    assert f"orders retry {order['order_id']}" in text
    assert f"orders {command} {order['order_id']}" in text.splitlines()[-1]
