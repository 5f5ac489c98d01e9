"""`GET /orders/{order_id}/executions`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from docgen.contract.schemas import ExecutionsSchema
from lambdas.api.list_executions.handler import handler
from lambdas.api.list_executions.logic import Execution, list_executions
from lambdas.api.list_executions.reader import MOST_EVENTS, History, HistoryReader, HistoryState
from lambdas.domain import clock
from lambdas.domain.order import Order, TimelineEntry
from lambdas.shared import aws
from lambdas.shared.work import at_work
from tests.unit.lambdas.builders import ORDER_ID, an_order
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.shop import Shop

ARN: Final = f"arn:aws:states:eu-central-1:123456789012:execution:order-saga:{ORDER_ID}"
MACHINE: Final = "arn:aws:states:eu-central-1:123456789012:stateMachine:order-saga"
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

EXPIRED: Final = History(HistoryState.EXPIRED)


def an_event(kind: str, seconds: int = 0, number: int = 1) -> dict[str, Any]:
    return {"type": kind, "timestamp": NOON + timedelta(seconds=seconds), "id": number}


def a_history(end: str | None = "ExecutionSucceeded", began: int = 0) -> History:
    events = [an_event("ExecutionStarted", began), *([an_event(end, began + 1)] if end else [])]
    return History(HistoryState.COMPLETE, events, events[-1])


def found(order: Order, histories: Mapping[str, History]) -> list[Execution]:
    """List the executions; those without a history do not exist."""
    return list_executions(order, lambda name: histories.get(name.removeprefix(ORDER_ID), EXPIRED))


def names(order: Order, histories: Mapping[str, History]) -> list[tuple[str, str]]:
    return [(each.name.removeprefix(ORDER_ID), each.reason) for each in found(order, histories)]


# Which executions there are


def test_the_record_names_the_executions_that_it_asked_for(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()
    shop.orders.request_retry(ORDER_ID)
    order = shop.order()
    retry = f"-retry-v{order.version}"

    assert names(order, {"": a_history(), "-cancel": a_history(began=10), retry: a_history(began=20)}) == [
        ("", "submission"),
        ("-cancel", "cancellation"),
        (retry, "retry"),
    ]


def test_an_execution_is_found_by_the_entries_that_it_wrote(shop: Shop) -> None:
    shop.placed()
    with at_work(execution=f"{ORDER_ID}-v1"):
        shop.orders.begin_undo(ORDER_ID, {})

    order = shop.notified(shop.orders.close(ORDER_ID, {}))

    assert names(order, {"": a_history(), "-v1": a_history(began=10)}) == [
        ("", "submission"),
        ("-v1", "reconciliation"),
    ]


def test_recoveries_follow_executions_that_did_not_succeed(shop: Shop) -> None:
    order = shop.notified(shop.confirmed())
    histories = {
        "": a_history("ExecutionAborted"),
        "-r1": a_history("ExecutionTimedOut", began=10),
        "-r2": a_history(began=20),
    }

    assert names(order, histories) == [("", "submission"), ("-r1", "recovery"), ("-r2", "recovery")]


def test_a_rerun_that_changed_nothing_is_found(shop: Shop) -> None:
    shop.placed()

    assert names(shop.order(), {"": a_history(), "-v1": a_history(began=10)})[1:] == [
        ("-v1", "reconciliation")
    ]

    with at_work(execution="a-run-of-the-reconciliation"):
        order = shop.orders.flag(ORDER_ID, "one more execution changed nothing")

    assert names(order, {"": a_history(), "-v1": a_history(began=10)})[1:] == [("-v1", "reconciliation")]


def test_a_rerun_is_found_by_the_recovery_that_wrote_after_it(shop: Shop) -> None:
    shop.placed()
    with at_work(execution=f"{ORDER_ID}-v1-r1"):
        shop.orders.begin_undo(ORDER_ID, {})

    histories = {
        "": a_history(),
        "-v1": a_history("ExecutionAborted", began=10),
        "-v1-r1": a_history(began=20),
    }

    assert names(shop.order(), histories)[1:] == [("-v1", "reconciliation"), ("-v1-r1", "recovery")]


def test_a_rerun_of_a_closed_order_that_changed_nothing_is_found(shop: Shop) -> None:
    shop.placed()
    order = shop.notified(shop.orders.close(ORDER_ID, {}))
    rerun = f"-v{order.version}"

    assert names(order, {"": a_history(), rerun: a_history(began=10)})[1:] == [(rerun, "reconciliation")]


def test_a_retry_of_the_reconciliation_says_so(shop: Shop) -> None:
    shop.being_undone()
    with at_work(execution="a-run"):
        shop.orders.request_retry(ORDER_ID, by="reconciliation")

    assert names(shop.order(), {"-retry-v3": a_history()}) == [("-retry-v3", "reconciliation")]


def test_an_order_that_was_just_placed_has_no_execution_yet() -> None:
    entry = TimelineEntry(clock.now(), "OrderReceived")

    assert found(an_order(timeline=(entry,)), {}) == []


# Histories that can't be read


def test_an_expired_execution_is_known_from_the_record() -> None:
    entries = (
        TimelineEntry("2025-01-01T12:00:00.000Z", "OrderReceived"),
        TimelineEntry("2025-01-01T12:00:01.000Z", "OrderPriced", execution=f"{ORDER_ID}-r1"),
    )

    executions = found(an_order(timeline=entries, version=2, unsettled=False), {})

    assert [(each.name, each.status, each.history, each.states) for each in executions] == [
        (ORDER_ID, "UNKNOWN", "expired", ()),
        (f"{ORDER_ID}-r1", "UNKNOWN", "expired", ()),
    ]


@pytest.mark.parametrize("state", [HistoryState.DENIED, HistoryState.UNAVAILABLE, HistoryState.TRUNCATED])
def test_the_rest_comes_though_a_history_cannot_be_read(shop: Shop, state: HistoryState) -> None:
    shop.confirmed()
    shop.cancel()

    first, second = found(shop.order(), {"": History(state), "-cancel": a_history(), "-v5": History(state)})

    assert (first.status, first.history, first.started_at) == ("UNKNOWN", state, None)
    assert (second.status, second.history) == ("SUCCEEDED", "complete")


def test_a_truncated_history_has_an_end(shop: Shop) -> None:
    order = shop.notified(shop.confirmed())
    truncated = History(
        HistoryState.TRUNCATED, [an_event("ExecutionStarted")], an_event("ExecutionSucceeded", 9)
    )

    [execution] = found(order, {"": truncated})

    assert (execution.status, execution.stopped_at) == ("SUCCEEDED", "2026-03-01T12:00:09.000Z")
    assert execution.started_at == "2026-03-01T12:00:00.000Z"


# Reading from Step Functions


def read(budget_seconds: float = 10) -> History:
    return HistoryReader(aws.step_functions(), MACHINE, budget_seconds=budget_seconds).read(ORDER_ID)


def test_a_history_is_read_page_by_page(step_functions_stub: Stubber) -> None:
    request = {"executionArn": ARN, "maxResults": MOST_EVENTS}
    first = {"events": [an_event("ExecutionStarted")], "nextToken": "more"}
    step_functions_stub.add_response("get_execution_history", first, request)
    step_functions_stub.add_response(
        "get_execution_history",
        {"events": [an_event("ExecutionSucceeded", 1, 2)]},
        {**request, "nextToken": "more"},
    )

    history = read()

    assert (history.state, len(history.events)) == (HistoryState.COMPLETE, 2)
    assert history.last is not None
    assert history.last["type"] == "ExecutionSucceeded"


def test_nothing_follows_the_end_of_an_execution(step_functions_stub: Stubber) -> None:
    """The embedded AWS goes on with the call of the state in which an execution was stopped."""
    kinds = ("ExecutionStarted", "TaskScheduled", "ExecutionAborted", "TaskSucceeded", "TaskStateExited")
    step_functions_stub.add_response("get_execution_history", {"events": [an_event(each) for each in kinds]})

    history = read()

    assert [event["type"] for event in history.events] == list(kinds[:3])
    assert history.last is not None
    assert history.last["type"] == "ExecutionAborted"


def test_a_history_that_is_too_long_is_cut_and_has_its_last_event(step_functions_stub: Stubber) -> None:
    page = [an_event("ExecutionStarted")] * MOST_EVENTS
    for events in (page, page):
        step_functions_stub.add_response("get_execution_history", {"events": events, "nextToken": "more"})
    step_functions_stub.add_response(
        "get_execution_history",
        {"events": [an_event("ExecutionAborted", 9)]},
        {"executionArn": ARN, "maxResults": 1, "reverseOrder": True},
    )

    history = read()

    assert (history.state, len(history.events)) == (HistoryState.TRUNCATED, MOST_EVENTS)
    assert history.last is not None
    assert history.last["type"] == "ExecutionAborted"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("ExecutionDoesNotExist", HistoryState.EXPIRED),
        ("AccessDeniedException", HistoryState.DENIED),
        ("ThrottlingException", HistoryState.UNAVAILABLE),
        ("SomethingElse", HistoryState.UNAVAILABLE),
    ],
)
def test_an_error_says_how_much_is_known(
    step_functions_stub: Stubber, code: str, state: HistoryState
) -> None:
    step_functions_stub.add_client_error("get_execution_history", code)

    assert read() == History(state)


def test_without_an_answer_the_history_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_operation: str) -> object:
        raise EndpointConnectionError(endpoint_url="https://states.eu-central-1.amazonaws.com")

    monkeypatch.setattr(aws.step_functions(), "get_paginator", unreachable)

    assert read() == History(HistoryState.UNAVAILABLE)


@pytest.mark.usefixtures("step_functions_stub")
def test_nothing_more_is_read_when_the_time_is_used_up() -> None:
    assert read(budget_seconds=-1) == History(HistoryState.TRUNCATED)


# The call


def call(groups: str = "operators") -> tuple[int, dict[str, Any]]:
    answer = handler(
        api_event("GET", f"/orders/{ORDER_ID}/executions", customer="the-boss", groups=groups), CONTEXT
    )
    return answer["statusCode"], json.loads(answer["body"])


def test_an_operator_gets_the_executions(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.notified(shop.confirmed())
    events = [
        an_event("ExecutionStarted"),
        {
            **an_event("TaskStateEntered", 1),
            "stateEnteredEventDetails": {"name": "ValidateOrder", "input": "{}"},
        },
        an_event("TaskScheduled", 2),
    ]
    step_functions_stub.add_response("get_execution_history", {"events": events})
    step_functions_stub.add_client_error("get_execution_history", "ExecutionDoesNotExist")  # no rerun

    status, body = call()

    assert status == 200
    ExecutionsSchema.model_validate_json(json.dumps(body))
    [execution] = body["executions"]
    assert (execution["name"], execution["reason"], execution["status"]) == (
        ORDER_ID,
        "submission",
        "RUNNING",
    )
    assert execution["states"] == [
        {
            "name": "ValidateOrder",
            "entered_at": "2026-03-01T12:00:01.000Z",
            "left_at": None,
            "outcome": "running",
            "next": None,
            "input": {},
            "output": None,
            "attempts": [
                {
                    "scheduled_at": "2026-03-01T12:00:02.000Z",
                    "started_at": None,
                    "ended_at": None,
                    "error": None,
                }
            ],
        }
    ]


def test_a_customer_cannot_list_executions(shop: Shop) -> None:
    shop.placed()

    assert call(groups="customers")[0] == 403


@pytest.mark.usefixtures("shop")
def test_an_unknown_order_has_no_executions() -> None:
    assert call()[0] == 404
