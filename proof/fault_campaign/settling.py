"""Lets retries, recovery and, if need be, an operator work, until an order rests with all laws kept."""

import time
from dataclasses import dataclass, field, replace
from typing import Final

from local.world import STRIPE_WEBHOOK_SECRET
from proof.fault_campaign.stage import Stage
from proof.laws import Snapshot, take_snapshot, violations
from proof.promises import Story, broken_promises, tell_story

_PATIENCE_SECONDS: Final = 300.0
"""On a busy machine a case takes minutes. One that is broken does not move, and is given up sooner."""

_MOST_RECONCILIATIONS: Final = 5
_PAUSE_SECONDS: Final = 0.1
_WEBHOOKS_WITHIN_SECONDS: Final = 2.0
_MOST_RETRIES: Final = 3


@dataclass
class Settled:
    """An order on its way to rest.

    Attributes:
        stage: The order, and where it is.
        before: The world before it.
        story: All that the world has of it, as soon as it is quiet; None where there is no record of it.
        breaches: The laws that are still broken.
        retries: How often an operator retried it.
    """

    stage: Stage
    before: Snapshot
    story: Story | None = None
    breaches: list[str] = field(default_factory=list)
    retries: int = 0

    def look(self) -> None:
        """Check all laws."""
        self.story = tell_story(self.stage.world, self.stage.order_id)
        if self.story is None:
            self.breaches = ["the order was accepted, and there is no record of it"]
            return
        self.breaches = broken_promises(self.story)
        if not self.breaches:  # the rest is slower to read
            taken = self.stage.taken_away
            left = {sku: units - taken.get(sku, 0) for sku, units in self.before.stock.items()}
            self.breaches = violations(replace(self.before, stock=left), take_snapshot(self.stage.world))

    def needs_operator(self) -> bool:
        """Whether an operator has seen the event that calls for one, and has not tried too often yet."""
        return (
            self.story is not None
            and self.story.status == "NEEDS_ATTENTION"
            and list(self.story.events) == self.story.announced
            and self.retries < _MOST_RETRIES
        )


def settle(stage: Stage, before: Snapshot) -> Settled:
    """Wait until nothing moves any more and nothing is broken; give up after a while.

    Args:
        stage: The order.
        before: The world before it.
    """
    settled = Settled(stage, before)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    most = stage.reconciliations + _MOST_RECONCILIATIONS
    while time.monotonic() < deadline and stage.reconciliations < most:
        if stage.is_quiet():
            settled.look()
            if not settled.breaches:
                return settled
            if settled.needs_operator():
                stage.world.faults.clear()
                settled.retries += stage.shopper.retry(stage.order_id)
        time.sleep(_PAUSE_SECONDS)
    settled.look()
    return settled


def let_webhooks_come(stage: Stage) -> None:
    """Wait for the webhooks of an order that has settled, and give up those that take too long.

    A webhook whose function was killed is locked for as long as that could have run; the next order must
    not meet it.
    """
    deadline = time.monotonic() + _WEBHOOKS_WITHIN_SECONDS
    while _missing_webhooks(stage):
        if time.monotonic() > deadline:
            stage.world.stripe.clear_webhook()
            stage.world.stripe.set_webhook(f"{stage.world.api_url}/webhooks/stripe", STRIPE_WEBHOOK_SECRET)
            return
        time.sleep(_PAUSE_SECONDS)


def _missing_webhooks(stage: Stage) -> bool:
    tries = stage.world.stripe.deliveries(stage.order_id)
    taken = {each.event_id for each in tries if each.status is not None and each.status < 300}  # noqa: PLR2004 - HTTP's
    return taken != {each.event_id for each in tries}
