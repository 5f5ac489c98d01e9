"""`make accept` against the embedded run, which it reaches as it reaches a deployed stage."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread

from local.processes import REPOSITORY
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER, email_of
from local.waiting import wait_for
from local.world import World
from proof.scenarios import webhooks_held

SKU_OF_A_RUN = re.compile(r"^ACCEPT-[0-9A-F]{8}-")


def start(world: World, *options: str, **variables: str) -> "subprocess.Popen[str]":
    """Start the command with the AWS settings that lead to the embedded AWS, like a shell does."""
    where = ["--stage", "local", "--url", world.api_url, "--stripe-url", world.stripe_url]
    return subprocess.Popen(  # noqa: S603 - our own program
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
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """The exit code of the command, and what it printed."""
    stdout, stderr = process.communicate(timeout=300)
    return process.returncode, stdout, stderr


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

    exit_code, stdout, stderr = finished(start(world))

    assert (exit_code, stderr) == (0, ""), stdout
    assert len(re.findall(r"^ok  ", stdout, re.MULTILINE)) == 13
    assert stdout.endswith("The laws of the saga hold.\n")
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
        exit_code, stdout, _ = finished(start(world, "--only", "happy", **users))

    # Then
    assert exit_code == 1
    assert re.search(
        r"^BROKEN  ACCEPT-.+-PENNY-NAIL: 1000 units before, 0 sold, 999 left$", stdout, re.MULTILINE
    )
    assert products_on_sale(world) == []
    assert email_of(CUSTOMER) in addresses(world)


def test_a_run_that_is_interrupted_cancels_its_order(world: World) -> None:
    # Given: a customer who has approved, and a shop that does not know it yet
    before = addresses(world)
    with webhooks_held(world):
        process = start(world, "--only", "approved-by-redirect")
        order_id = wait_for(partial(approved_order, world), "the customer has approved", timeout_seconds=60)

        # When: somebody presses Ctrl-C, which the browser's processes notice, too
        os.killpg(process.pid, signal.SIGINT)
        exit_code, stdout, stderr = finished(process)

    # Then
    assert exit_code == 130, stdout
    assert "\ninterrupted\n" in stderr
    assert world.shop.signed_in(OPERATOR).wait_until_rest(order_id)["status"] == "CANCELLED"
    assert products_on_sale(world) == []
    assert addresses(world) == before


def approved_order(world: World) -> str | None:
    """An order of a run that waits for a payment which has succeeded."""
    paid = {each.order_id for each in world.stripe.payments() if each.captured}
    return next(
        (
            order["order_id"]
            for order in world.items("orders")
            if order["status"] == "AWAITING_PAYMENT"
            and order["order_id"] in paid
            and SKU_OF_A_RUN.match(order["items"][0]["sku"])
        ),
        None,
    )


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
