"""The lines of README.md that a reader copies into a shell."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.processes import REPOSITORY, inherited_environment
from local.run import run_file_content
from local.users import CUSTOMER, OPERATOR
from local.world import World

README = (REPOSITORY / "README.md").read_text()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text: str) -> list[str]:
    """The shell scripts of a section."""
    return re.findall(r"^ *```bash\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def shell(script: str, folder: Path, variables: Mapping[str, str] | None = None) -> list[Any]:
    """The JSON documents that a script prints."""
    done = subprocess.run(  # noqa: S603 - our own README
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
    """A folder in which `make run` serves."""
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "run.json").write_text(json.dumps(run_file_content(world)))
    return tmp_path


def test_the_lines_to_try_it_place_an_order_once_and_show_it(world: World, tmp_path: Path) -> None:
    # Given
    text = section("Try it")
    (script,) = blocks(text)
    show_order, show_stock = re.findall(r"`(curl [^`]+)`", text)
    folder = folder_with_run_file(world, tmp_path)

    # When
    first, replay = shell(script + script, folder)
    order_id = first["order_id"]
    *_, order, stock = shell(f"{script}\n{show_order.replace('ORDER_ID', order_id)}\n{show_stock}", folder)

    # Then
    assert (first["status"], replay) == ("PENDING", first)
    assert order["order_id"] == order_id
    assert "CRUNCHY-ARMCHAIR" in [product["sku"] for product in stock["products"]]


def test_the_lines_for_a_first_deployment_add_a_product_and_place_an_order(
    world: World, tmp_path: Path
) -> None:
    # Given: all but the lines that sign in, which need the AWS command line
    *_, script = blocks(section("Deploy it"))
    curls = script[script.index("curl") :].replace("CRUNCHY-ARMCHAIR", "README-ARMCHAIR")
    variables = {
        "API_URL": world.api_url,
        "OPERATOR": f"Authorization: Bearer {world.users.token(OPERATOR)}",
        "CUSTOMER": f"Authorization: Bearer {world.users.token(CUSTOMER)}",
    }

    # When
    product, order, not_found = shell(
        curls.replace("YOU@YOUR-DOMAIN", "you@example.com"), tmp_path, variables
    )

    # Then
    assert (product["sku"], product["available"]) == ("README-ARMCHAIR", 10)
    assert order["status"] == "PENDING"
    assert not_found["status"] == 404  # there is no order of the id ORDER_ID
