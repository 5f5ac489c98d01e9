"""Step Functions: executions, their names, states and task tokens, and the events about their ends."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from lambdas.domain import clock
from local.saga_control import StateVisit
from proof.simulation.functions import ACCOUNT, REGION, Functions, Result, one_of
from proof.simulation.network import Rejected
from proof.simulation.release import Release
from proof.simulation.scheduler import Scheduler, Signal, Strand, current_strand
from proof.simulation.state_language import ExecutionFailed, Json, Machine, TaskFailed
from proof.simulation.trace import Trace

_NAME_KEPT_MS: Final = 90 * 24 * 60 * 60 * 1000
_START_MS: Final = (5, 50)
"""The shortest and the longest time between the start of an execution and its first state."""


def arn_of(machine: str, execution: str | None = None) -> str:
    """The ARN of a machine, or of one of its executions."""
    kind = "stateMachine" if execution is None else "execution"
    rest = machine if execution is None else f"{machine}:{execution}"
    return f"arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{rest}"


@dataclass
class Execution:
    """An execution.

    Attributes:
        machine: The machine's name.
        name: Its own name.
        input: Its input, as it was sent.
        started_at: Milliseconds since 1970.
        status: `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
        ended_at: Milliseconds since 1970; None while it runs.
        output: Its output; None unless it succeeded.
        error: The error that it failed with.
        visits: The states that it entered.
        strand: What runs it.
    """

    machine: str
    name: str
    input: str
    started_at: int
    status: str = "RUNNING"
    ended_at: int | None = None
    output: Json = None
    error: str | None = None
    visits: tuple[StateVisit, ...] = ()
    strand: Strand | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn_of(self.machine, self.name)

    @property
    def label(self) -> str:
        """Its name in the trace."""
        return f"{self.machine} {self.name}"


@dataclass(frozen=True)
class MachineVersion:
    """A version of a machine.

    Attributes:
        machine: Its definition.
        release: The release whose functions its executions call; None for the one that is deployed when they
            call it.
    """

    machine: Machine
    release: Release | None = None


@dataclass(frozen=True)
class _Return:
    """What a task token was returned with."""

    output: Json = None
    error: str | None = None
    cause: str = ""


class StepFunctions:
    """All machines and executions.

    Args:
        scheduler: Simulated time.
        functions: The functions that the machines call.
        trace: Gets what executions do.
        ended: Called with the event about an execution that has ended.

    Attributes:
        machines: The versions of each machine that are deployed; if there are several, chance decides for
            each execution. An execution keeps the one that it began with.
        executions: All executions, by the name of the machine and their own.
        tokens: What each task token waits for.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        functions: Functions,
        trace: Trace,
        ended: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.machines: Mapping[str, Sequence[MachineVersion]] = {}
        self.executions: dict[tuple[str, str], Execution] = {}
        self.scheduler = scheduler
        self.functions = functions
        self.trace = trace
        self._ended = ended
        self.tokens: dict[str, Signal[_Return]] = {}

    def handle(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a call.

        Raises:
            Rejected: The call is rejected.
        """
        match operation:
            case "StartExecution":
                execution = self.start(
                    params["stateMachineArn"].rpartition(":")[2], params["name"], params.get("input", "{}")
                )
                return {"executionArn": execution.arn}
            case "DescribeExecution":
                machine, name = params["executionArn"].split(":")[-2:]
                found = self.executions.get((machine, name))
                if found is None:
                    raise Rejected("ExecutionDoesNotExist", f"Execution Does Not Exist: '{name}'")
                return {"executionArn": found.arn, "name": name, "status": found.status}
            case "ListExecutions":
                return {"executions": self._listed(**params)}
            case "SendTaskSuccess":
                return self._return(params["taskToken"], _Return(json.loads(params["output"])))
            case "SendTaskFailure":
                return self._return(
                    params["taskToken"], _Return(None, params.get("error", ""), params.get("cause", ""))
                )
        raise NotImplementedError(operation)

    def start(self, machine: str, name: str, text: str) -> Execution:
        """Start an execution; the same one again, if it is running.

        Raises:
            Rejected: There was another execution of this name in the last 90 days.
        """
        known = self.executions.get((machine, name))
        if known is not None and self.scheduler.now - (known.ended_at or self.scheduler.now) < _NAME_KEPT_MS:
            if known.status == "RUNNING" and json.loads(known.input) == json.loads(text):
                return known
            raise Rejected("ExecutionAlreadyExists", f"Execution Already Exists: '{name}'")
        execution = Execution(machine, name, text, self.scheduler.now)
        self.executions[machine, name] = execution
        run = _Run(self, execution)
        execution.strand = self.scheduler.spawn(
            run.run, execution, after=self.scheduler.random.randint(*_START_MS)
        )
        return execution

    def stop(self, machine: str, name: str) -> None:
        """Stop an execution, as somebody does in the console."""
        self.end(self.executions[machine, name], "ABORTED", error="Stopped")

    def end(
        self, execution: Execution, status: str, *, output: Json = None, error: str | None = None
    ) -> None:
        """End an execution, unless it has ended."""
        if execution.status != "RUNNING":
            return
        execution.status, execution.output, execution.error = status, output, error
        execution.ended_at = self.scheduler.now
        self.trace.add(self.scheduler.now, execution.label, "ends", error or status)
        if status != "SUCCEEDED" and execution.visits:
            last = execution.visits[-1]
            name = f"Execution{status.title().replace('_', '')}"
            execution.visits = (
                *execution.visits[:-1],
                replace(last, left=datetime.now(UTC), error=last.error or name),
            )
        if execution.strand is not None and status in {"ABORTED", "TIMED_OUT"}:
            execution.strand.kill()
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": arn_of(execution.machine),
            "name": execution.name,
            "status": status,
            "startDate": execution.started_at,
            "stopDate": execution.ended_at,
            "input": execution.input,
            "output": None if output is None else json.dumps(output),
        }
        self._ended(
            {
                "detail-type": "Step Functions Execution Status Change",
                "source": "aws.states",
                "detail": detail,
            }
        )

    def _listed(
        self,
        stateMachineArn: str,  # noqa: N803 - AWS's name
        statusFilter: str | None = None,  # noqa: N803 - AWS's name
        **_: object,
    ) -> list[dict[str, Any]]:
        return [
            {
                "executionArn": each.arn,
                "name": each.name,
                "status": each.status,
                "startDate": datetime.fromtimestamp(each.started_at / 1000, UTC),
            }
            for each in reversed(self.executions.values())
            if arn_of(each.machine) == stateMachineArn and statusFilter in {None, each.status}
        ]

    def _return(self, token: str, returned: _Return) -> dict[str, Any]:
        waiting = self.tokens.get(token)
        if waiting is None:
            raise Rejected("InvalidToken", "Invalid Token: 'Invalid token'")
        if waiting.is_given:
            raise Rejected("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        waiting.give(returned)
        return {}


class _Run:
    """The surroundings of one execution."""

    def __init__(self, service: StepFunctions, execution: Execution) -> None:
        self.random: Random = service.scheduler.random
        self._service = service
        self._execution = execution
        self._scheduler = service.scheduler
        self._release: Release | None = None
        started_at = datetime.fromtimestamp(execution.started_at / 1000, UTC)
        self._context = {
            "Execution": {
                "Id": execution.arn,
                "Name": execution.name,
                "Input": json.loads(execution.input),
                "StartTime": started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            },
            "StateMachine": {"Id": arn_of(execution.machine), "Name": execution.machine},
        }

    def run(self) -> None:
        """Run the execution to its end."""
        service, execution = self._service, self._execution
        version = one_of(service.machines[execution.machine], self.random)
        machine, self._release = version.machine, version.release
        deadline = self._scheduler.after(
            machine.timeout_seconds * 1000,
            lambda: service.end(execution, "TIMED_OUT", error="States.Timeout"),
        )
        try:
            output = machine.run(self._context["Execution"]["Input"], self)
        except ExecutionFailed as failure:
            service.end(execution, "FAILED", error=failure.error)
        else:
            service.end(execution, "SUCCEEDED", output=output)
        finally:
            deadline.cancel()

    def entered(self, state: str) -> None:
        self._service.trace.add(self._scheduler.now, self._execution.label, f"enters {state}")
        self._execution.visits += (StateVisit(state, datetime.now(UTC)),)

    def left(self) -> None:
        self._change(left=datetime.now(UTC))

    def scheduled(self) -> None:
        *before, last = self._execution.visits
        self._execution.visits = (*before, last.tried_again())

    def failed(self, error: str) -> None:
        self._change(error=error)

    def _change(self, **changes: Any) -> None:  # noqa: ANN401 - any attribute
        *before, last = self._execution.visits
        self._execution.visits = (*before, replace(last, **changes))

    def context(self) -> dict[str, Json]:
        return self._context

    def new_token(self) -> str:
        token = f"token-{len(self._service.tokens) + 1}"
        self._service.tokens[token] = Signal()
        return token

    def wait(self, seconds: float) -> None:
        current_strand().sleep(round(seconds * 1000))

    def wait_until(self, timestamp: str) -> None:
        """Wait until a time, truncated to seconds.

        https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
        """
        until = clock.epoch_milliseconds(timestamp) // 1000 * 1000
        current_strand().sleep(max(0, until - self._scheduler.now))

    def call(self, function: str, payload: Json, timeout_seconds: int, token: str | None) -> Json:
        answer = self._service.functions.call(
            self._execution.machine, function, payload, who=self._execution.label, release=self._release
        )
        done: Signal[_Return] = self._service.tokens[token] if token else Signal()
        answer.then(lambda result: self._take(result, done, waits=token is not None))
        try:
            if not current_strand().wait(done, timeout_seconds * 1000):
                raise TaskFailed("States.Timeout")
        finally:
            done.give(_Return())  # from now on it is too late to return the token
        returned = done.value or _Return()
        if returned.error is not None:
            raise TaskFailed(returned.error, returned.cause)
        return returned.output

    @staticmethod
    def _take(result: Result, done: Signal[_Return], *, waits: bool) -> None:
        """Take the function's result, which is the task's, unless the task waits for its token."""
        if result.error is not None:
            cause = json.dumps({"errorMessage": result.message, "errorType": result.error})
            done.give(_Return(None, result.error, cause))
        elif not waits:
            done.give(_Return({"Payload": result.payload, "StatusCode": 200}))
