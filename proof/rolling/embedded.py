"""`python -m proof rolling --embedded`: the CDK deploys one release over the other, and back."""

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from cli.errors import CommandFailed
from local.deploy import CDK_TIMEOUT_SECONDS, Deployment
from local.processes import REPOSITORY, process_group
from local.world import LOCAL_FOLDER, World, embedded_world
from proof.event_contract import published_breaches
from proof.fault_campaign.settling import settle
from proof.fault_campaign.watch import WorldWatch
from proof.laws import take_snapshot
from proof.results_in_docs import write_results
from proof.rolling.orders_in_every_state import PlacedOrder, place_orders, state_of
from proof.rolling.releases import ReleasedCode, find_release
from proof.run_reconciler import run_reconciler
from statemachines.definition import read_definition

DOCUMENT: Final = REPOSITORY / "docs" / "rolling-deploy.md"

_WAIT_SCALE: Final = 0.5
"""Retries go on for longer than it takes to bring all orders into their states, and to deploy."""

_STATES: Final = frozenset(read_definition("order_saga")["States"])

_INVOCATIONS: Final = 40
"""Each held order occupies one."""


@dataclass(frozen=True)
class Deployed:
    """What became of the orders over which a release was deployed.

    Attributes:
        orders: The orders, and where they were just before.
        breaches: The laws and promises that are broken, in words, by order; others under an empty id.
        seconds: How long the deployment took, without its synthesis.
    """

    orders: Sequence[PlacedOrder]
    breaches: Sequence[str]
    seconds: float

    def broken(self, order: PlacedOrder) -> int:
        """Number of breaches that name an order."""
        return sum(order.order_id in breach for breach in self.breaches)


def main(arguments: Namespace) -> int:
    """Deploy this release over the previous one, and the previous one over this.

    Returns:
        The exit code: 0 if no law was broken, else 1.
    """
    released = find_release(arguments.release)
    previous = released.unpack()
    with embedded_world(
        "rolling", wait_scale=_WAIT_SCALE, concurrent_invocations=_INVOCATIONS, app=previous
    ) as world:
        upgraded = _deploy_over(world, REPOSITORY, "upgrade")
        rolled_back = _deploy_over(world, previous, "rollback")
    text = _text(released, upgraded, rolled_back)
    sys.stdout.write(f"\n{text}\n")
    breaches = [*upgraded.breaches, *rolled_back.breaches]
    if not breaches and arguments.release is None:
        write_results("results of the deployments", text, DOCUMENT)
    return int(bool(breaches))


def _deploy_over(world: World, app: Path, name: str) -> Deployed:
    """Bring orders into every state, deploy the other release, let all go on, and check the laws."""
    before, watch = take_snapshot(world), WorldWatch(world)
    port = urlsplit(world.endpoint_url).port or 0
    with process_group(LOCAL_FOLDER / f"rolling-{name}") as processes:
        deployment = Deployment(processes, port, app)
        _say(f"{name}: synthesizing")
        deployment.start_synthesis(world.stage_settings).finish(timeout_seconds=CDK_TIMEOUT_SECONDS)
        orders = []
        for order in place_orders(world):
            _say(f"{name}: an order is in {order.place}")
            orders.append(order)
        breaches = [
            f"order {each.order_id} was in {state}, not in {each.place}"
            for each in orders
            if each.place in _STATES and (state := state_of(world, each.order_id)) != each.place
        ]
        code = _code(world)
        start = time.monotonic()
        deployment.deploy()
        seconds = time.monotonic() - start
        if _code(world) == code:
            breaches.append("the deployment changed no code")
    _say(f"{name}: deployed in {seconds:.1f} s")
    world.faults.clear()
    for order in orders:
        try:
            if order.then is not None:
                order.then(world, order.order_id)
        except (CommandFailed, httpx.HTTPError) as error:
            breaches.append(f"order {order.order_id}: {order.what}: {error}")
    settled = settle(watch, [each.order_id for each in orders], before)
    ends = {each.order_id: each.end for each in settled.orders}
    wrong = [
        f"order {each.order_id} ended {ends.get(each.order_id)}, expected {each.end}"
        for each in orders
        if ends.get(each.order_id) != each.end
    ]
    breaches += [*settled.breaches, *wrong, *published_breaches(world)]
    breaches += [f"the reconciliation finds {finding}" for finding in run_reconciler(world).findings]
    for breach in breaches:
        _say(f"{name}: VIOLATED {breach}")
    return Deployed(orders, breaches, seconds)


def _code(world: World) -> str:
    """The hash of the code that is deployed; all functions have the same."""
    function = world.aws.client("lambda").get_function(FunctionName="orders-local-charge_payment")
    return str(function["Configuration"]["CodeSha256"])


def _text(released: ReleasedCode, upgraded: Deployed, rolled_back: Deployed) -> str:
    """The results, in Markdown."""
    day = datetime.now(UTC).date().isoformat()
    return "\n".join(
        [
            f"`make rolling` on {day}: this release over {released.name} in {upgraded.seconds:.0f} s,",
            f"{released.name} over this release in {rolled_back.seconds:.0f} s.",
            f"Violations: {len(upgraded.breaches) + len(rolled_back.breaches)}.",
            "",
            "| where the order was | then | its end | upgrade | rollback |",
            "|---|---|---|---|---|",
            *(
                _row(up.place, up.what, up.end, _word(upgraded, up), _word(rolled_back, down))
                for up, down in zip(upgraded.orders, rolled_back.orders, strict=True)
            ),
        ]
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _word(deployed: Deployed, order: PlacedOrder) -> str:
    broken = deployed.broken(order)
    return f"{broken} violations" if broken else "ok"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
