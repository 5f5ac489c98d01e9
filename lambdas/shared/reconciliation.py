"""What the parts of a reconciliation have in common: where a run stands, and what it has found.

A run is one execution of `statemachines/reconciliation.asl.yaml`. It calls each part again and again, and
hands on two things: the cursor, where the part goes on, and the report. So a call ends in time however many
orders there are, and one that fails is made again from the same place. Nothing is remembered between runs.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import wraps
from time import monotonic
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.order import Order
from lambdas.domain.vocabulary import FindingKind
from lambdas.shared.log import logger
from lambdas.shared.metrics import count
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.settings import Settings

WINDOW: Final = timedelta(days=3)
"""How far back payments and stock are compared with the orders."""

BUDGET_SECONDS: Final = 10
"""How long a call begins new work: a sixth of the functions' timeout. The rest is for the work at hand."""

_MOST_FINDINGS: Final = 20
"""How many findings the report names; the log has them all, and with their numbers."""

Cursor = dict[str, Any]
"""Where a part goes on; JSON, and for that part only to understand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a human must look at.

    Attributes:
        kind: What it is.
        ids: Whom it is about: `order_id`, `intent_id`, `sku`, `day`.
        facts: What was compared: amounts, units, states. Nothing personal.
    """

    kind: FindingKind
    ids: Mapping[str, str | None]
    facts: Mapping[str, str | int | None]


@dataclass
class Report:
    """What a run did so far.

    Attributes:
        counts: How often each thing happened; findings by their kind.
        findings: The first ones, by their ids.
        new: The findings of this call.
    """

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, str | None]] = field(default_factory=list)
    new: list[Finding] = field(default_factory=list)

    @classmethod
    def parse(cls, json: Mapping[str, Any]) -> "Report":
        """Read what `as_json` wrote; an empty one of an empty object."""
        return cls(Counter(json.get("counts", {})), list(json.get("findings", ())))

    def add(self, finding: Finding) -> None:
        """Count a finding, and name it if it is one of the first."""
        self.new.append(finding)
        self.counts[finding.kind] += 1
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append({"kind": finding.kind, **finding.ids})

    def as_json(self) -> dict[str, Any]:
        """The report as the next call gets it, and as the run ends with it."""
        return {"counts": dict(self.counts), "findings": self.findings}


@dataclass(frozen=True)
class Run:
    """One call of a part.

    Attributes:
        started_at: When the run began, the same in all its calls: "now" does not move while it counts.
        cursor: Where the part goes on; None at its beginning.
        report: What was done so far.
        has_time: Whether new work may begin.
    """

    started_at: datetime
    cursor: Cursor | None
    report: Report
    has_time: Callable[[], bool]

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "Run":
        """Read what the state machine hands over; the time runs from now on."""
        deadline = monotonic() + BUDGET_SECONDS
        return cls(
            started_at=datetime.fromisoformat(event["started_at"]).astimezone(UTC),
            cursor=event["cursor"],
            report=Report.parse(event["report"]),
            has_time=lambda: monotonic() < deadline,
        )

    def days(self) -> list[str]:
        """The days (`Order.day`) that payments and stock are compared for, the oldest first."""
        today: date = self.started_at.date()
        return [(today - timedelta(days=n)).isoformat() for n in range(WINDOW.days, -1, -1)]


Part = Callable[[Run, Settings], Cursor | None]
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def reconciliation_handler(part: Part) -> Handler:
    """Make a Lambda handler of a part: it parses, calls, tells of what was found, and returns.

    Each finding is a line in the log and counted in a metric, whose alarm wakes a human.
    """

    @logger.inject_lambda_context(clear_state=True)
    @wraps(part)
    def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        logger.append_keys(execution=event["execution"])
        run = Run.parse(event)
        cursor = part(run, Settings())
        for finding in run.report.new:
            logger.warning(
                "reconciliation finding", extra={"kind": finding.kind, **finding.ids, **finding.facts}
            )
            count("ReconciliationFindings", kind=finding.kind)
        return {"cursor": cursor, "report": run.report.as_json()}

    return handler


class Rerun(StrEnum):
    """What became of the wish to run the saga once more for an order."""

    STARTED = "started"
    RUNNING = "running"
    NO_HELP = "no_help"
    """It ran, and left the order as it is."""


def run_again(order: Order, executions: SagaRunner) -> Rerun:
    """Run the saga once more for an order as it stands: it goes on, or undoes what is left to undo.

    The execution's name has the record's version in it. So each state of an order gets one more execution,
    however often this is called; if that ended and the record is still the same, no other will change it.
    """
    name = f"{order.order_id}-v{order.version}"
    if executions.start(order.order_id, name):
        logger.info("order is run again", extra={"order_id": order.order_id, "status": order.status})
        return Rerun.STARTED
    return Rerun.RUNNING if executions.is_running(name) else Rerun.NO_HELP
