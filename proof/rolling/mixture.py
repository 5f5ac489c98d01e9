"""A mixture of two releases in the simulation: one replaces the other in the middle of a journey."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from proof.fault_campaign.case import Case
from proof.simulation.play_case import play_case
from proof.simulation.release import CURRENT, Release
from proof.simulation.scheduler import START_MS
from proof.simulation.simulated_world import SimulatedWorld

_CLOSED: Final = frozenset({"FAILED", "CANCELLED"})


class Direction(StrEnum):
    """Which release replaces which."""

    UPGRADE = "upgrade"
    """This release is deployed over the previous one."""
    ROLLBACK = "rollback"
    """The previous release is deployed over this one."""
    BOTH = "both"
    """The two are at work side by side from the beginning to the end, as while a canary is tried."""


class UnderWay(StrEnum):
    """What becomes of the executions that are under way at the deployment."""

    PINNED = "keep their code"
    """They call the functions that they began with, as in the cloud stages."""
    UNPINNED = "get the other code"
    """They keep their definition only, as in the embedded run, and in releases before 1.0."""
    STOPPED = "are stopped"
    """They end in the middle, and the other release recovers their orders."""


@dataclass(frozen=True)
class Mixture:
    """A journey in which one release replaces the other.

    Attributes:
        journey: The journey's key.
        direction: Which release replaces which.
        at_ms: Milliseconds from the beginning to the deployment.
        under_way: What becomes of the executions that are under way then.
        draw: Tells mixtures apart in which chance decides.
        promised: Whether it must keep all laws: an order may use what the previous release lacks.
        usual_periods: Reconciliations that the journey needs without a deployment.
    """

    journey: str
    direction: Direction
    at_ms: int = 0
    under_way: UnderWay = UnderWay.PINNED
    draw: int = 0
    promised: bool = True
    usual_periods: int = 0

    def __str__(self) -> str:
        if self.direction is Direction.BOTH:
            return f"{self.journey}: both, draw {self.draw}"
        return f"{self.journey}: {self.direction} at {self.at_ms} ms, executions {self.under_way}"


@dataclass(frozen=True)
class MixtureResult:
    """What became of a mixture.

    Attributes:
        mixture: The mixture.
        places: Where each order was at the deployment.
        breaches: The laws and promises that are broken, in words.
        was_reconciled: Whether an order came to rest only after the reconciliation had run it again.
        trace: What happened, as a table; empty unless something is broken.
    """

    mixture: Mixture
    places: Sequence[str]
    breaches: Sequence[str]
    was_reconciled: bool = False
    trace: str = ""


def moments(journey: str, before: Release) -> list[int]:
    """Each moment of a journey at which a function is called and does not run yet.

    Returns:
        Milliseconds from its beginning.
    """
    result = play_case(Case(journey), prepare=lambda world: world.deploy(before, pinned=True))
    return sorted({int(call.at) - START_MS + 1 for call in result.calls if ": lambda Invoke " in call.name})


def play_mixture(mixture: Mixture, previous: Release) -> MixtureResult:
    """Play a mixture in a new world. The process must be prepared with `installed(previous)`."""
    places: list[str] = []
    pinned = mixture.under_way is UnderWay.PINNED

    def prepare(world: SimulatedWorld) -> None:
        match mixture.direction:
            case Direction.BOTH:
                world.scheduler.random.seed(str(mixture))
                world.deploy(previous, CURRENT, pinned=True)
                return
            case Direction.UPGRADE:
                first, second = previous, CURRENT
            case Direction.ROLLBACK:
                first, second = CURRENT, previous
        world.deploy(first, pinned=pinned)
        world.scheduler.after(mixture.at_ms, lambda: deploy(world, second), counts=False)

    def deploy(world: SimulatedWorld, release: Release) -> None:
        places.extend(places_of(world))
        world.trace.add(world.scheduler.now, "operator", "deploys the other release")
        world.deploy(release, pinned=pinned)
        if mixture.under_way is UnderWay.STOPPED:
            for name in world.executions.names(running=True):
                world.executions.stop(name)

    result = play_case(
        Case(mixture.journey),
        prepare=prepare,
        is_disturbed=mixture.under_way is UnderWay.STOPPED,
        is_compared=True,
    )
    return MixtureResult(
        mixture, places, result.breaches, result.periods > mixture.usual_periods, result.trace
    )


def places_of(world: SimulatedWorld) -> Iterator[str]:
    """Where each order is: the state that its execution is in, or the status in which it rests."""
    for record in world.items("orders"):
        running = world.executions.names(record["order_id"], running=True)
        visits = [visit for name in running for visit in world.executions.visits(name)[-1:]]
        yield visits[-1].name if visits else _without_execution(record)


def _without_execution(record: Mapping[str, Any]) -> str:
    status = str(record["status"])
    if "refund_due" in record:
        return "refund of lines requested"
    if "cancel_requested_by" in record and status not in _CLOSED:
        return "cancellation requested"
    if "unsettled_shard" in record:
        return f"{status}, no execution runs"
    return f"{status} at rest, fulfilled" if "fulfilment" in record else f"{status} at rest"
