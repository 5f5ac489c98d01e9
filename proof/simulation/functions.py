"""Lambda: runs the deployed handlers, each invocation in a strand of its own, and ends it at its timeout."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from proof.simulation.network import Network
from proof.simulation.release import CURRENT, NoSuchFunction, Release
from proof.simulation.scheduler import Killed, Scheduler, Signal, Strand, current_strand
from proof.simulation.trace import Entry, Trace

T = TypeVar("T")

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-central-1"

_REFUSING: Final = {
    "throttle": "Lambda.TooManyRequestsException",
    "unavailable": "Lambda.ServiceException",
    "refuse": "Lambda.SdkClientException",
    "kill_before": "Lambda.Unknown",
}
"""The errors of faults that strike before the function runs; see `statemachines.aws_errors`."""

_LOSING: Final = {"lose_reply": "Lambda.SdkClientException", "kill_after": "Lambda.Unknown"}
"""The errors of faults that strike after it has run."""

_DELAYING: Final = ("late", "slow")


@dataclass(frozen=True, slots=True)
class Result:
    """The end of an invocation.

    Attributes:
        payload: What the function returned.
        error: The error's name, as Lambda reports it; None if the function returned.
        message: The error's message.
    """

    payload: Any = None
    error: str | None = None
    message: str = ""


class _Context(LambdaContext):
    """The context of an invocation."""

    _memory_limit_in_mb = 512

    def __init__(self, function: str, number: int, remaining: Callable[[], int]) -> None:
        self._function_name = function
        self._invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
        self._aws_request_id = f"{function}-{number}"
        self.get_remaining_time_in_millis = remaining  # type: ignore[method-assign] # Powertools declares it static


@dataclass
class Invocation:
    """An invocation of a function.

    Attributes:
        function: The name of the function's folder.
        number: Counts the invocations of the function from 1.
        ended: Given with the result.
        entry: Its entry in the trace.
        release: The release whose code it runs; None for the one that is deployed when it starts.
    """

    function: str
    number: int
    entry: Entry
    release: Release | None = None
    ended: Signal[Result] = field(default_factory=Signal)

    @property
    def name(self) -> str:
        """Its name in the trace."""
        return f"{self.function}#{self.number}"

    def end(self, result: Result) -> None:
        """End it; only the first result counts."""
        if not self.ended.is_given:
            self.entry.outcome = result.error or "ok"
            self.ended.give(result)


def current_invocation() -> Invocation:
    """The invocation that runs now."""
    invocation = current_strand().owner
    if not isinstance(invocation, Invocation):
        raise TypeError("only functions make calls")
    return invocation


class Functions:
    """All functions.

    Attributes:
        cached: What each function keeps in memory between its invocations, until it is killed.
        releases: The releases that are deployed; if there are several, chance decides for each invocation.
        starts: Called with a function's name and its event, just before the function runs.
    """

    def __init__(self, scheduler: Scheduler, network: Network, trace: Trace) -> None:
        self.cached: dict[str, dict[Any, Any]] = {}
        self.releases: Sequence[Release] = (CURRENT,)
        self.starts: Callable[[str, Mapping[str, Any]], object] = lambda _function, _event: None
        self._scheduler = scheduler
        self._network = network
        self._trace = trace
        self._counts: Counter[str] = Counter()

    def call(
        self,
        caller: str,
        function: str,
        event: Mapping[str, Any],
        *,
        who: str,
        release: Release | None = None,
    ) -> Signal[Result]:
        """Call a function over the network.

        Args:
            caller: The kind of the caller, for the call's name: `saga: lambda Invoke charge_payment`.
            function: The function.
            event: Its event.
            who: The caller, for the trace.
            release: The release whose function it is; None for the one that is deployed.

        Returns:
            What is given with the result, if the caller ever gets one.
        """
        call, entry, struck_by = self._network.strike(f"{caller}: lambda Invoke {function}", who)
        answer: Signal[Result] = Signal()
        answer.then(lambda result: setattr(entry, "outcome", result.error or "ok"))
        fault = struck_by[0].fault if struck_by else None
        kind = call.fault = fault.kind if fault else None
        delay = round(fault.seconds * 1000) if fault and kind in _DELAYING else self._network.latency()
        if kind in _REFUSING:
            self._scheduler.after(delay, lambda: answer.give(Result(None, _REFUSING[kind])))
        elif kind == "hold":
            struck_by[0].held += 1
            struck_by[0].lifted.then(lambda _: setattr(struck_by[0], "held", 0))
            self._scheduler.after(0, self._network.when_held.get(struck_by[0].fault, lambda: None))
            struck_by[0].lifted.then(
                lambda _: self.invoke(function, event, release=release).ended.then(answer.give)
            )
        elif kind != "hang":
            ended = self.invoke(function, event, after=delay, release=release).ended
            if kind in _LOSING:
                ended.then(lambda _: answer.give(Result(None, _LOSING[kind])))
            elif kind != "late":
                ended.then(answer.give)
        return answer

    def invoke(
        self, function: str, event: Mapping[str, Any], *, after: int = 0, release: Release | None = None
    ) -> Invocation:
        """Start an invocation, perhaps after some milliseconds."""
        self._counts[function] += 1
        entry = self._trace.add(self._scheduler.now, f"{function}#{self._counts[function]}", "starts")
        invocation = Invocation(function, self._counts[function], entry, release)
        self._scheduler.spawn(lambda: self._run(invocation, event), invocation, after=after)
        return invocation

    def _run(self, invocation: Invocation, event: Mapping[str, Any]) -> None:
        function = invocation.function
        self.starts(function, event)
        release = invocation.release or one_of(self.releases, self._scheduler.random)
        timeout = release.timeout_seconds(function) * 1000
        ends_at = self._scheduler.now + timeout
        deadline = self._scheduler.after(timeout, lambda: self._time_out(invocation, strand))
        strand = current_strand()
        context = _Context(function, invocation.number, lambda: ends_at - self._scheduler.now)
        try:
            payload = release.handler(function)(event, context)
            invocation.end(Result(json.loads(json.dumps(payload))))
        except Killed:
            self.cached.pop(function, None)
            invocation.end(Result(None, "Runtime.ExitError", "the process was killed"))
            raise
        except NoSuchFunction as error:
            invocation.end(Result(None, "Lambda.ResourceNotFoundException", f"Function not found: {error}"))
        except Exception as error:  # noqa: BLE001 - Lambda reports any
            invocation.end(Result(None, type(error).__name__, str(error)))
        finally:
            deadline.cancel()

    def _time_out(self, invocation: Invocation, strand: Strand) -> None:
        self.cached.pop(invocation.function, None)
        invocation.end(Result(None, "Sandbox.Timedout", "the function reached its timeout"))
        strand.kill()


def one_of(deployed: Sequence[T], random: Random) -> T:
    """The only one, or one of several by chance: while versions are shifted, both are at work."""
    return deployed[0] if len(deployed) == 1 else random.choice(deployed)
