"""A case of the campaign: a journey, and the faults that are injected; and its result."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from local.fault_proxy.faults import Fault, FaultKind
from local.fault_proxy.recording import Call
from proof.fault_campaign.ending import Ending

InjectionKind = FaultKind | Literal["stop", "restart"]

KINDS: Final[tuple[FaultKind, ...]] = tuple(
    kind
    for kind in get_args(FaultKind)
    if kind not in {"hold", "contend", "slow", "unavailable", "error_before", "error_after"}
)
_OTHER_KINDS: Final = ("stop", "restart", "unavailable", "error_before", "error_after")
"""Kinds that no plan of the campaign has at every call."""

_INVOCATION_SILENCE_SECONDS: Final = 60.5

_AWS_SILENCE_SECONDS: Final = 3.5
_MAIL_SILENCE_SECONDS: Final = 10.5
_STRIPE_SILENCE_SECONDS: Final = 5.5
_CONFIRMATION_SILENCE_SECONDS: Final = 20.5
"""Half a second longer than the functions wait for an answer."""

_INJECTION: Final = re.compile(r"(?P<kind>\w+) (?P<name>.+?) #(?P<n>\d+)(?: for (?P<lasts>[\d.]+)s)?")


@dataclass(frozen=True)
class Injection:
    """A fault at a call.

    Attributes:
        kind: A fault of the proxy; or `stop`, which holds the call and stops the order's executions; or
            `restart`, which holds the call and restarts the whole embedded AWS.
        name: The call's name.
        n: Number of the call among the calls of that name, from 1.
        lasts: Seconds in which all later calls of that name are struck too; None if only one call is struck.
    """

    kind: InjectionKind
    name: str
    n: int = 1
    lasts: float | None = None

    @property
    def fault(self) -> Fault:
        """What the proxy does."""
        return Fault(
            "hold" if self.kind == "stop" or self.kind == "restart" else self.kind,  # noqa: PLR1714 - mypy narrows the type only this way
            self.name,
            n=self.n,
            times=None if self.lasts is not None or self.kind == "restart" else 1,
            lasts=self.lasts,
            seconds=self._silence_seconds,
        )

    @property
    def _silence_seconds(self) -> float:
        if ": lambda " in self.name:
            return _INVOCATION_SILENCE_SECONDS
        if ": ses " in self.name:
            return _MAIL_SILENCE_SECONDS
        if ": stripe " not in self.name:
            return _AWS_SILENCE_SECONDS
        return _CONFIRMATION_SILENCE_SECONDS if self.name.endswith("/confirm") else _STRIPE_SILENCE_SECONDS

    @property
    def label(self) -> str:
        """The row of the report's table."""
        return self.kind if self.lasts is None else f"{self.kind} outage"

    def __str__(self) -> str:
        lasts = "" if self.lasts is None else f" for {self.lasts:g}s"
        return f"{self.kind} {self.name} #{self.n}{lasts}"


@dataclass(frozen=True)
class Case:
    """A journey, and the faults that are injected.

    Attributes:
        journey: The journey's key.
        injections: The faults; none for a run that only records the calls of the journey.
    """

    journey: str
    injections: tuple[Injection, ...] = ()

    @property
    def label(self) -> str:
        """The row of the report's table."""
        match self.injections:
            case ():
                return "nothing"
            case (injection,):
                return injection.label
            case _:
                return "two faults"

    @property
    def restarts(self) -> bool:
        """Whether the embedded AWS is restarted."""
        return any(injection.kind == "restart" for injection in self.injections)

    @property
    def command(self) -> str:
        """The command that runs this case again."""
        return f"python -m proof faults --case '{self}'"

    def __str__(self) -> str:
        return "; ".join([self.journey, *map(str, self.injections)])


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """The result of a case.

    Attributes:
        case: The case.
        order_id: The order's id.
        status: The order's status in the end.
        ending: How the order ended; None if it has no record.
        recovered: Whether a recovery was started, because an execution broke.
        reconciled: Whether the reconciliation was needed.
        operator_called: Whether an operator had to retry the order.
        struck: For each injection, whether it struck a call. It strikes none if the order takes another path.
        breaches: The laws that are broken, in words.
        evidence: All that is known of the order, for a person; empty if no law is broken.
        calls: The calls of all functions.
        seconds: Duration.
    """

    case: Case
    order_id: str = ""
    status: str = "none"
    ending: Ending | None = None
    recovered: bool = False
    reconciled: bool = False
    operator_called: bool = False
    struck: Sequence[bool] = ()
    breaches: Sequence[str] = ()
    evidence: str = ""
    calls: Sequence[Call] = ()
    seconds: float


def parse_case(text: str) -> Case:
    """Read a case from the text that `str` makes of it.

    Raises:
        ValueError: The text is not a case.
    """
    journey, *injections = text.split("; ")
    return Case(journey, tuple(map(parse_injection, injections)))


def parse_injection(text: str) -> Injection:
    """Read an injection from the text that `str` makes of it.

    Raises:
        ValueError: The text is not an injection.
    """
    match = _INJECTION.fullmatch(text)
    if match is None or match["kind"] not in {*KINDS, *_OTHER_KINDS}:
        raise ValueError(
            f"{text!r} is not an injection; an example of one: refuse start_saga: states StartExecution #1"
        )
    return Injection(
        kind=cast(InjectionKind, match["kind"]),
        name=match["name"],
        n=int(match["n"]),
        lasts=float(match["lasts"]) if match["lasts"] else None,
    )
