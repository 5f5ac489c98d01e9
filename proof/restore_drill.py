"""`make restore`: the tables of the embedded run are lost, and the app gets those of an earlier moment.

It uses the commands of docs/disaster.md. The emulated AWS can't go back to a second, so backups are made at
that moment, and `orders restore tables` finds them once the tables are deleted.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from local.deploy import CDK_TIMEOUT_SECONDS, Deployment
from local.processes import REPOSITORY, process_group
from local.users import OPERATOR
from local.world import LOCAL_FOLDER, World, embedded_world, spoken
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.results_in_docs import write_results

_TABLES: Final = ("orders", "inventory", "idempotency")
_ASKED: Final = an_order(("TASTELESS-LAMP", 1), payment_method="pm_card_authenticationRequired")
_TIMEOUT_SECONDS: Final = 90.0


def main() -> int:
    """Lose the tables, restore them, bring the orders together with Stripe, and write the log into the docs.

    Returns:
        The exit code: 0 if all laws hold at the end, else 1.

    Raises:
        StartFailed: A part of the embedded run can't start, or the CDK failed.
    """
    with embedded_world("restore", progress=spoken) as world:
        drill = _Drill(world)
        breaches = drill.run()
    for breach in breaches:
        drill.say("BROKEN", breach)
    drill.say("laws", "They are broken." if breaches else "They hold.")
    if not breaches:
        write_results("drill", "\n".join(["```text", *drill.log, "```"]), REPOSITORY / "docs" / "disaster.md")
    return 1 if breaches else 0


class _Drill:
    def __init__(self, world: World) -> None:
        self.log: list[str] = []
        self._world = world
        self._run_file = world.logs / "run.json"
        self._run_file.write_text(
            json.dumps(
                {
                    "region": world.region,
                    "aws_endpoint_url": world.endpoint_url,
                    "api_url": world.api_url,
                    "stripe_url": world.stripe_url,
                    "operator_token": world.users.token(OPERATOR),
                }
            )
        )

    def run(self) -> list[str]:
        """Play the drill; returns the breaches of the laws at its end."""
        before = take_snapshot(self._world)
        shop = self._world.shop
        cancelled, approved = shop.order(an_order(("RED-CHAIR", 2))), shop.order(_ASKED)
        shop.wait_until_rest(cancelled)
        self._await_status(approved, "AWAITING_PAYMENT")
        for table in _TABLES:
            self._world.dynamodb.create_backup(TableName=self._world.tables[table], BackupName="drill")
        since = datetime.now(UTC)
        self._say_orders("backups", cancelled=cancelled, approved=approved)

        again = an_order(("TASTELESS-LAMP", 1))
        lost = shop.post_order(again, "lost").json()["order_id"]
        self._approve(approved)
        shop.wait_until_rest(lost)
        shop.wait_until_rest(approved)
        shop.signed_in(OPERATOR).cancel_order(cancelled)
        self._await_status(cancelled, "CANCELLED")
        for order_id, count in ((cancelled, 2), (approved, 2), (lost, 1)):
            self._world.audit_trail.wait_for_events(order_id, count=count)
        self._say_orders("then", cancelled=cancelled, approved=approved, lost=lost)

        for table in _TABLES:
            self._world.dynamodb.delete_table(TableName=self._world.tables[table])
        self._adopt(self._orders("restore", "tables", "--json"))
        self._say_orders("restored", cancelled=cancelled, approved=approved, lost=lost)

        for order in self._orders("restore", "compare", "--json", "--since", since.isoformat()):
            advice = order["advice"].replace(order["order_id"], "ORDER_ID")
            self.say("compare", f"{', '.join(order['lost'])} lost: {advice}")
        self._world.shop.signed_in(OPERATOR).cancel_order(cancelled)
        self._world.shop.post_order(again, "lost").raise_for_status()
        self._reconcile()
        self._say_orders("at the end", cancelled=cancelled, approved=approved, lost=lost)
        return violations(before, take_snapshot(self._world))

    def _adopt(self, names: Sequence[str]) -> None:
        """Deploy the app with restored tables, as `cdk deploy --import-existing-resources` does."""
        with process_group(LOCAL_FOLDER / "restore-again") as processes:
            deployment = Deployment(processes, int(urlsplit(self._world.endpoint_url).port or 0))
            settings = {**self._world.stage_settings, "restored_tables": list(names)}
            with spoken("Synthesizing the app"):
                deployment.start_synthesis(settings).finish(timeout_seconds=CDK_TIMEOUT_SECONDS)
            with spoken("Adopting the tables"):
                outputs = deployment.deploy(adopts=True)
        self._world = replace(self._world, outputs=outputs)

    def _reconcile(self) -> None:
        """Run the reconciliation until it finds nothing more: it leaves changes of the last seconds alone."""

        def agrees() -> bool:
            (report,) = self._orders("reconcile", "report", "--run", "--scope", "restored", "--json")
            self.say("reconcile", ", ".join(each["kind"] for each in report["findings"]) or "no findings")
            is_at_rest = not any("unsettled_shard" in row for row in self._world.items("orders"))
            return is_at_rest and not report["findings"]

        self._world.wait_for(agrees, "the reconciliation finds nothing", timeout_seconds=_TIMEOUT_SECONDS)

    def _orders(self, *command: str) -> Any:  # noqa: ANN401 - the JSON of any command
        """Run a command of `orders`, and return what it prints; a reported difference is no failure."""
        ran = subprocess.run(  # noqa: S603 - a command of this repository
            [sys.executable, "-m", "cli", *command],
            cwd=REPOSITORY,
            env={**os.environ, "ORDERS_RUN_FILE": str(self._run_file)},
            stdout=subprocess.PIPE,
            check=False,
        )
        return json.loads(ran.stdout)

    def _approve(self, order_id: str) -> None:
        """Approve a payment, as its customer does."""
        intent_id = next(
            each.intent_id for each in self._world.stripe.payments() if each.order_id == order_id
        )
        self._world.stripe.authenticate(intent_id, success=True)

    def _await_status(self, order_id: str, status: str) -> None:
        self._world.wait_for(
            lambda: self._status(order_id) == status,
            f"{order_id} is {status}",
            timeout_seconds=_TIMEOUT_SECONDS,
        )

    def _status(self, order_id: str) -> str:
        record = self._world.order_record(order_id)
        return "no record" if record is None else str(record["status"])

    def _say_orders(self, when: str, **orders: str) -> None:
        self.say(when, ", ".join(f"{name}: {self._status(order_id)}" for name, order_id in orders.items()))

    def say(self, what: str, text: str) -> None:
        """Print a line, and keep it for the log."""
        self.log.append(f"{what:<10} {text}")
        sys.stdout.write(f"{self.log[-1]}\n")
        sys.stdout.flush()
