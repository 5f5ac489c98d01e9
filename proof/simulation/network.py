"""The network: a call of a function to AWS or Stripe takes time, is recorded, and can be struck by a fault.

The names of calls and the kinds of faults are those of the fault proxy, which does the same in the embedded
run.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final, NoReturn, TypeVar, cast

from typing_extensions import override

from local.fault_proxy.faults import Fault, Faults, InjectedFault
from local.fault_proxy.recording import Call
from proof.simulation.scheduler import Killed, Scheduler, Signal, current_strand
from proof.simulation.trace import Entry, Trace

T = TypeVar("T")

Effect = Callable[[str | None], T]
"""What a call does; its argument is `before` or `after` if Stripe is to fail and store the error."""

_LATENCY_MS: Final = (2, 20)
"""The shortest and the longest time of a call that no fault strikes."""

_LATE_WAIT_MS: Final = 60 * 60 * 1000
"""How long a call that arrives late stays held, at most."""


class ConnectionLost(Exception):
    """The connection closed before there was an answer."""


class NoAnswer(Exception):
    """There was no answer in the time that the caller waits."""


class Refused(Exception):
    """The service refuses the call.

    Attributes:
        kind: Why: the kind of the fault.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Rejected(Exception):
    """The service has understood the call, and rejects it.

    Attributes:
        code: The error's name.
        body: The body of the answer.
    """

    def __init__(self, code: str, message: str = "", **body: object) -> None:
        super().__init__(code)
        self.code = code
        self.body = {"message": message, **body}


class StruckFault(InjectedFault):
    """An active fault in simulated time; the number tells which one was injected first."""

    _numbers = count()

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.lifted: Signal[None] = Signal()
        self.number = next(self._numbers)

    @override
    def lift(self) -> None:
        self.lifted.give(None)


class Network:
    """All calls.

    Args:
        scheduler: Simulated time.
        trace: Gets an entry for every call.

    Attributes:
        faults: The active faults of the journey.
        faults_of_case: The active faults of the case, which the journey does not know of.
        calls: The calls since the recording began.
        under_way: How many calls have no answer yet.
        when_held: What happens when a fault holds a call.
    """

    def __init__(self, scheduler: Scheduler, trace: Trace) -> None:
        self.faults = Faults(StruckFault)
        self.faults_of_case = Faults(StruckFault)
        self.calls: list[Call] = []
        self.under_way = 0
        self.when_held: dict[Fault, Callable[[], object]] = {}
        self._scheduler = scheduler
        self._trace = trace
        self._counts: Counter[str] = Counter()

    def begin_recording(self) -> None:
        """Forget all calls, and count from 1 again."""
        self.calls.clear()
        self._counts.clear()

    def latency(self) -> int:
        """Milliseconds that a call takes."""
        return self._scheduler.random.randint(*_LATENCY_MS)

    def pause(self, longest_seconds: float) -> int:
        """Milliseconds of a random pause."""
        return round(self._scheduler.random.uniform(0, longest_seconds) * 1000)

    def strike(
        self, name: str, who: str, order_id: str | None = None
    ) -> tuple[Call, Entry, list[StruckFault]]:
        """Record a call, and return the faults that strike it, in the order in which they take effect."""
        self._counts[name] += 1
        call = Call(str(self._scheduler.now), name, self._counts[name], None, order_id)
        self.calls.append(call)
        entry = self._trace.add(self._scheduler.now, who, f"{name.partition(': ')[2]} #{call.n}")
        of_case = cast("list[StruckFault]", self.faults_of_case.strike(name, order_id))
        of_journey = cast("list[StruckFault]", self.faults.strike(name, order_id))
        if of_case and of_journey and of_journey[0].number < of_case[0].number:
            return call, entry, [*of_journey, *of_case]
        return call, entry, [*of_case, *of_journey]

    def call(self, name: str, effect: Effect[T], *, who: str, wait_ms: int, order_id: str | None = None) -> T:
        """Make a call.

        Args:
            name: The call's name, as in `charge_payment: dynamodb UpdateItem orders`.
            effect: What it does; it must not wait.
            who: Who makes it.
            wait_ms: How long the caller waits for an answer.
            order_id: The order that a call to Stripe is about, where that is known.

        Raises:
            ConnectionLost: The connection closed.
            NoAnswer: The caller gave up.
            Refused: The service refuses the call.
        """
        call, entry, struck_by = self.strike(name, who, order_id)
        self.under_way += 1
        try:
            if struck_by:
                answer = self._answer(call, struck_by, effect, self._scheduler.now + wait_ms)
            else:
                current_strand().sleep(self.latency())
                answer = effect(None)
        except (ConnectionLost, NoAnswer, Refused, Killed) as error:
            entry.outcome = f"{call.fault or ''}: {type(error).__name__}".removeprefix(": ")
            raise
        except Rejected as error:
            entry.outcome = error.code
            raise
        finally:
            self.under_way -= 1
        call.status = 200
        entry.outcome = f"{call.fault}: ok" if call.fault else "ok"
        return answer

    def _answer(self, call: Call, struck_by: Sequence[StruckFault], effect: Effect[T], until: int) -> T:
        """Answer a call. The first fault strikes it; the others strike it if that fault lets it through."""
        strand = current_strand()
        if not struck_by:
            strand.sleep(self.latency())
            return effect(None)
        injected, others = struck_by[0], struck_by[1:]
        kind = call.fault = injected.fault.kind
        patience = max(0, until - self._scheduler.now)
        delay = round(injected.fault.seconds * 1000)
        match kind:
            case "throttle" | "unavailable":
                strand.sleep(self.latency())
                raise Refused(kind)
            case "error_before" | "error_after":
                moment = kind.removeprefix("error_")
                return self._answer(call, others, lambda _: effect(moment), until)
            case "hold":
                injected.held += 1
                self._scheduler.after(0, self.when_held.get(injected.fault, _nothing))
                try:
                    is_lifted = strand.wait(injected.lifted, patience)
                finally:
                    injected.held -= 1
                if not is_lifted:
                    raise NoAnswer
                return self._answer(call, others, effect, until)
            case "slow" if delay < patience:
                strand.wait(injected.lifted, delay)
                return self._answer(call, others, effect, until)
            case "contend":  # a transaction takes no time here, so nothing overlaps
                return self._answer(call, others, effect, until)
            case _:
                return self._silence(call, injected, others, effect, until)

    def _silence(
        self,
        call: Call,
        injected: StruckFault,
        others: Sequence[StruckFault],
        effect: Effect[T],
        until: int,
    ) -> NoReturn:
        """The part of `_answer` for faults that leave the function without an answer."""
        strand, kind = current_strand(), injected.fault.kind
        patience = max(0, until - self._scheduler.now)
        if kind in {"hang", "slow", "late"}:
            if kind == "late":
                delay = max(round(injected.fault.seconds * 1000), patience + 1)
                self._scheduler.spawn(lambda: self._arrive(call, others, effect), after=delay)
            strand.sleep(patience)
            raise NoAnswer
        if kind in {"lose_reply", "kill_after"}:
            with suppress(Rejected):  # the answer is lost, a rejection too
                self._answer(call, others, effect, until)
            call.fault = kind
        else:
            strand.sleep(self.latency())
        raise Killed if kind in {"kill_before", "kill_after"} else ConnectionLost

    def _arrive(self, call: Call, others: Sequence[StruckFault], effect: Effect[T]) -> None:
        """Do late what a call does; nobody gets the answer."""
        with suppress(ConnectionLost, NoAnswer, Refused, Rejected):
            self._answer(call, others, effect, self._scheduler.now + _LATE_WAIT_MS)


def _nothing() -> None:
    """Do nothing."""
