"""What the parts of the reconciliation share: the state of a run, and what it has found.

A run is one execution of the state machine in `statemachines/reconciliation.asl.yaml`. The machine calls each
part repeatedly, and passes on the cursor and the report. So each call is short however many orders there are,
and a call that fails is repeated from the same position. Nothing is kept between runs.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import wraps
from time import monotonic
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.execution_names import rerun_of
from lambdas.domain.order import Order
from lambdas.domain.vocabulary import FindingKind, Metric, ReconciliationScope
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.settings import Settings
from lambdas.shared.work import at_work

BUDGET_SECONDS: Final = 10
"""Time in which a call begins new work: a sixth of the function's timeout. The rest is for work under way."""

_MOST_FINDINGS: Final = 20
"""Findings that the report names; the log has all of them, with their facts."""

Cursor = dict[str, Any]
"""The position at which a part continues: JSON that only this part reads."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong and that a human must look at.

    Attributes:
        kind: What is wrong.
        ids: What it is about: `order_id`, `intent_id`, `sku`, `day`.
        facts: What was compared: amounts, units, statuses. Nothing personal.
        request_id: The request that submitted the order, if it is about one.
        since: The time or day of the order or payment that it is about; None if it is about none.
    """

    kind: FindingKind
    ids: Mapping[str, str | None]
    facts: Mapping[str, str | int | None]
    request_id: str | None = None
    since: str | None = None


@dataclass
class Report:
    """What a run has done so far.

    Attributes:
        counts: How often each thing happened; findings by their kind.
        findings: The ids of the first findings.
        oldest: `since` of the oldest finding; None if no finding has one.
        new: The findings of this call.
        oldest_open: How long the oldest order that this call found was not at rest.
    """

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, str | None]] = field(default_factory=list)
    oldest: str | None = None
    new: list[Finding] = field(default_factory=list)
    oldest_open: timedelta = timedelta()

    @classmethod
    def parse(cls, json: Mapping[str, Any]) -> "Report":
        """Read what `as_json` returned; an empty object is an empty report."""
        return cls(Counter(json.get("counts", {})), list(json.get("findings", ())), json.get("oldest"))

    def add(self, finding: Finding) -> None:
        """Count a finding, and name it if it is one of the first."""
        self.new.append(finding)
        self.counts[finding.kind] += 1
        self.oldest = min(filter(None, (self.oldest, finding.since)), default=None)
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append({"kind": finding.kind, **finding.ids})

    def as_json(self) -> dict[str, Any]:
        """The report for the next call, and the output of the run."""
        found = {kind.value: self.counts[kind] for kind in FindingKind if self.counts[kind]}
        return {
            "counts": dict(self.counts),
            "found": found,
            "oldest": self.oldest,
            "findings": self.findings,
        }


@dataclass(frozen=True)
class Run:
    """The state of a run during one call of a part.

    Attributes:
        started_at: When the run began. It is "now" for all calls of the run, so that they agree on it.
        scope: How much the run compares.
        cursor: The position at which the part continues; None at its beginning.
        report: What the run has done so far.
        has_time: Whether the call may begin new work.
    """

    started_at: datetime
    scope: ReconciliationScope
    cursor: Cursor | None
    report: Report
    has_time: Callable[[], bool]

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "Run":
        """Read the state machine's payload; the call's time begins now."""
        deadline = monotonic() + BUDGET_SECONDS
        return cls(
            started_at=datetime.fromisoformat(event["started_at"]).astimezone(UTC),
            scope=ReconciliationScope(event["scope"]),
            cursor=event["cursor"],
            report=Report.parse(event["report"]),
            has_time=lambda: monotonic() < deadline,
        )


Part = Callable[[Run, Settings], Cursor | None]
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def reconciliation_handler(part: Part) -> Handler:
    """Make a Lambda handler of a part: it parses, calls, reports the new findings, and returns.

    Each finding becomes a log line and a count in a metric, whose alarm calls a human.
    """

    @logger.inject_lambda_context(clear_state=True)
    @wraps(part)
    def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        with at_work(execution=event["execution"]):
            run = Run.parse(event)
            cursor = part(run, Settings())
            for finding in run.report.new:
                facts = {**finding.ids, **finding.facts, "request_id": finding.request_id}
                logger.warning("reconciliation finding", extra={"kind": finding.kind, **facts})
                emit(Measure(Metric.RECONCILIATION_FINDINGS, finding.kind))
            return {"cursor": cursor, "report": run.report.as_json()}

    return handler


class Rerun(StrEnum):
    """The result of running the saga again for an order."""

    STARTED = "started"
    RUNNING = "running"
    NO_HELP = "no_help"
    """An earlier rerun has ended and left the order as it is."""


def run_again(order: Order, executions: SagaRunner) -> Rerun:
    """Run the saga once more for an order: it goes forward, or undoes what is left to undo.

    The execution's name holds the record's version. So each state of an order gets one more execution,
    however often this is called. If that execution has ended and the record is the same, another one would
    change nothing either.
    """
    name = rerun_of(order.order_id, order.version)
    if executions.start(order.order_id, order.request_id, name):
        logger.info("order is run again", extra={"status": order.status})
        return Rerun.STARTED
    return Rerun.RUNNING if executions.is_running(name) else Rerun.NO_HELP
