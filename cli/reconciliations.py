"""The runs of the reconciliation: what each has compared, and what it has found."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cli.errors import Unavailable
from cli.shapes import ReconciliationJson

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_MOST_READ: Final = 200
"""Runs that are read to find the last full one: `recent` runs of two days."""

_PAUSE_SECONDS: Final = 2.0
_RUNNING: Final = "RUNNING"


class Reconciliations:
    """The executions of a stage's reconciliation.

    Args:
        client: A client of Step Functions.
        state_machine: ARN of the reconciliation.
    """

    def __init__(self, client: "SFNClient", state_machine: str) -> None:
        self._client = client
        self._state_machine = state_machine

    def last(self) -> list[ReconciliationJson]:
        """Read the last full run that has ended, and the run that ended after it, if there is one.

        Runs that gave way to another one, or are running, are left out.

        Returns:
            The newest first; empty if no run has ended.
        """
        found: list[ReconciliationJson] = []
        for run in islice(self._newest_first(), _MOST_READ):
            if run["scope"] != "recent":
                return [*found, run]
            found = found or [run]
        return found

    def start(self, scope: str) -> str:
        """Start a run, and return its ARN."""
        name = f"report-{uuid.uuid4()}"
        started = self._client.start_execution(
            stateMachineArn=self._state_machine, name=name, input=json.dumps({"scope": scope})
        )
        return started["executionArn"]

    def wait(self, execution: str, sleep: Callable[[float], None]) -> ReconciliationJson:
        """Wait for the end of a run, which can have to wait for another one."""
        while (described := self._client.describe_execution(executionArn=execution))["status"] == _RUNNING:
            sleep(_PAUSE_SECONDS)
        run = _run(described)
        if run is None:
            raise Unavailable("The reconciliation has compared nothing", execution)
        return run

    def _newest_first(self) -> Iterator[ReconciliationJson]:
        pages = self._client.get_paginator("list_executions").paginate(stateMachineArn=self._state_machine)
        for listed in (each for page in pages for each in page["executions"]):
            if listed["status"] != _RUNNING:
                run = _run(self._client.describe_execution(executionArn=listed["executionArn"]))
                if run is not None:
                    yield run


def _run(described: Mapping[str, Any]) -> ReconciliationJson | None:
    """A run that has ended; None if it gave way to another one and has compared nothing."""
    report = json.loads(described.get("output") or "{}")
    succeeded = described["status"] == "SUCCEEDED"
    if succeeded and "counts" not in report:
        return None
    return {
        "execution": described["name"],
        "scope": json.loads(described.get("input") or "{}").get("scope", "full"),
        "status": described["status"],
        "started_at": described["startDate"].isoformat(timespec="milliseconds"),
        "ended_at": described["stopDate"].isoformat(timespec="milliseconds"),
        "counts": report.get("counts", {}),
        "found": report.get("found", {}),
        "oldest": report.get("oldest"),
        "findings": report.get("findings", []),
    }
