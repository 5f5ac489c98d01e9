"""`python -m proof restore`: the tables are lost, and restored as they were earlier, in simulated time.

What happened meanwhile is known elsewhere: at Stripe and in the audit of the events. The exercise follows
docs/disaster.md step by step, and that page shows its log.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Final

from cli.event_replay import AuditedEvent
from cli.restored_orders import OutdatedOrder, RestoredRecord, outdated_orders
from lambdas.domain import clock
from lambdas.domain.vocabulary import FindingKind
from local.users import OPERATOR
from proof.laws import take_snapshot, violations
from proof.simulation.actors import Actors
from proof.simulation.dynamodb import IDEMPOTENCY, INVENTORY, ORDERS, Tables
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SimulatedWorld, installed

_MINUTE_MS: Final = 60_000

_BEFORE: Final = (
    ("A", "order A alice RED-CHAIR:2 pm_card_visa", "nothing happens to it any more"),
    ("B", "order B alice RED-CHAIR:2 pm_card_visa", "cancelled and refunded"),
    ("C", "order C bob RED-CHAIR:2 pm_card_visa", "a unit refunded and put back into stock"),
    ("D", "order D bob TASTELESS-LAMP:1 pm_card_authenticationRequired", "approved, and confirmed"),
    ("E", "order E alice TASTELESS-LAMP:1 pm_card_authenticationRequired", "cancelled by its customer"),
    ("F", "order F alice TASTELESS-LAMP:2 pm_card_visa", "handed over"),
    ("G", "order G bob CRUNCHY-ARMCHAIR:1 pm_card_visa", "charged and confirmed"),
)
"""The orders before the moment to which the tables are restored, and what happens to each after it."""

_AFTER: Final = (
    ("H", "order H bob CRUNCHY-ARMCHAIR:1 pm_card_visa", "confirmed and handed over"),
    ("I", "order I alice CRUNCHY-ARMCHAIR:1 pm_card_visa", "confirmed"),
    ("J", "order J alice RED-CHAIR:1 pm_card_visa", "confirmed, then cancelled and refunded"),
    ("K", "order K bob RED-CHAIR:1 pm_card_authenticationRequired", "approved after the restore"),
    ("L", "order L bob RED-CHAIR:1 pm_card_authenticationRequired", "never approved"),
)
"""The orders after it: the restored table does not know them."""

_MEANWHILE: Final = ("cancel B operator", "lines C 1 restock", "approve D", "cancel E alice", "fulfil F")


_DELIVERY: Final = "restock SOLD-OUT-SOFA 3"


@dataclass(frozen=True)
class Step:
    """A line of the log.

    Attributes:
        at: When it was done, in milliseconds since 1970.
        what: What was done.
        result: What was seen then.
    """

    at: int
    what: str
    result: str


@dataclass(frozen=True)
class Exercise:
    """An exercise.

    Attributes:
        steps: Its log.
        outdated: The orders that have lost changes, by the names that the log has for them.
        findings: What the reconciliation found first: the names of orders, and what is wrong with them.
        breaches_at_first: The breaches of the laws that the first reconciliation did not heal.
        breaches: The breaches of the laws at the end.
        unpaid_at_the_end: The payments that their customers could still approve at the end.
    """

    steps: Sequence[Step]
    outdated: Mapping[str, OutdatedOrder]
    findings: Sequence[tuple[str, FindingKind]]
    breaches_at_first: Sequence[str]
    breaches: Sequence[str]
    unpaid_at_the_end: Sequence[str]


@cache
def restore_exercise() -> Exercise:
    """Play the exercise. It is the same each time."""
    with installed(), SimulatedWorld("restore", tables=stocked_tables()) as world:
        return world.scheduler.play(lambda: _Play(world).run())


def main() -> int:
    """Print the log.

    Returns:
        The exit code: 0 if no law is broken at the end, else 1.
    """
    exercise = restore_exercise()
    sys.stdout.write(f"{log_table(exercise)}\n\n")
    for breach in exercise.breaches:
        sys.stdout.write(f"BROKEN  {breach}\n")
    holds = "are broken" if exercise.breaches else "hold"
    sys.stdout.write(f"The laws of the saga {holds}.\n")
    return 1 if exercise.breaches else 0


def log_table(exercise: Exercise) -> str:
    """The log as a table."""
    rows = [
        f"| {datetime.fromtimestamp(step.at / 1000, UTC):%H:%M} | {step.what} | {step.result} |"
        for step in exercise.steps
    ]
    return "\n".join(["| time | step | result |", "|---|---|---|", *rows])


def order_table() -> str:
    """The orders of the exercise, and what happens to each after the copy that is restored."""
    rows = [
        *(f"| {label} | before | {fate} |" for label, _, fate in _BEFORE),
        *(f"| {label} | after | {fate} |" for label, _, fate in _AFTER),
    ]
    return "\n".join(["| order | placed | then |", "|---|---|---|", *rows])


class _Play:
    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._before = take_snapshot(world)
        self._actors = Actors(world)
        self._steps: list[Step] = []
        self._statuses: dict[str, str] = {}

    def run(self) -> Exercise:
        copied, since = self._until_the_copy()
        self._after_the_copy()
        self._lose(copied)
        outdated = self._compare(since)
        findings = self._reconcile("The reconciliation runs, scope `restored`")
        breaches_at_first = self._breaches()
        self._heal()
        findings_again = self._reconcile("The reconciliation runs again")
        self._do("`orders fulfil H`", "fulfil H")
        self._refund_the_rest(findings_again)
        self._reconcile("The reconciliation runs once more")
        unpaid = [
            each.intent_id for each in self._world.stripe.payments() if each.status == "requires_action"
        ]
        return Exercise(self._steps, outdated, findings, breaches_at_first, self._breaches(), unpaid)

    def _until_the_copy(self) -> tuple[Tables, int]:
        """Place orders; the last one is accepted and not yet charged when the copy is made."""
        *orders, last = _BEFORE
        for _, order, _ in orders:
            self._actors.act(order)
        self._pass(1)
        self._actors.act(last[1])
        self._log(f"{len(_BEFORE)} orders are placed. **This is the moment to go back to**")
        return self._world.dynamodb.copy(ORDERS, INVENTORY, IDEMPOTENCY), self._world.scheduler.now

    def _after_the_copy(self) -> None:
        for what in _MEANWHILE:
            self._actors.act(what)
        for _, order, _ in _AFTER:
            self._actors.act(order)
        self._actors.act(_DELIVERY)
        self._pass(2)
        self._actors.act("cancel J alice")
        self._actors.act("fulfil H")
        self._pass(5)
        self._log(f"{len(_AFTER)} more orders, the last column above, and a delivery of sofas")

    def _lose(self, copied: Tables) -> None:
        self._world.dynamodb.restore(copied)
        self._log("**The tables are lost**, and restored as they were at that moment")
        self._actors.act("approve K")
        self._pass(60)

    def _compare(self, since: int) -> dict[str, OutdatedOrder]:
        """Do what `orders restore compare` does."""
        start = clock.of_epoch_milliseconds(since)
        events = [
            AuditedEvent(each["event_id"], each["event"], each["occurred_at"], each["detail"])
            for each in self._world.items("audit")
            if each["occurred_at"] >= start
        ]
        records = {
            str(each["order_id"]): RestoredRecord(str(each["status"]), int(each["version"]))
            for each in self._world.items("orders")
        }
        found = outdated_orders(sorted(events, key=lambda event: event.occurred_at), records)
        outdated = {self._label(each.order_id): each for each in found}
        for label, each in sorted(outdated.items()):
            advice = each.advice.replace(each.order_id, label)
            self._log(f"`orders restore compare`: {label} lost {', '.join(each.lost)}", advice)
        return outdated

    def _reconcile(self, what: str, scope: str = "restored") -> list[tuple[str, FindingKind]]:
        found: list[tuple[str, FindingKind]] = [
            (self._label(str(each["order_id"])), each["kind"]) for each in self._world.reconcile(scope)
        ]
        self._pass(30)
        by_kind: dict[str, list[str]] = {}
        for label, kind in sorted(found):
            by_kind.setdefault(kind, []).append(label)
        listed = "; ".join(f"`{kind}`: {', '.join(labels)}" for kind, labels in by_kind.items())
        self._log(what, f"Finds {listed or 'nothing'}. {self._changes()}".rstrip())
        return found

    def _heal(self) -> None:
        """Do what `orders restore compare` advises."""
        self._do("`orders cancel B`", f"cancel B {OPERATOR}")
        self._do("Stripe sends the events of C again", "resend C")
        self._do("The unit of C that came back is entered: `orders stock add`", "restock RED-CHAIR 1")
        self._do("`orders fulfil F`", "fulfil F")
        self._do("The customer sends H again, with the same key", "again H")
        self._do("The delivery of sofas is entered again", _DELIVERY)
        self._pass(40)
        self._reconcile("The reconciliation runs on its schedule", "recent")

    def _refund_the_rest(self, found: Sequence[tuple[str, FindingKind]]) -> None:
        """Refund what belongs to no order."""
        for label, kind in sorted(found):
            if kind is FindingKind.MONEY_WITHOUT_ORDER:
                self._do(f"The payment of {label} is refunded in Stripe's dashboard", f"refund {label}")

    def _breaches(self) -> list[str]:
        """The laws that are broken, if what was delivered had been in stock before."""
        delivered = Counter[str]()
        for record in self._world.items("idempotency"):
            if str(record["id"]).startswith("restock#"):
                delivered[record["sku"]] += int(record["quantity"])
        stock = {sku: units + delivered[sku] for sku, units in self._before.stock.items()}
        after = take_snapshot(self._world)
        others = [*self._world.invariants, *self._actors.breaches]
        return [*violations(replace(self._before, stock=stock), after), *others]

    def _label(self, order_id: str) -> str:
        return next(label for label, known in self._actors.orders.items() if known == order_id)

    def _changes(self) -> str:
        """The orders whose status has changed since the last time, by their status."""
        by_status: dict[str, list[str]] = {}
        for label, order_id in self._actors.orders.items():
            record = self._world.order_record(order_id)
            status = str(record["status"]) if record else "no record"
            if self._statuses.get(label) != status:
                by_status.setdefault(status, []).append(label)
            self._statuses[label] = status
        return "; ".join(f"{', '.join(labels)}: {status}" for status, labels in by_status.items())

    def _do(self, what: str, happening: str) -> None:
        self._actors.act(happening)
        self._pass(2)
        self._log(what, self._changes() or "Done.")

    def _pass(self, minutes: int) -> None:
        self._world.sleep(minutes * _MINUTE_MS)

    def _log(self, what: str, result: str | None = None) -> None:
        self._steps.append(
            Step(self._world.scheduler.now, what, self._changes() if result is None else result)
        )
