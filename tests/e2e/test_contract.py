"""The deployed API keeps its contract, and a client that is generated from the contract works."""

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from docgen.contract.document import contract
from docgen.contract.files import OPENAPI
from local.processes import REPOSITORY
from local.users import CUSTOMER, OPERATOR, email_of
from local.world import STRIPE_WEBHOOK_SECRET, World

CONFIGURATION: Final = REPOSITORY / "tests" / "e2e" / "schemathesis.toml"
LONGEST_RUN_SECONDS: Final = 300
"""On two idle cores it takes less than a minute; a busy machine needs more."""


def run(tool: str, *arguments: str, folder: Path, **variables: str) -> str:
    """Run a tool from the virtual environment, which must succeed; returns its output."""
    done = subprocess.run(  # noqa: S603 - a fixed command
        [Path(sys.executable).with_name(tool), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def with_few_values(document: dict[str, Any]) -> dict[str, Any]:
    """The contract as it is tested: 135 currencies in two calls would be 270 equal cases.

    Only the API knows which address is the customer's own.
    """
    for name in ("SubmitOrder", "PutProduct"):
        fields = document["components"]["schemas"][name]["properties"]
        assert fields["currency"] == {"$ref": "#/components/schemas/Currency"}
        fields["currency"] = {"type": "string", "enum": ["eur", "jpy", "usd"]}
    document["components"]["schemas"]["SubmitOrder"]["properties"]["email"] = {
        "enum": [email_of(CUSTOMER), None]
    }
    return document


def test_the_api_keeps_its_contract(
    world: World, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    tested = tmp_path / "openapi.json"
    tested.write_text(json.dumps(with_few_values(contract())), encoding="utf-8")

    output = run(
        "schemathesis",
        *("--config-file", str(CONFIGURATION), "--no-color", "run", str(tested), "--url", world.api_url),
        folder=tmp_path,
        CUSTOMER_TOKEN=world.users.token(CUSTOMER),
        OPERATOR_TOKEN=world.users.token(OPERATOR),
        STRIPE_WEBHOOK_SECRET=STRIPE_WEBHOOK_SECRET,
    )

    summary = re.search(r"\d+ generated, (\d+) passed", output)
    assert summary, output
    assert int(summary[1]) > 400
    assert f"Tested: {sum(map(len, contract()['paths'].values()))}" in output
    record_property("schemathesis", f"{summary[0]}, 0 failed")


def test_a_generated_client_orders_and_looks_at_the_order(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yml").write_text("post_hooks: []\n", encoding="utf-8")
    run(
        "openapi-python-client",
        *("generate", "--path", str(OPENAPI), "--output-path", "shop_client", "--meta", "none"),
        *("--config", "config.yml", "--fail-on-warning"),
        folder=tmp_path,
    )
    monkeypatch.syspath_prepend(tmp_path)
    package, models = import_module("shop_client"), import_module("shop_client.models")
    submit_order = import_module("shop_client.api.orders.submit_order")
    get_order = import_module("shop_client.api.orders.get_order")
    client = package.AuthenticatedClient(
        base_url=world.api_url, token=world.users.token(CUSTOMER), httpx_args={"trust_env": False}
    )

    order = models.SubmitOrder(
        currency=models.Currency.USD,
        items=[models.SubmitOrderItem(sku="RED-CHAIR", quantity=1)],
        payment_method="pm_card_visa",
    )
    with client:
        accepted = submit_order.sync(client=client, body=order, idempotency_key=str(uuid.uuid4()))
        world.shop.signed_in(CUSTOMER).wait_until_rest(str(accepted.order_id))
        seen = get_order.sync(accepted.order_id, client=client)

    assert accepted.status is models.OrderStatus.PENDING
    assert seen.status is models.OrderStatus.CONFIRMED
    assert (seen.order_id, seen.amount) == (accepted.order_id, 7_950)
    assert seen.timeline[0].at == accepted.created_at
