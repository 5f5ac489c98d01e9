"""What all steps of the saga share: their input, and the lines that they log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.errors import (
    CaptureDue,
    ChargeScheduled,
    LineRefundDue,
    OrderAlreadyConfirmed,
    OrderRejected,
    PaymentActionRequired,
    TransientFailure,
)
from lambdas.domain.vocabulary import Metric
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.settings import Settings
from lambdas.shared.work import at_work


class StepInputError(Exception):
    """The payload lacks what the step needs: the state machine and the code do not match."""


@dataclass(frozen=True, slots=True)
class StepInput:
    """What the state machine passes to a step.

    Attributes:
        execution: Name of the execution.
        request_id: API Gateway's id of the request that caused the execution; None in executions that earlier
            versions started.
        error: In the undo chain, Step Functions' error output `{"Error": name, "Cause": text}`; empty for
            other steps.
        retries: Number of tries of the step before this one, in the same execution and state.
        task_token: Task token that resumes the waiting execution; empty for other steps.
        slot: The charge slot that the execution has waited for; None if it can still wait for one, and empty
            if it can't: an execution keeps the definition that it began with, which may be older than
            `WaitForSlot`.
        refund_id: The refund of lines that the execution is for; None if it is for none, and empty if its
            definition is older than this input: then it is for the one that is due.
    """

    order_id: str
    execution: str
    request_id: str | None
    error: Mapping[str, Any]
    retries: int
    task_token: str
    slot: str | None = ""
    refund_id: str | None = ""

    @property
    def attempt(self) -> str:
        """Name of the execution and number of the try: unique among all tries of a step for an order."""
        return f"{self.execution}-{self.retries}"

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "StepInput":
        """Read a step's payload.

        Raises:
            StepInputError: An id is missing or is not text.
        """
        for name in ("order_id", "execution"):
            if not isinstance(event.get(name), str):
                raise StepInputError(f"the payload's {name} is not text")
        return cls(
            order_id=event["order_id"],
            execution=event["execution"],
            request_id=event.get("request_id"),
            error=event.get("error") or {},
            retries=event.get("attempt", 0),
            task_token=event.get("task_token", ""),
            slot=event.get("slot", ""),
            refund_id=event.get("refund_id", ""),
        )


_ROUTES: Final = (ChargeScheduled, LineRefundDue, CaptureDue, PaymentActionRequired, OrderAlreadyConfirmed)
"""Errors with which a step tells the state machine how to go on."""

Step = Callable[[StepInput, Settings], dict[str, Any]]
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def step_handler(step: Step) -> Handler:
    """Make a Lambda handler of a step: it parses the payload, calls the step and logs the result.

    Every line that the step logs, and every entry that it writes on the timeline, names the execution. What
    a step returns is the output of its state, which the console shows: ids, amounts and statuses, and nothing
    personal.
    """
    name = step.__module__.rpartition(".")[0].rpartition(".")[2]  # the function's folder

    @logger.inject_lambda_context(clear_state=True)
    @wraps(step)
    def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        step_input = StepInput.parse(event)
        with at_work(
            order_id=step_input.order_id, execution=step_input.execution, request_id=step_input.request_id
        ):
            if step_input.retries:
                emit(Measure(Metric.STEP_RETRIES, name))
            return _run(step, step_input)

    return handler


def _run(step: Step, step_input: StepInput) -> dict[str, Any]:
    """Call the step and log how it ends."""
    try:
        outcome = step(step_input, Settings())
    except OrderRejected as rejection:
        logger.info("order rejected", extra={"error": type(rejection).__name__})
        raise
    except TransientFailure as failure:
        logger.warning("step failed for now", extra={"error": f"{type(failure).__name__}: {failure}"})
        raise
    except Exception as error:
        is_expected = isinstance(error, _ROUTES)
        level = logger.info if is_expected else logger.error
        level("step ended with an error", extra={"error": type(error).__name__})
        raise
    logger.info("step done", extra={"outcome": outcome})
    return outcome
