"""The search of the functions' logs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from lambdas.api.get_story.log_search import LogSearch
from lambdas.shared.aws import cloudwatch_logs
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.conftest import Log

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=5)
GROUPS = ["/aws/lambda/orders-local-charge_payment", "/aws/lambda/orders-local-submit_order"]


@pytest.fixture
def logs() -> Iterator[Stubber]:
    with Stubber(cloudwatch_logs()) as stub:
        yield stub


def a_search(pauses: list[float] | None = None) -> LogSearch:
    """A search whose clock ticks a second with each reading."""
    clock = count()
    sleep = pauses.append if pauses is not None else _no_pause
    return LogSearch(cloudwatch_logs(), GROUPS, sleep=sleep, now=lambda: float(next(clock)))


def _no_pause(_seconds: float) -> None:
    raise AssertionError("it waits")


def a_row(line: object, at: str = "2026-03-01 12:00:01.830") -> list[dict[str, str]]:
    text = line if isinstance(line, str) else json.dumps(line)
    return [{"field": "@timestamp", "value": at}, {"field": "@message", "value": text}]


def expect_query(logs: Stubber) -> None:
    logs.add_response(
        "start_query",
        {"queryId": "query-1"},
        {
            "logGroupNames": GROUPS,
            "startTime": 1_772_366_400,
            "endTime": 1_772_366_701,
            "queryString": ANY,
        },
    )


def expect_look(logs: Stubber, status: str, *rows: list[dict[str, str]], matched: int = 0) -> None:
    response: dict[str, Any] = {
        "status": status,
        "results": list(rows),
        "statistics": {"recordsMatched": float(matched or len(rows))},
    }
    logs.add_response("get_query_results", response, {"queryId": "query-1"})


def test_only_lines_about_the_order_are_found(logs: Stubber) -> None:
    line = {"order_id": ORDER_ID, "message": "step done"}
    metric = {"order_id": ORDER_ID, "_aws": {}}
    other = {"message": f"about {ORDER_ID}"}
    expect_query(logs)
    expect_look(logs, "Complete", a_row(line), a_row(metric), a_row(other), a_row(f"START {ORDER_ID}"))

    found = a_search().lines_about(ORDER_ID, SINCE, UNTIL)

    assert found is not None
    assert found.lines == [{**line, "@timestamp": "2026-03-01 12:00:01.830"}]
    assert found.is_complete


def test_a_search_is_looked_at_until_it_is_complete(logs: Stubber) -> None:
    expect_query(logs)
    for status in ("Scheduled", "Running", "Complete"):
        expect_look(logs, status)
    pauses: list[float] = []

    assert a_search(pauses).lines_about(ORDER_ID, SINCE, UNTIL) is not None

    assert pauses == [0.5, 0.5]


def test_a_story_of_too_many_lines_is_incomplete(logs: Stubber) -> None:
    expect_query(logs)
    expect_look(logs, "Complete", a_row({"order_id": ORDER_ID, "message": "x"}), matched=2_001)

    found = a_search().lines_about(ORDER_ID, SINCE, UNTIL)

    assert found is not None
    assert not found.is_complete


def test_a_search_that_takes_too_long_is_stopped(logs: Stubber, log: Log) -> None:
    expect_query(logs)
    for _ in range(16):
        expect_look(logs, "Running")
    logs.add_response("stop_query", {"success": True}, {"queryId": "query-1"})

    assert a_search([]).lines_about(ORDER_ID, SINCE, UNTIL) is None

    logs.assert_no_pending_responses()
    assert log.lines[-1]["message"] == "the search of the logs takes too long"


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout"])
def test_a_search_that_fails_finds_nothing(logs: Stubber, status: str) -> None:
    expect_query(logs)
    expect_look(logs, status)

    assert a_search().lines_about(ORDER_ID, SINCE, UNTIL) is None


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "LimitExceededException"]
)
def test_logs_that_cannot_be_read_are_unavailable(logs: Stubber, log: Log, code: str) -> None:
    logs.add_client_error("start_query", code)

    assert a_search().lines_about(ORDER_ID, SINCE, UNTIL) is None

    assert log.lines[-1]["message"] == "the logs cannot be searched"


@pytest.mark.usefixtures("logs")
def test_a_period_whose_lines_have_expired_is_not_searched() -> None:
    found = a_search().lines_about(ORDER_ID, UNTIL, SINCE)

    assert found is not None
    assert found.lines == []
