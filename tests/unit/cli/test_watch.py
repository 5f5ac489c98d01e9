import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from cli.order_state import advice, is_at_rest
from cli.screens import Snapshot, live_picture, picture
from cli.shapes import AttemptJson, ExecutionJson, StateJson
from tests.unit.cli.conftest import OPERATOR_TOKEN, FakeShop, Run, an_order

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def timeline(*events: str) -> list[dict[str, str]]:
    return [{"at": f"2026-01-02T03:04:{5 + n:02d}.500Z", "event": event} for n, event in enumerate(events)]


def test_a_pipe_gets_each_event_once_and_the_final_order(orders: Run, shop: FakeShop) -> None:
    events = ["OrderReceived", "OrderPriced", "OrderConfirmed"]
    shop.answers("GET /orders/o-1", an_order(status="PENDING", timeline=timeline(*events[:1])))
    shop.answers("GET /orders/o-1", an_order(status="PENDING", timeline=timeline(*events[:2])))
    shop.answers("GET /orders/o-1", an_order(timeline=timeline(*events)))

    result = orders("watch", "o-1")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "+0.5 s  03:04:05  OrderReceived",
        "+1.5 s  03:04:06  OrderPriced",
        "+2.5 s  03:04:07  OrderConfirmed",
        "o-1  CONFIRMED  159.00 USD  payment succeeded",
        "  2 x RED-CHAIR  79.50 USD",
    ]


def test_json_output_has_a_line_for_each_change(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order(status="PENDING"))
    shop.answers("GET /orders/o-1", an_order(status="PENDING"))
    shop.answers("GET /orders/o-1", an_order(status="CONFIRMED"))

    result = orders("watch", "o-1", "--json")

    assert [json.loads(line)["status"] for line in result.stdout.splitlines()] == ["PENDING", "CONFIRMED"]


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED", "NEEDS_ATTENTION"])
def test_an_order_with_another_end_is_not_a_success(orders: Run, shop: FakeShop, status: str) -> None:
    shop.answers("GET /orders/o-1", an_order(status=status))

    assert orders("watch", "o-1").exit_code == 6


@pytest.mark.parametrize(
    ("command", "status", "exit_code"),
    [
        ("cancel", "CANCELLED", 0),
        ("cancel", "FAILED", 6),
        ("retry", "FAILED", 0),
        ("retry", "NEEDS_ATTENTION", 6),
    ],
)
def test_the_end_that_counts_as_success_depends_on_the_command(
    orders: Run, shop: FakeShop, command: str, status: str, exit_code: int
) -> None:
    # A confirmed order is not at rest while it is being cancelled.
    asked = an_order(timeline=timeline("OrderConfirmed", "CancellationRequested: customer"))
    shop.answers(f"POST /orders/o-1/{command}", asked, status=202)
    shop.answers("GET /orders/o-1", asked)
    shop.answers("GET /orders/o-1", an_order(status=status))

    result = orders(command, "o-1", "--watch")

    assert result.exit_code == exit_code


def test_submit_can_watch_the_order(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /orders", an_order(status="PENDING"), status=202)
    shop.answers("GET /orders/o-1", an_order(status="FAILED"))

    result = orders("submit", "X", "--card", "pm_x", "--watch")

    assert result.exit_code == 6
    assert "OrderReceived" in result.stdout


def test_advice_to_the_watcher_is_printed_once(orders: Run, shop: FakeShop) -> None:
    payment = {"status": "requires_action", "intent_id": "pi_1", "next_action": {}, "client_secret": "hidden"}
    waiting = an_order(status="AWAITING_PAYMENT", payment=payment)
    shop.answers("GET /orders/o-1", waiting)
    shop.answers("GET /orders/o-1", waiting)
    shop.answers("GET /orders/o-1", an_order())

    result = orders("watch", "o-1")

    assert result.stdout.count("orders approve o-1") == 1
    assert "hidden" not in result.output


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ({"next_action": {"redirect_to_url": {"url": "https://bank.test/3ds"}}}, "https://bank.test/3ds"),
        ({"next_action": {"type": "use_stripe_sdk"}}, "shop's page"),
        ({}, "Only the customer"),
    ],
)
def test_the_advice_for_a_real_bank_follows_the_next_action(
    payment: dict[str, object], expected: str
) -> None:
    waiting = {"status": "requires_action", "intent_id": "pi_1", **payment}
    order = an_order(status="AWAITING_PAYMENT", payment=waiting)

    assert expected in (advice(order, has_stand_in=False) or "")


@pytest.mark.parametrize(
    ("status", "at_rest"),
    [
        ("PENDING", False),
        ("AWAITING_PAYMENT", False),
        ("CONFIRMED", True),
        ("FAILED", True),
        ("CANCELLED", True),
        ("NEEDS_ATTENTION", True),
    ],
)
def test_an_order_is_at_rest_when_it_will_not_change_by_itself(status: str, at_rest: bool) -> None:  # noqa: FBT001 - a table
    assert is_at_rest(an_order(status=status)) is at_rest


@pytest.mark.parametrize(("status", "at_rest"), [("requested", False), ("refunded", True), ("failed", True)])
def test_an_order_of_which_a_part_is_to_be_refunded_is_not_at_rest(status: str, at_rest: bool) -> None:  # noqa: FBT001 - a table
    order = an_order(status="CONFIRMED", refunds=[{"status": status}])

    assert is_at_rest(order) is at_rest


def test_a_terminal_shows_the_states_beside_the_timeline() -> None:
    states = [
        a_state("ValidateOrder", 1),
        a_state("ChargePayment", 2, None, None, "PaymentDeclined"),
        a_state("RefundPayment", None),
    ]
    executions = [an_execution("o-1", states), an_execution("o-1-cancel", [], reason="cancellation")]
    snapshot = Snapshot(an_order(status="PENDING"), executions)
    terminal = a_terminal()

    terminal.print(picture(snapshot, Text("~"), "Do this.", NOON + timedelta(seconds=9)))

    lines = [line.split() for line in shown_on(terminal)]
    assert lines[3:] == [
        ["+0.0", "s", "03:04:05", "OrderReceived", "first", "submission,", "RUNNING"],
        ["✓", "ValidateOrder", "1.0", "s"],
        ["✗", "ChargePayment", "2.0", "s", "PaymentDeclined,", "tried", "3", "times"],
        ["~", "RefundPayment", "9.0", "s"],
        ["cancel", "cancellation,", "RUNNING"],
        [],
        ["Do", "this."],
    ]


def test_a_deadline_after_which_the_saga_goes_on_is_no_failure() -> None:
    states = [
        a_state("AwaitPayment", 0, "States.Timeout"),
        a_state("ExpirePayment", 0, "PaymentActionRequired"),
        a_state("AwaitPayment", None),
        a_state("ReserveInventory", 0, *["States.Timeout"] * 6),
    ]
    terminal = a_terminal()

    snapshot = Snapshot(an_order(status="PENDING"), [an_execution("o-1", states)])
    terminal.print(picture(snapshot, Text("~"), None, NOON))

    marks = [word for line in shown_on(terminal) for word in line.split() if word in {"↷", "✗"}]
    assert marks == ["↷", "↷", "✗"]


def test_the_last_picture_remains_on_the_terminal() -> None:
    terminal = a_terminal()

    with live_picture(terminal, lambda _: None) as show:
        show(Snapshot(an_order(status="PENDING")))
        show(Snapshot(an_order(status="CONFIRMED")))

    text = "\n".join(shown_on(terminal))
    assert text.rindex("CONFIRMED") > text.rindex("PENDING")


def test_the_executions_of_an_order_can_be_shown(orders: Run, shop: FakeShop) -> None:
    states = [a_state("ChargePayment", 2, "PaymentProviderUnavailable", None)]
    found = [
        an_execution("o-1", states, status="ABORTED"),
        an_execution("o-1-r1", [], reason="recovery", status="UNKNOWN", history="expired"),
    ]
    shop.answers("GET /orders/o-1/executions", {"executions": found})

    result = orders("executions", "o-1", "--as", "operator")

    assert [line.split() for line in result.stdout.splitlines()] == [
        ["first", "submission,", "ABORTED"],
        ["✓", "ChargePayment", "2.0", "s", "tried", "2", "times"],
        ["r1", "recovery,", "UNKNOWN,", "history", "expired"],
    ]
    assert json.loads(orders("executions", "o-1", "--json").stdout) == {"executions": found}


def test_a_watcher_waits_for_the_end_of_the_executions(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order())
    shop.answers("GET /orders/o-1/executions", {"executions": [an_execution("o-1", [])]})
    ended = an_execution("o-1", [], status="SUCCEEDED")
    shop.answers("GET /orders/o-1/executions", {"executions": [ended]})

    assert orders("watch", "o-1").exit_code == 0

    reads = [each for each in shop.requests if each.url.path.endswith("/executions")]
    assert [each.headers["Authorization"] for each in reads] == [f"Bearer {OPERATOR_TOKEN}"] * 2


def a_state(name: str, seconds: int | None, *errors: str | None) -> StateJson:
    """A visit to a state at noon; seconds until it was left, and the error of each try."""
    attempts: list[AttemptJson] = [
        {
            "scheduled_at": text(NOON),
            "started_at": None,
            "ended_at": None,
            "error": (error and {"code": error, "message": ""}) or None,
        }
        for error in errors
    ]
    return {
        "name": name,
        "entered_at": text(NOON),
        "left_at": None if seconds is None else text(NOON + timedelta(seconds=seconds)),
        "outcome": "running",
        "next": None,
        "input": None,
        "output": None,
        "attempts": attempts,
    }


def an_execution(
    name: str,
    states: list[StateJson],
    *,
    reason: str = "submission",
    status: str = "RUNNING",
    history: str = "complete",
) -> ExecutionJson:
    return {
        "name": name,
        "reason": reason,
        "status": status,
        "started_at": None,
        "stopped_at": None,
        "error": None,
        "history": history,
        "states": states,
    }


def text(moment: datetime) -> str:
    return moment.isoformat()


def a_terminal() -> Console:
    return Console(file=StringIO(), force_terminal=True, color_system=None, width=100)


def shown_on(terminal: Console) -> list[str]:
    assert isinstance(terminal.file, StringIO)
    return terminal.file.getvalue().splitlines()
