"""Simulated time, and what happens in it: one thing after the other, in an order that the seed decides.

Whatever takes time runs in a strand, a greenlet: an invocation of a function, an execution of a state
machine, a customer. A strand runs until it waits. Then the scheduler sets the clock to the next event and
carries it out. So strands interleave wherever they wait, and nowhere else, and nobody waits for a real clock.
"""

import heapq
import time
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Final, Generic, Self, TypeVar, cast

import time_machine
from greenlet import GreenletExit, getcurrent, greenlet

T = TypeVar("T")

START_MS: Final = 1_772_452_800_000
"""Monday, 2 March 2026, noon, UTC."""


class Killed(GreenletExit):
    """Ends a strand: its process was killed. No handler of `Exception` keeps it alive."""


class Timer:
    """Something that happens at a time, unless it is cancelled before.

    Attributes:
        is_due: Whether it has neither happened nor was cancelled.
    """

    __slots__ = ("_scheduler", "action", "counts", "is_due")

    def __init__(self, scheduler: "Scheduler", action: Callable[[], object], *, counts: bool) -> None:
        self._scheduler = scheduler
        self.action = action
        self.counts = counts
        self.is_due = True

    def cancel(self) -> None:
        """Let it not happen."""
        if self.is_due:
            self.is_due = False
            self._scheduler.pending -= self.counts


class Strand(greenlet):
    """Something that takes time.

    Attributes:
        owner: What it runs, for those who need to know in the middle of it.
    """

    def __init__(self, scheduler: "Scheduler", run: Callable[[], object], owner: object) -> None:
        super().__init__(run, scheduler.hub)
        self._scheduler = scheduler
        self.owner = owner
        self._timer: Timer | None = None
        self._is_killed = False

    def sleep(self, milliseconds: int, *, counts: bool = True) -> None:
        """Wait for a time."""
        if not self._is_killed and self._scheduler.skip(milliseconds):
            return
        self._timer = self._scheduler.after(milliseconds, self._resume, counts=counts)
        self._park()

    def wait(self, signal: "Signal[T]", milliseconds: int | None = None) -> bool:
        """Wait for a signal, at most for a time; returns whether it was given."""
        if signal.is_given:
            return True
        if milliseconds is not None:
            self._timer = self._scheduler.after(milliseconds, self._resume)
        wake = self.wake
        signal.then(wake)
        try:
            self._park()
        finally:
            signal.forget(wake)
        return signal.is_given

    def kill(self) -> None:
        """End the strand at the place where it waits."""
        if not self._is_killed and not self.dead:
            self._is_killed = True
            if self._timer is not None:
                self._timer.cancel()
            self._scheduler.after(0, lambda: None if self.dead else self.throw(Killed))

    def wake(self, _: object = None) -> None:
        """Go on now."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._scheduler.after(0, self._resume)

    def _resume(self) -> None:
        self._timer = None
        self.switch()

    def _park(self) -> None:
        if self._is_killed:
            raise Killed
        self._scheduler.hub.switch()


class Signal(Generic[T]):
    """Something that happens once, and that others wait for.

    Attributes:
        value: What it was given with.
        is_given: Whether it has happened.
    """

    def __init__(self) -> None:
        self.value: T | None = None
        self.is_given = False
        self._waiting: list[Callable[[T], object]] = []

    def give(self, value: T) -> None:
        """Let it happen; only the first time counts."""
        if self.is_given:
            return
        self.value, self.is_given = value, True
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each(value)

    def then(self, react: Callable[[T], object]) -> None:
        """Call something when it happens; at once if it has happened."""
        if self.is_given:
            react(cast(T, self.value))
        else:
            self._waiting.append(react)

    def forget(self, react: Callable[[T], object]) -> None:
        """Do not call something after all."""
        if react in self._waiting:
            self._waiting.remove(react)


class Scheduler:
    """The clock, and all that will happen. Use it as a context manager.

    Args:
        seed: Decides all that chance decides.
        start_ms: When it begins, in milliseconds since 1970.

    Attributes:
        now: Milliseconds since 1970.
        random: The only source of chance.
        hub: The greenlet that runs the scheduler.
        pending: How many timers are due, those that do not count left out.
    """

    def __init__(self, seed: str, start_ms: int = START_MS) -> None:
        self.now = start_ms
        self.random = Random(seed)  # noqa: S311 - it must be repeatable
        self.hub = getcurrent()
        self.pending = 0
        self._timers: list[tuple[int, int, Timer]] = []
        self._sequence = count()
        self._strands: list[Strand] = []
        self._travel = time_machine.travel(start_ms / 1000, tick=False)
        self._clock: time_machine.Traveller

    def __enter__(self) -> Self:
        self._clock = self._travel.start()
        self._monotonic, time.monotonic = time.monotonic, lambda: self.seconds
        return self

    def __exit__(self, *_: object) -> None:
        for strand in self._strands:
            if not strand.dead and strand:
                strand._is_killed = True  # noqa: SLF001 - it must make no more calls
                strand.throw(Killed)
        time.monotonic = self._monotonic
        self._travel.stop()

    @property
    def seconds(self) -> float:
        """Seconds since 1970."""
        return self.now / 1000

    def after(self, milliseconds: float, action: Callable[[], object], *, counts: bool = True) -> Timer:
        """Let something happen after a time.

        Args:
            milliseconds: The time.
            action: What happens; it must not wait.
            counts: Whether the world is not at rest before it has happened.
        """
        timer = Timer(self, action, counts=counts)
        self.pending += counts
        heapq.heappush(self._timers, (self.now + round(milliseconds), next(self._sequence), timer))
        return timer

    def skip(self, milliseconds: int) -> bool:
        """Let a time pass at once if nothing happens meanwhile; returns whether it has passed."""
        self._drop_cancelled()
        at = self.now + milliseconds
        if self._timers and self._timers[0][0] <= at:
            return False
        self._move_to(at)
        return True

    def spawn(self, run: Callable[[], object], owner: object = None, *, after: float = 0) -> Strand:
        """Run something in a strand of its own."""
        strand = Strand(self, run, owner)
        self._strands.append(strand)
        strand._timer = self.after(after, strand._resume)  # noqa: SLF001 - it is not running yet
        return strand

    def play(self, run: Callable[[], T]) -> T:
        """Run something in a strand, and all that happens meanwhile; returns what it returns."""
        ended: Signal[T] = Signal()
        strand = self.spawn(lambda: ended.give(run()))
        while not strand.dead:
            self._step()
        return cast(T, ended.value)

    def next_at(self) -> int | None:
        """When the next timer is due that counts; None if none is."""
        self._drop_cancelled()
        if self.pending == 0:
            return None
        first, _, timer = self._timers[0]
        return (
            first
            if timer.counts
            else min(at for at, _, timer in self._timers if timer.is_due and timer.counts)
        )

    def _step(self) -> None:
        at, _, timer = heapq.heappop(self._timers)
        if timer.is_due:
            timer.is_due = False
            self.pending -= timer.counts
            self._move_to(at)
            timer.action()

    def _drop_cancelled(self) -> None:
        while self._timers and not self._timers[0][2].is_due:
            heapq.heappop(self._timers)

    def _move_to(self, at: int) -> None:
        if at > self.now:
            self._clock.shift((at - self.now) / 1000)
            self.now = at


def current_strand() -> Strand:
    """The strand that runs now."""
    strand = getcurrent()
    if not isinstance(strand, Strand):
        raise TypeError("only strands can wait")
    return strand
