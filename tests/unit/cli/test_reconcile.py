"""`orders reconcile report`: what the last runs of the reconciliation have compared and found."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from cli.exit_codes import ExitCode
from tests.unit.cli.conftest import FakeShop, Run

REPORT = ("reconcile", "report", "--stage", "dev")
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:orders-dev-reconciliation"
NIGHT = datetime(2026, 3, 1, 3, tzinfo=UTC)
AGREES: Mapping[str, Any] = {
    "counts": {"orders_compared": 12, "payments_compared": 11, "stock_compared": 8, "orders_not_at_rest": 2},
    "found": {},
    "oldest": None,
    "findings": [],
}
DIFFERS: Mapping[str, Any] = {
    "counts": {"payments_compared": 11, "amount_differs": 21},
    "found": {"amount_differs": 21},
    "oldest": "2026-02-27T08:00:00.000Z",
    "findings": [{"kind": "amount_differs", "order_id": "o-1", "intent_id": "pi_1"}],
}


class FakeStepFunctions:
    """The reconciliation of a stage, whose next run has to wait before it ends."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.next_report = AGREES
        self.started: list[dict[str, Any]] = []

    def ended(
        self,
        minutes: int,
        report: Mapping[str, Any],
        *,
        scope: str | None = "full",
        status: str = "SUCCEEDED",
    ) -> None:
        """Add a run that ended 14 seconds after it started, some minutes after the night."""
        started = NIGHT + timedelta(minutes=minutes)
        run = {
            "executionArn": f"{MACHINE}:{minutes}",
            "name": f"run-{minutes}",
            "status": status,
            "startDate": started,
            "stopDate": started + timedelta(seconds=14),
            "input": json.dumps({"scope": scope} if scope else {}),
        }
        self.runs.insert(0, run | ({"output": json.dumps(report)} if status == "SUCCEEDED" else {}))

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - as in boto3
        assert StackName == "orders-dev-recovery"
        return {"Stacks": [{"Outputs": [{"OutputKey": "ReconciliationArn", "OutputValue": MACHINE}]}]}

    def get_paginator(self, _call: str) -> "FakeStepFunctions":
        return self

    def paginate(self, stateMachineArn: str) -> list[dict[str, Any]]:  # noqa: N803 - as in boto3
        assert stateMachineArn == MACHINE
        listed = [{key: each[key] for key in ("executionArn", "status")} for each in self.runs]
        return [{"executions": listed[:2]}, {"executions": listed[2:]}]

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - as in boto3
        (found,) = (run for run in self.runs if run["executionArn"] == executionArn)
        described = dict(found)
        found["status"] = "SUCCEEDED" if found["status"] == "RUNNING" else found["status"]
        return described

    def start_execution(self, **parameters: Any) -> dict[str, str]:  # noqa: ANN401 - as in boto3
        self.started.append(parameters)
        self.ended(600, self.next_report)
        self.runs[0]["status"] = "RUNNING"
        return {"executionArn": self.runs[0]["executionArn"]}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    fake = FakeStepFunctions()
    monkeypatch.setattr(boto3, "client", lambda _service, **_options: fake)
    return fake


def test_the_last_full_run_and_the_one_after_it_are_shown(orders: Run, machine: FakeStepFunctions) -> None:
    machine.ended(0, DIFFERS)
    machine.ended(1, AGREES, scope=None)  # started by hand, without an input
    machine.ended(15, DIFFERS, scope="recent")
    machine.ended(30, AGREES, scope="recent")
    machine.ended(45, {}, scope="recent")  # it gave way to another run

    result = orders(*REPORT, "--json")

    assert [each["execution"] for each in json.loads(result.stdout)] == ["run-30", "run-1"]
    assert result.exit_code == ExitCode.DONE


def test_a_difference_is_named_and_the_command_fails(orders: Run, machine: FakeStepFunctions) -> None:
    machine.ended(0, DIFFERS)

    result = orders(*REPORT)

    title, _, row, _, heading, _, finding = result.stdout.splitlines()
    assert title.split()[:2] == ["RUN", "STARTED"]
    assert row.split() == [
        *("full", "2026-03-01", "03:00:00", "14", "s", "0", "11", "0", "0"),
        *("21", "amount_differs", "2026-02-27"),
    ]
    assert heading.split() == ["DIFFERENCE", "ORDER", "PAYMENT", "SKU", "DAY"]
    assert finding.split() == ["amount_differs", "o-1", "pi_1"]
    assert result.exit_code == ExitCode.REFUSED


def test_a_difference_that_two_runs_name_is_shown_once(orders: Run, machine: FakeStepFunctions) -> None:
    machine.ended(0, DIFFERS)
    machine.ended(15, DIFFERS, scope="recent")

    assert orders(*REPORT).stdout.count("pi_1") == 1


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_run_that_failed_makes_the_command_fail(
    orders: Run, machine: FakeStepFunctions, status: str
) -> None:
    machine.ended(0, AGREES)
    machine.ended(15, AGREES, scope="recent", status=status)

    result = orders(*REPORT)

    assert status in result.stdout
    assert result.exit_code == ExitCode.REFUSED


def test_a_stage_whose_runs_have_not_ended_has_no_report(orders: Run, machine: FakeStepFunctions) -> None:
    machine.ended(0, AGREES, status="RUNNING")

    result = orders(*REPORT)

    assert result.exit_code == ExitCode.NOT_FOUND
    assert "orders reconcile report --run" in result.stderr


@pytest.mark.parametrize(("report", "code"), [(AGREES, ExitCode.DONE), (DIFFERS, ExitCode.REFUSED)])
def test_a_full_run_is_started_and_its_end_decides(
    shop: FakeShop, orders: Run, machine: FakeStepFunctions, report: Mapping[str, Any], code: ExitCode
) -> None:
    machine.ended(0, DIFFERS)
    machine.next_report = report

    result = orders(*REPORT, "--run", "--json")

    (started,) = machine.started
    assert (started["stateMachineArn"], json.loads(started["input"])) == (MACHINE, {"scope": "full"})
    assert [each["execution"] for each in json.loads(result.stdout)] == ["run-600"]
    assert len(shop.pauses) == 1
    assert result.exit_code == code


def test_after_a_restore_a_run_compares_all_payments(orders: Run, machine: FakeStepFunctions) -> None:
    machine.next_report = AGREES

    orders(*REPORT, "--run", "--scope", "restored")

    (started,) = machine.started
    assert json.loads(started["input"]) == {"scope": "restored"}


@pytest.mark.parametrize(("scope", "stock"), [("full", ["8"]), ("restored", ["8"]), ("recent", [])])
def test_each_run_that_compares_stock_shows_how_much(
    orders: Run, machine: FakeStepFunctions, scope: str, stock: list[str]
) -> None:
    machine.ended(0, AGREES)
    machine.ended(15, AGREES, scope=scope)

    _title, _line, newest, *_others = orders(*REPORT).stdout.splitlines()

    assert newest.split() == [scope, "2026-03-01", "03:15:00", "14", "s", "12", "11", *stock, "2", "none"]


def test_a_scope_without_a_run_is_rejected(orders: Run, machine: FakeStepFunctions) -> None:
    machine.ended(0, AGREES)

    result = orders(*REPORT, "--scope", "restored")

    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert "--scope needs --run" in result.stderr
