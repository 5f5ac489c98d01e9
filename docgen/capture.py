"""`python -m docgen capture`: records `orders watch` for an order with 3-D Secure, in an embedded run."""

import re
from contextlib import closing
from datetime import UTC, datetime
from io import StringIO
from typing import Final

from rich.console import Console
from rich.spinner import Spinner
from rich.terminal_theme import MONOKAI
from rich.text import Text

from cli.api import ShopApi
from cli.bank import answer_bank
from cli.connection import Connection, Wiring
from cli.order_state import Status, advice
from cli.output import Output
from cli.screens import Snapshot, picture
from cli.shapes import SubmissionJson
from cli.target import ShopTarget
from cli.watch import snapshots
from local.processes import REPOSITORY
from local.users import CUSTOMER, OPERATOR
from local.world import World, embedded_world, spoken

CAPTURE: Final = REPOSITORY / "docs" / "images" / "orders-watch.svg"

_WIDTH: Final = 92

_ORDER: Final[SubmissionJson] = {
    "currency": "usd",
    "items": [{"sku": "RED-CHAIR", "quantity": 2}, {"sku": "TASTELESS-LAMP", "quantity": 1}],
    "payment_method": "pm_card_authenticationRequired",
}

_WEB_FONTS: Final = re.compile(r"\s*@font-face {.*?}", re.DOTALL)
"""Declarations of web fonts. GitHub does not load web fonts in images, so the picture uses a local font."""


def main() -> int:
    """Record the picture; see `exit_code_of` for the exit codes."""
    with embedded_world("capture", progress=spoken, wait_scale=1.0) as world:
        svg = capture(world)
    CAPTURE.parent.mkdir(exist_ok=True)
    CAPTURE.write_text(svg, encoding="utf-8")
    return 0


def capture(world: World) -> str:
    """Record an order twice: while it waits for the customer's approval, and at rest.

    Returns:
        The recorded terminal as SVG.
    """
    token, operator_token = world.users.token(CUSTOMER), world.users.token(OPERATOR)
    target = ShopTarget(world.api_url, token, operator_token, stand_in_url=world.stripe_url)
    terminal = Console(
        file=StringIO(), record=True, force_terminal=True, color_system="truecolor", width=_WIDTH
    )
    with closing(ShopApi(target.api_url, target.token)) as api:
        connection = Connection(api, target, Output(as_json=True), Wiring())
        # A first order starts the functions, so that the recorded durations contain no cold starts.
        world.shop.wait_until_rest(world.shop.order({**_ORDER, "payment_method": "pm_card_visa"}))
        order_id = world.shop.order(_ORDER)
        terminal.print(Text.assemble(("$ ", "green"), f"orders watch {order_id}"))
        approved = False
        for snapshot in snapshots(connection, order_id):
            if not approved and _waits_for_customer(snapshot):
                _print(terminal, snapshot)
                terminal.print()
                terminal.print(Text("# after the customer has approved", style="dim"))
                answer_bank(connection, snapshot.order, approve=True)
                approved = True
        _print(terminal, snapshot)
    return _WEB_FONTS.sub("", terminal.export_svg(title="orders watch", theme=MONOKAI, unique_id="watch"))


def _waits_for_customer(snapshot: Snapshot) -> bool:
    waits = snapshot.order["status"] == Status.AWAITING_PAYMENT
    return waits and any(
        visit["name"] == "AwaitPayment" for each in snapshot.executions or () for visit in each["states"]
    )


def _print(terminal: Console, snapshot: Snapshot) -> None:
    hint = advice(snapshot.order, has_stand_in=True)
    terminal.print(picture(snapshot, Spinner("dots", style="cyan"), hint, datetime.now(UTC)))
