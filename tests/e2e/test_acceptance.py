"""`make accept` against the embedded run, which it reaches as it reaches a deployed stage."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from local.processes import REPOSITORY
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER, email_of
from local.waiting import wait_for
from local.world import World

SKU_OF_A_RUN = re.compile(r"^ACCEPT-[0-9A-F]{8}-")


def accept(world: World, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with the AWS settings that lead to the embedded AWS."""
    where = ["--stage", "local", "--url", world.api_url, "--stripe-url", world.stripe_url]
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "proof", "accept", *where, *options],
        cwd=REPOSITORY,
        env=os.environ
        | {
            "AWS_ENDPOINT_URL": world.endpoint_url,
            "AWS_REGION": world.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1",
        }
        | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def products_on_sale(world: World) -> list[str]:
    """The SKUs of products that a run has left on sale."""
    products = [each for each in world.items("inventory") if SKU_OF_A_RUN.match(each["sku"])]
    return [each["sku"] for each in products if each["active"]]


def addresses(world: World) -> list[str]:
    """The addresses of all users."""
    users = world.aws.client("cognito-idp").list_users(UserPoolId=world.outputs["UserPoolId"])["Users"]
    return [pair["Value"] for user in users for pair in user["Attributes"] if pair["Name"] == "email"]


def test_the_embedded_run_is_accepted_and_left_clean(world: World) -> None:
    before = addresses(world)

    done = accept(world)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert len(re.findall(r"^ok  ", done.stdout, re.MULTILINE)) == 11
    assert done.stdout.endswith("The laws of the saga hold.\n")
    assert products_on_sale(world) == []
    assert addresses(world) == before


def test_a_stage_that_breaks_a_law_is_not_accepted(world: World) -> None:
    # Given: users who exist
    for name in (CUSTOMER, OTHER_CUSTOMER, OPERATOR):
        world.users.token(name)
    users = {
        variable: f"{email_of(name)}:{world.users.password}"
        for variable, name in (
            ("ACCEPT_CUSTOMER", CUSTOMER),
            ("ACCEPT_OTHER_CUSTOMER", OTHER_CUSTOMER),
            ("ACCEPT_OPERATOR", OPERATOR),
        )
    }

    # When
    with a_unit_lost_from_the_stock(world):
        done = accept(world, "--only", "happy", **users)

    # Then
    assert done.returncode == 1
    assert re.search(
        r"^BROKEN  ACCEPT-.+-PENNY-NAIL: 1000 units before, 0 sold, 999 left$", done.stdout, re.MULTILINE
    )
    assert products_on_sale(world) == []
    assert email_of(CUSTOMER) in addresses(world)


@contextmanager
def a_unit_lost_from_the_stock(world: World) -> Iterator[None]:
    """Take a unit of a product of the run that begins, once it has placed an order."""

    def ordered() -> str | None:
        skus = [line["sku"] for order in world.items("orders") for line in order["items"]]
        return next((sku for sku in skus if SKU_OF_A_RUN.match(sku) and sku not in earlier), None)

    def change(sku: str, units: int) -> None:
        world.update_item(
            "inventory",
            Key={"sku": {"S": sku}},
            UpdateExpression="ADD available :units",
            ExpressionAttributeValues={":units": {"N": str(units)}},
        )

    def lose() -> None:
        sku = wait_for(ordered, "the run has placed an order", timeout_seconds=60)
        lost.append(f"{sku[: len('ACCEPT-0A1B2C3D-')]}PENNY-NAIL")
        change(lost[0], -1)

    lost: list[str] = []
    earlier = {line["sku"] for order in world.items("orders") for line in order["items"]}
    thief = Thread(target=lose)
    thief.start()
    yield
    thief.join()
    change(lost[0], 1)
