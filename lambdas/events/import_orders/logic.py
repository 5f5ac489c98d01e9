"""Submits the orders of a file line by line, and writes what became of each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any, Final

from lambdas.domain import clock
from lambdas.domain.errors import TransientFailure
from lambdas.domain.vocabulary import UNEXPECTED_DETAIL, Capture, ProblemKind
from lambdas.events.import_orders.customers import Customers
from lambdas.events.import_orders.import_bucket import FileDeleted, FileReplaced, ImportBucket
from lambdas.events.import_orders.import_run import ImportRun, Outcome
from lambdas.events.import_orders.imported_order import read_line
from lambdas.events.import_orders.lines import Line, split_lines
from lambdas.events.import_orders.pace import Pace
from lambdas.shared.log import log_keys, logger
from lambdas.shared.rest.problem import Problem
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.submission.logic import submit_order
from lambdas.shared.work import at_work

MAX_FILE_BYTES: Final = 50 * 1024 * 1024
MAX_LINES: Final = 100_000
"""Limits of one file. The results of so many lines fit the function's disk of 512 MB."""

MOST_ERRORS: Final = 10
"""How many errors of one line are written."""


@dataclass(frozen=True, slots=True)
class Import:
    """Imports files.

    Attributes:
        bucket: Has the files, and gets the results.
        customers: Tells who the customers are.
        orders: The orders table.
        pace: Limits the submissions.
        capture: When the money of the orders is taken.
        has_time: Whether the invocation can do one more line.
    """

    bucket: ImportBucket
    customers: Customers
    orders: OrderTable
    pace: Pace
    capture: Capture
    has_time: Callable[[], bool]

    def proceed(self, run: ImportRun) -> bool:
        """Import lines of a file, at least one, for as long as there is time.

        Returns:
            Whether the run has ended. Otherwise its `progress` is where to continue.

        Raises:
            StoreUnavailable: AWS does not answer. Nothing is lost: the same lines can be imported again.
        """
        if self.bucket.has_finished(run):
            return True
        try:
            return self._proceed(run)
        except FileReplaced:
            # The results of the same name belong to the run of the new content.
            logger.warning("file replaced during its import", extra={"lines": run.progress.lines})
            return True

    def _proceed(self, run: ImportRun) -> bool:
        """Import lines, unless the file is too large; see `proceed`."""
        if run.size > MAX_FILE_BYTES:
            return self._end(run, stopped=f"A file has at most {MAX_FILE_BYTES} bytes.")
        with TemporaryFile() as results:
            self.bucket.load_results(run, results)
            try:
                for line in split_lines(
                    self.bucket.read(run), offset=run.progress.offset, number=run.progress.lines
                ):
                    if line.number > MAX_LINES:
                        return self._end(run, results, stopped=f"A file has at most {MAX_LINES} lines.")
                    self._import(line, run, results)
                    if not self.has_time():
                        self.bucket.save_results(run, results)
                        return False
            except FileDeleted:
                return self._end(run, results, stopped="The file was deleted.")
            return self._end(run, results)

    def _import(self, line: Line, run: ImportRun, results: IO[bytes]) -> None:
        """Import a line, write its result, and count it."""
        outcome, result = Outcome.BLANK, None
        if not line.is_blank:
            outcome, result = self._submit(line, run.request_id(line.number))
        if result is not None:
            results.write(json.dumps({"line": line.number, "outcome": outcome, **result}).encode() + b"\n")
        progress = run.progress
        progress.offset, progress.lines = line.end, line.number
        progress.counts[outcome] += 1

    def _submit(self, line: Line, request_id: str) -> tuple[Outcome, dict[str, Any]]:
        """Submit the order of a line; an error that no retry can mend is the line's result."""
        try:
            imported = read_line(line)
            self.pace.wait()
            caller = self.customers.find(imported.customer_id)
            with at_work(request_id=request_id):
                submission = submit_order(
                    caller, imported.idempotency_key, imported.order, self.orders, self.capture
                )
            order = submission.order
            outcome = Outcome.NEW if order.request_id == request_id else Outcome.REPLAYED
            with log_keys(order_id=order.order_id, request_id=order.request_id):
                logger.info("order accepted", extra={"replayed": outcome is Outcome.REPLAYED})
        except TransientFailure:
            raise
        except Problem as problem:
            return Outcome.REJECTED, _described(problem)
        except Exception:  # noqa: BLE001 - a bad line harms no other, as a bad request harms no other
            logger.exception("a line failed", extra={"line": line.number})
            return Outcome.REJECTED, _described(Problem(ProblemKind.INTERNAL_ERROR, UNEXPECTED_DETAIL))
        return outcome, {"order_id": order.order_id}

    def _end(self, run: ImportRun, results: IO[bytes] | None = None, *, stopped: str | None = None) -> bool:
        """Write the results and the summary.

        Args:
            run: The run.
            results: What became of its lines.
            stopped: Why lines are left that were not imported; None if none are.
        """
        summary = {
            "file": run.name,
            "run_id": run.run_id,
            "stopped": stopped,
            "lines": run.progress.lines,
            **run.progress.counts,
            "started_at": run.started_at,
            "ended_at": clock.now(),
        }
        self.bucket.finish(run, results or BytesIO(), summary)
        logger.info("file imported", extra={"lines": run.progress.lines, **run.progress.counts})
        return True


def _described(problem: Problem) -> dict[str, Any]:
    """A problem as a line's result: what a response of the API has, without the parts of HTTP."""
    errors = [{"field": each.field, "message": each.message} for each in problem.errors[:MOST_ERRORS]]
    return {"problem": {"type": problem.kind.type, "detail": problem.detail, "errors": errors}}
