"""The lines of README.md and docs/deploy.md that readers copy, and the transcript of the demo."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.catalogue import SAMPLE_STOCK
from local.processes import REPOSITORY, inherited_environment
from local.run import run_file_content
from local.users import CUSTOMER, OPERATOR
from local.waiting import wait_for
from local.world import World
from proof.demo import show
from proof.journeys import JOURNEYS

README = (REPOSITORY / "README.md").read_text()
DEPLOY = (REPOSITORY / "docs" / "deploy.md").read_text()
TRANSCRIPT = re.findall(r"^ok  .+(?:\n    .+)*", README, re.MULTILINE)
"""An entry has the lines about one order."""


def title_of(lines: str) -> str:
    return lines.partition("\n")[0].removeprefix("ok  ")


def section(page: str, title: str) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text: str) -> list[str]:
    """The shell scripts of a section."""
    return re.findall(r"^ *```bash\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def shell(script: str, folder: Path, variables: Mapping[str, str] | None = None) -> list[Any]:
    """Run a script and parse the JSON documents that it prints."""
    done = subprocess.run(  # noqa: S603 - our own pages
        ["/bin/bash", "-euc", script],
        cwd=folder,
        env=inherited_environment() | {"NO_PROXY": "127.0.0.1"} | dict(variables or {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    decoder, documents, text = json.JSONDecoder(), [], done.stdout.strip()
    while text:
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:].lstrip()
    return documents


def folder_with_run_file(world: World, tmp_path: Path) -> Path:
    """Make a folder like the one in which `make run` serves."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "run.json").write_text(json.dumps(run_file_content(world)))
    return tmp_path


def test_the_lines_to_try_it_place_an_order_once_and_show_it(world: World, tmp_path: Path) -> None:
    # Given
    text = section(README, "Try it")
    (script,) = blocks(text)
    show_order, show_stock = re.findall(r"`(curl [^`]+)`", text)
    folder = folder_with_run_file(world, tmp_path)

    # When
    first, replay = shell(script + script, folder)
    order_id = first["order_id"]
    *_, order, stock = shell(f"{script}\n{show_order.replace('ORDER_ID', order_id)}\n{show_stock}", folder)

    # Then
    world.shop.wait_until_rest(order_id)
    assert (first["status"], replay) == ("PENDING", first)
    assert order["order_id"] == order_id
    assert "CRUNCHY-ARMCHAIR" in [product["sku"] for product in stock["products"]]


def test_the_lines_for_a_deployment_add_a_product_and_place_an_order(world: World, tmp_path: Path) -> None:
    # Given: all lines except those that sign in, which need the AWS command line
    *_, script = blocks(section(DEPLOY, "To your own account"))
    curls = script[script.index("curl") :].replace("CRUNCHY-ARMCHAIR", "README-ARMCHAIR")
    variables = {
        "API_URL": world.api_url,
        "OPERATOR": f"Authorization: Bearer {world.users.token(OPERATOR)}",
        "CUSTOMER": f"Authorization: Bearer {world.users.token(CUSTOMER)}",
    }

    # When
    product, order, not_found = shell(curls, tmp_path, variables)

    # Then
    assert (product["sku"], product["available"]) == ("README-ARMCHAIR", 10)
    world.shop.wait_until_rest(order["order_id"])
    assert order["status"] == "PENDING"
    assert not_found["status"] == 404  # no order has the id ORDER_ID


def running(world: World) -> list[Any]:
    machine = world.state_machine_arn
    answer = world.aws.client("stepfunctions").list_executions(
        stateMachineArn=machine, statusFilter="RUNNING"
    )
    return [*answer["executions"]]


def test_the_transcript_shows_orders_in_the_sequence_of_the_demo() -> None:
    shown = [journey.shown for journey in JOURNEYS if journey.shown]

    titles = [title_of(lines) for lines in TRANSCRIPT]

    assert titles == [title for title in shown if title in titles]
    assert titles[0] == shown[0]


@pytest.mark.parametrize("lines", TRANSCRIPT, ids=title_of)
def test_the_demo_prints_these_lines_of_the_transcript(
    world: World, lines: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wait_for(lambda: not running(world), "the end of other tests' orders", timeout_seconds=60)
    world.shop.stock_all(SAMPLE_STOCK)
    (journey,) = (each for each in JOURNEYS if each.shown == title_of(lines))

    show(world, journey)

    assert capsys.readouterr().out == f"{lines}\n"
