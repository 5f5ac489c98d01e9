"""`orders analytics`: a saved query is run by Athena, and its rows are shown."""

import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest

from cli import saved_queries
from cli.exit_codes import ExitCode
from local.processes import REPOSITORY
from tests.unit.cli.conftest import FakeCloudFormation, Run

REVENUE = (
    ("day", "currency", "received", "given_back", "revenue"),
    ("2026-03-02", "jpy", "500", "0", "500"),
    ("2026-03-01", "usd", "99600", "-49800", "49800"),
)


class FakeAthena:
    """Answers every query with the same rows, in two pages, after some states."""

    def __init__(self) -> None:
        self.states = ["QUEUED", "RUNNING", "SUCCEEDED"]
        self.started: dict[str, Any] = {}
        self.rows: Sequence[Sequence[str]] = REVENUE

    def start_query_execution(self, **parameters: Any) -> dict[str, str]:  # noqa: ANN401 - as in boto3
        self.started = parameters
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:  # noqa: ARG002, N803 - as in boto3
        status = {"State": self.states.pop(0), "StateChangeReason": "line 1: what is that"}
        return {"QueryExecution": {"Status": status}}

    def get_paginator(self, _call: str) -> "FakeAthena":
        return self

    def paginate(self, QueryExecutionId: str) -> list[dict[str, Any]]:  # noqa: ARG002, N803 - as in boto3
        rows = [{"Data": [{"VarCharValue": cell} for cell in row]} for row in self.rows]
        return [{"ResultSet": {"Rows": rows[:2]}}, {"ResultSet": {"Rows": rows[2:]}}]


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> FakeAthena:
    fake = FakeAthena()
    outputs = {"EventBusName": "orders-dev"}
    clients = {"athena": fake, "cloudformation": FakeCloudFormation({"orders-dev-events": outputs})}
    monkeypatch.setattr(boto3, "client", lambda service, **_options: clients[service])
    monkeypatch.setattr(saved_queries, "_PAUSE_SECONDS", 0)
    return fake


def test_the_rows_are_json_with_amounts_in_minor_units(orders: Run, athena: FakeAthena) -> None:
    result = orders("analytics", "revenue", "--stage", "dev", "--json")

    assert json.loads(result.stdout)[1] == {
        "day": "2026-03-01",
        "currency": "usd",
        "received": 99_600,
        "given_back": -49_800,
        "revenue": 49_800,
    }
    assert athena.states == []


def test_the_query_of_the_folder_runs_over_the_events_of_the_stage(orders: Run, athena: FakeAthena) -> None:
    orders("analytics", "failures", "--stage", "dev")

    assert athena.started == {
        "QueryString": (REPOSITORY / "analytics" / "failures.sql").read_text(),
        "WorkGroup": "orders-dev",
        "QueryExecutionContext": {"Database": "orders_dev"},
    }


@pytest.mark.usefixtures("athena")
def test_the_table_has_amounts_with_their_currency(orders: Run) -> None:
    title, _, yen, dollars = orders("analytics", "revenue", "--stage", "dev").stdout.splitlines()

    assert title.split() == ["DAY", "RECEIVED", "GIVEN", "BACK", "REVENUE"]
    assert yen.split() == ["2026-03-02", "500", "JPY", "0", "JPY", "500", "JPY"]
    assert dollars.split()[-2:] == ["498.00", "USD"]


def test_orders_are_a_number_and_no_amount(orders: Run, athena: FakeAthena) -> None:
    athena.rows = [("reason", "currency", "orders", "amount"), ("out_of_stock", "usd", "3", "149400")]

    *_, row = orders("analytics", "failures", "--stage", "dev").stdout.splitlines()

    assert row.split() == ["out_of_stock", "3", "1494.00", "USD"]


def test_a_stage_without_events_has_no_rows(orders: Run, athena: FakeAthena) -> None:
    athena.rows = REVENUE[:1]

    assert orders("analytics", "revenue", "--stage", "dev").stdout == "No event matches.\n"


def test_a_failed_query_says_why(orders: Run, athena: FakeAthena) -> None:
    athena.states = ["RUNNING", "FAILED"]

    result = orders("analytics", "revenue", "--stage", "dev")

    assert result.exit_code == ExitCode.UNAVAILABLE
    assert "line 1: what is that" in result.stderr
