"""What the parts of the reconciliation share, and their handlers."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.domain import clock
from lambdas.domain.payment import PaymentIntent
from lambdas.domain.vocabulary import FindingKind, Metric, ReconciliationScope
from lambdas.recovery.reconcile_orders.handler import handler as reconcile_orders
from lambdas.recovery.reconcile_payments.handler import handler as reconcile_payments
from lambdas.recovery.reconcile_stock.handler import handler as reconcile_stock
from lambdas.shared.metrics import Measure
from lambdas.shared.reconciliation import (
    Cursor,
    Finding,
    Report,
    Rerun,
    Run,
    reconciliation_handler,
    run_again,
)
from lambdas.shared.settings import Settings
from tests.unit.lambdas.builders import ARMCHAIR, EMAIL, ORDER_ID, PAYMENT_SERVICE, an_order
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import FakeExecutions, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.runs import STARTED_AT
from tests.unit.lambdas.shop import Shop

Handler = Callable[[dict[str, Any], Any], Mapping[str, Any]]


def an_event(cursor: Cursor | None = None, report: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "started_at": "2026-03-01T13:00:00.000Z",
        "execution": "run-1",
        "scope": "full",
        "cursor": cursor,
        "report": report or {},
    }


def a_finding(number: int = 1, since: str | None = "2026-03-01") -> Finding:
    facts = {"reserved": 7, "ordered": 2}
    return Finding(FindingKind.STOCK_DIFFERS, {"sku": f"CHAIR-{number}"}, facts, since=since)


# The handler of a part


def test_a_part_continues_at_its_cursor_and_adds_to_the_report() -> None:
    @reconciliation_handler
    def part(run: Run, _settings: Settings) -> Cursor | None:
        assert (run.started_at, run.scope) == (STARTED_AT, ReconciliationScope.FULL)
        assert run.cursor == {"at": 7}
        run.report.counts["orders"] += 2
        return {"at": 8}

    answer = part(an_event({"at": 7}, {"counts": {"orders": 1}, "findings": []}), CONTEXT)

    assert answer["cursor"] == {"at": 8}
    assert (answer["report"]["counts"], answer["report"]["findings"]) == ({"orders": 3}, [])


def test_each_finding_is_logged_with_its_facts_and_counted(log: Log, emitted: Emitted) -> None:
    @reconciliation_handler
    def part(run: Run, _settings: Settings) -> Cursor | None:
        run.report.add(a_finding())
        return None

    answer = part(an_event(), CONTEXT)

    [line] = log.lines
    assert (line["level"], line["message"], line["execution"]) == (
        "WARNING",
        "reconciliation finding",
        "run-1",
    )
    assert {"kind": "stock_differs", "sku": "CHAIR-1", "reserved": 7, "ordered": 2}.items() <= line.items()
    assert emitted() == [Measure(Metric.RECONCILIATION_FINDINGS, "stock_differs")]
    assert answer["report"] == {
        "counts": {"stock_differs": 1},
        "found": {"stock_differs": 1},
        "oldest": "2026-03-01",
        "findings": [{"kind": "stock_differs", "sku": "CHAIR-1"}],
    }


def test_findings_of_earlier_calls_are_not_logged_again(log: Log) -> None:
    @reconciliation_handler
    def part(_run: Run, _settings: Settings) -> Cursor | None:
        return None

    before = Report()
    before.add(a_finding())

    assert part(an_event(report=before.as_json()), CONTEXT)["report"] == before.as_json()
    assert not log.lines


def test_the_report_names_the_first_findings_and_counts_all() -> None:
    report = Report()
    for number in range(25):
        report.add(a_finding(number))

    assert report.counts == {"stock_differs": 25}
    assert [finding["sku"] for finding in report.findings] == [f"CHAIR-{number}" for number in range(20)]


def test_the_report_knows_the_oldest_finding_of_all_calls() -> None:
    report = Report()
    for since in ("2026-03-02", None, "2026-03-01T09:00:00.000Z", "2026-03-03"):
        report.add(a_finding(since=since))
        report = Report.parse(report.as_json())

    assert report.oldest == "2026-03-01T09:00:00.000Z"


def test_a_call_begins_new_work_for_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("lambdas.shared.reconciliation.monotonic", lambda: now)
    run = Run.parse(an_event())

    assert run.has_time()
    now = 110.0
    assert not run.has_time()


def test_each_state_of_an_order_is_run_again_once() -> None:
    executions = FakeExecutions()
    order = an_order(version=7)

    assert run_again(order, executions) is Rerun.STARTED
    assert run_again(order, executions) is Rerun.RUNNING
    executions.ended = {f"{ORDER_ID}-v7"}
    assert run_again(order, executions) is Rerun.NO_HELP
    assert run_again(an_order(version=8), executions) is Rerun.STARTED


# The handlers of the parts


def test_orders_are_reconciled(shop: Shop, step_functions_stub: Stubber) -> None:
    shop.placed()
    step_functions_stub.add_response(
        "start_execution", {"executionArn": "arn:aws:states", "startDate": STARTED_AT}
    )

    answer = reconcile_orders(an_event(), CONTEXT)

    assert answer["cursor"] is None
    assert answer["report"]["counts"] == {"orders_not_at_rest": 1, "orders_rerun_started": 1}


@pytest.mark.usefixtures("shop")
def test_payments_are_reconciled(stripe: FakeStripe, log: Log) -> None:
    created = int(STARTED_AT.timestamp()) - 3600
    paid = PaymentIntent("pi_1", "succeeded", created=created, amount_received=500, service=PAYMENT_SERVICE)
    stripe.put(paid)

    answer = reconcile_payments(an_event(), CONTEXT)

    assert answer["report"]["counts"] == {
        "orders_compared": 0,
        "payments_compared": 1,
        "payments_of_others": 0,
        "money_without_order": 1,
    }
    assert (log.lines[0]["intent_id"], log.lines[0]["held"]) == ("pi_1", 500)
    assert answer["report"]["oldest"] == clock.text(STARTED_AT - timedelta(hours=1))


def test_stock_is_reconciled(shop: Shop, log: Log) -> None:
    shop.confirmed()
    shop.put(ARMCHAIR, available=-1)

    answer = reconcile_stock(an_event(), CONTEXT)

    assert answer["report"]["counts"] == {"stock_compared": 8, "negative_stock": 1}
    assert EMAIL not in log.text


@pytest.mark.parametrize("handler", [reconcile_orders, reconcile_stock])
def test_an_empty_shop_has_no_findings(shop: Shop, handler: Handler) -> None:
    assert shop.unsettled() == []
    assert handler(an_event(), CONTEXT)["report"]["findings"] == []
