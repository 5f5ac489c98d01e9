"""The embedded run without the native runtime client, as on macOS, and `make update`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from local.run import run_file_content
from local.update import update
from local.world import LOCAL_FOLDER, World
from proof.orders import an_order
from statemachines.steps import STEPS, Role

OF_AN_ORDER: Final = {
    "submit_order",
    *(step.function for step in STEPS if step.role in {Role.FORWARD, Role.PIVOT, Role.NOTIFY}),
}
"""The functions that run for an order whose steps all succeed, up to the end of its execution."""

HIDDEN: Final = "the native runtime_client is hidden"


@pytest.fixture
def no_native_client(world: World, tmp_path: Path) -> Iterator[None]:
    """Hide the native `runtime_client` from the functions of an order, as on macOS."""
    (tmp_path / "runtime_client.py").write_text(f"print({HIDDEN!r}, flush=True)\nraise ImportError\n")
    functions = world.aws.client("lambda")
    names = [f"orders-local-{name}" for name in OF_AN_ORDER]
    before = {
        name: functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for name in names
    }
    for name, variables in before.items():
        changed = {**variables, "PYTHONPATH": str(tmp_path)}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    yield
    for name, variables in before.items():
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@pytest.mark.usefixtures("no_native_client")
def test_an_order_is_confirmed_without_the_native_runtime_client(world: World) -> None:
    order_id = world.shop.order(an_order())

    world.executions.wait_until_ended(order_id)

    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    hidden_in = {group for group, line in world.function_logs.lines(HIDDEN)}
    assert hidden_in == {f"/aws/lambda/orders-local-{name}" for name in OF_AN_ORDER}


def test_an_update_of_the_same_app_changes_nothing(world: World, tmp_path: Path) -> None:
    """An edit changes its own stack and no other, since the settings are those of the first deployment."""
    run_file = tmp_path / "run.json"
    run_file.write_text(json.dumps(run_file_content(world)))

    update(run_file)

    log = (LOCAL_FOLDER / "update" / "cdk-deploy.log").read_text()
    assert log.count("(no changes)") == 7, log
