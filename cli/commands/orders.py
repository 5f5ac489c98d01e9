"""The commands about orders."""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.text import Text

from cli.bank import answer_bank
from cli.connection import Connection, connected
from cli.errors import Refused, WrongUsage
from cli.idempotency import KeyOption, printed_key
from cli.money import parse_option
from cli.order_state import Status, is_being_captured
from cli.screens import states
from cli.shapes import (
    DeliveryJson,
    ErasureJson,
    ExecutionsJson,
    ItemJson,
    OrderJson,
    OrderPageJson,
    RefundRequestJson,
    SubmissionJson,
)
from cli.views import erasure_view, order_details, order_head, order_table, status_text, story_table
from cli.watch import watch

OrderId = Annotated[str, typer.Argument(metavar="ORDER_ID", help="Id of the order.")]
Watch = Annotated[bool, typer.Option("--watch", help="Watch the order until it is at rest.")]

app = typer.Typer()

_CONFIRMED: Final = frozenset({Status.CONFIRMED})
_CANCELLED: Final = frozenset({Status.CANCELLED})
_CLOSED: Final = frozenset({Status.FAILED, Status.CANCELLED})
_LOGS: Final = {
    "truncated": "Some lines of the logs have expired, or there are too many.",
    "unavailable": "The logs are not available: only the order's record and the audit are shown.",
}
_SETTLED: Final = frozenset({Status.CONFIRMED, Status.FAILED, Status.CANCELLED})


@app.command()
@connected
def submit(
    connection: Connection,
    *,
    items: Annotated[
        list[str],
        typer.Argument(metavar="SKU[:QUANTITY]...", help="Products to order; the default quantity is 1."),
    ],
    card: Annotated[str, typer.Option(help="Stripe PaymentMethod, such as pm_card_visa.")],
    email: Annotated[
        str | None, typer.Option(help="Your address for mail; the one that you signed in with by default.")
    ] = None,
    currency: Annotated[str, typer.Option(help="Currency, ISO 4217.")] = "usd",
    reference: Annotated[str | None, typer.Option(help="Your own id of the order.")] = None,
    expected_amount: Annotated[
        str | None,
        typer.Option(help="Price that you expect, such as 159.00; the order fails at another one."),
    ] = None,
    return_url: Annotated[
        str | None,
        typer.Option(help="URL to which the bank redirects the customer after 3-D Secure; https."),
    ] = None,
    key: KeyOption = None,
    follow: Watch = False,
) -> None:
    """Place an order.

    Sending the same order again with the same --key does not place a second one.
    """
    submission: SubmissionJson = {
        "currency": currency.lower(),
        "items": [_item(text) for text in items],
        "payment_method": card,
    }
    if email is not None:
        submission["email"] = email
    if reference is not None:
        submission["reference"] = reference
    if expected_amount is not None:
        submission["expected_amount"] = parse_option(expected_amount, currency.lower(), "--expected-amount")
    if return_url is not None:
        submission["return_url"] = return_url
    with printed_key(connection, key) as idempotency_key:
        order = connection.api.submit_order(submission, idempotency_key)
    _show_accepted(connection, order, _CONFIRMED if follow else None)


@app.command()
@connected
def get(connection: Connection, *, order_id: OrderId) -> None:
    """Show an order."""
    order = connection.api.get_order(order_id)
    connection.output.result(order, order_details)


@app.command()
@connected
def story(connection: Connection, *, order_id: OrderId) -> None:
    """Tell everything that happened to an order (operators only).

    The story is made of the order's record and of the logs of all functions.
    """
    told = connection.api.get_story(order_id)
    connection.output.result(told, partial(story_table, order_id))
    if told["logs"] != "complete" and not connection.output.as_json:
        connection.output.remark(_LOGS[told["logs"]])


@app.command()
@connected
def executions(connection: Connection, *, order_id: OrderId) -> None:
    """Show the executions of an order's saga, with their states (operators only)."""
    connection.output.result(connection.api.list_executions(order_id), _executions_view)


@app.command("list")
@connected
def list_orders(
    connection: Connection,
    *,
    status: Annotated[Status | None, typer.Option(help="Only list orders with this status.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Only list orders with this reference of their customer.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Orders on a page.", show_default=False)] = None,
    cursor: Annotated[
        str | None, typer.Option(help="Start of the page, as printed with the previous page.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List all pages.")] = False,
) -> None:
    """List orders, newest first.

    Customers see their own orders, operators see all orders.
    """
    page: OrderPageJson = {"orders": [], "cursor": None}
    for each in connection.api.order_pages(status=status, reference=reference, limit=limit, cursor=cursor):
        page = {"orders": page["orders"] + each["orders"], "cursor": each["cursor"]}
        if not everything:
            break
    connection.output.result(page, lambda page: order_table(page["orders"]))
    if page["cursor"] is not None and not connection.output.as_json:
        connection.output.remark(f"More orders: --cursor {page['cursor']}, or --all")


@app.command("watch")
@connected
def watch_order(connection: Connection, *, order_id: OrderId) -> None:
    """Watch an order until it is at rest."""
    watch(connection, order_id, expected=_CONFIRMED)


@app.command()
@connected
def cancel(connection: Connection, *, order_id: OrderId, follow: Watch = False) -> None:
    """Cancel an order: refund its payment and return its stock.

    Once the order is fulfilled, only an operator can cancel it, when the goods have come back.
    """
    order = connection.api.cancel_order(order_id)
    _show_accepted(connection, order, _CANCELLED if follow else None)


@app.command()
@connected
def fulfil(
    connection: Connection,
    *,
    order_id: OrderId,
    carrier: Annotated[str | None, typer.Option(help="Who delivers the goods.")] = None,
    tracking_number: Annotated[str | None, typer.Option(help="The carrier's number of the delivery.")] = None,
    follow: Watch = False,
) -> None:
    """Record that an order's goods are handed over (operators only).

    Run it before the goods leave: it fails if the customer has cancelled the order. The customer gets a mail.
    If the payment is only authorized, it is captured first: hand the goods over when the order is fulfilled.
    """
    delivery: DeliveryJson = {}
    if carrier is not None:
        delivery["carrier"] = carrier
    if tracking_number is not None:
        delivery["tracking_number"] = tracking_number
    order = connection.api.fulfil_order(order_id, delivery)
    if is_being_captured(order):
        connection.output.remark(
            "The payment is being captured. Keep the goods until the order is fulfilled."
        )
        _show_accepted(connection, order, _CONFIRMED if follow else None)
    else:
        connection.output.result(order, order_head)


@app.command()
@connected
def refund(
    connection: Connection,
    *,
    order_id: OrderId,
    item: Annotated[
        list[str] | None,
        typer.Option(metavar="SKU[:QUANTITY]", help="Units to refund; repeat it for more products."),
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="Amount to refund instead of units, such as 5.00.")
    ] = None,
    restock: Annotated[bool, typer.Option("--restock", help="Put the units back into stock.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for other operators.")],
    key: KeyOption = None,
) -> None:
    """Refund a part of a confirmed order: some units, or an amount (operators only).

    Sending it again with the same --key refunds nothing more. To refund the whole order, cancel it.
    """
    asked: RefundRequestJson = {"restock": restock, "reason": reason}
    if item:
        asked["items"] = [_item(text) for text in item]
    if amount is not None:
        currency = connection.api.get_order(order_id)["currency"]
        asked["amount"] = parse_option(amount, currency, "--amount")
    with printed_key(connection, key) as idempotency_key:
        order = connection.api.refund_lines(order_id, asked, idempotency_key)
    connection.output.result(order, order_head)


@app.command()
@connected
def retry(
    connection: Connection,
    *,
    order_id: Annotated[str | None, typer.Argument(metavar="[ORDER_ID]", help="Id of the order.")] = None,
    status: Annotated[Status | None, typer.Option(help="Retry all orders with this status.")] = None,
    follow: Watch = False,
) -> None:
    """Retry an order that is not at rest, or all orders with a status (operators only)."""
    if (order_id is None) is (status is None) or (follow and order_id is None):
        raise WrongUsage("Wrong options", "Pass an order id, or --status without --watch.")
    if order_id is not None:
        order = connection.api.retry_order(order_id)
        _show_accepted(connection, order, _SETTLED if follow else None)
        return
    retried = 0
    for page in connection.api.order_pages(status=status, limit=None, cursor=None):
        for each in page["orders"]:
            _retry_one_of_many(connection, each["order_id"])
            retried += 1
    if not retried:
        connection.output.remark(f"No order is {status}.")


@app.command()
@connected
def settle(
    connection: Connection,
    *,
    order_id: OrderId,
    reason: Annotated[str, typer.Option(help="How and why the payment was settled, for other operators.")],
    follow: Watch = False,
) -> None:
    """Record that an order's payment was settled outside of Stripe (operators only).

    For an order that needs attention because Stripe can't refund it. The order is closed without a refund.
    """
    order = connection.api.settle_order(order_id, reason)
    _show_accepted(connection, order, _CLOSED if follow else None)


@app.command()
@connected
def erase(
    connection: Connection,
    *,
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="User id of the customer.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a customer's address, payment methods and secrets from their orders (operators only).

    It can't be taken back. Orders that are not at rest keep the data: repeat the command later.
    """
    if not yes:
        typer.confirm(f"Erase the customer {customer_id}?", abort=True, err=True)
    total: ErasureJson = {"erased": 0, "not_at_rest": [], "more": True}
    while total["more"]:
        done = connection.api.erase_customer(customer_id)
        total = {**done, "erased": total["erased"] + done["erased"]}
    connection.output.result(total, erasure_view)


@app.command()
@connected
def approve(
    connection: Connection,
    *,
    order_id: OrderId,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse the payment instead.")] = False,
) -> None:
    """Approve a payment (3-D Secure). Only works with the Stripe stand-in of an embedded run."""
    order = connection.api.get_order(order_id)
    answer_bank(connection, order, approve=not refuse)
    connection.output.remark(f"The payment is {'refused' if refuse else 'approved'}.")


def _executions_view(found: ExecutionsJson) -> RenderableType:
    if not found["executions"]:
        return Text("The order has no execution yet.")
    return states(found["executions"], Text("…", style="cyan"), datetime.now(UTC))


def _retry_one_of_many(connection: Connection, order_id: str) -> None:
    """Retry an order and report it in one line; an order that has come to rest is only reported."""
    try:
        order = connection.api.retry_order(order_id)
    except Refused as failure:
        if failure.status != HTTPStatus.CONFLICT:
            raise
        connection.output.remark(f"{order_id}: {failure}")
        return
    if connection.output.as_json:
        connection.output.show_json(order, in_one_line=True)
    else:
        connection.output.show(Text.assemble(order_id, "  ", status_text(order)))


def _item(text: str) -> ItemJson:
    sku, colon, quantity = text.partition(":")
    if colon and not quantity.isdecimal():
        raise typer.BadParameter(f"{text!r} is not SKU or SKU:QUANTITY", param_hint="SKU[:QUANTITY]")
    return {"sku": sku, "quantity": int(quantity) if colon else 1}


def _show_accepted(connection: Connection, order: OrderJson, expected: frozenset[str] | None) -> None:
    """Show an order after a request was accepted; watch it if there are expected final statuses."""
    if expected is not None:
        watch(connection, order["order_id"], expected=expected)
        return
    connection.output.result(order, order_head)
    if not connection.output.as_json and order["status"] not in _CLOSED:
        connection.output.remark(f"Watch it with: orders watch {order['order_id']}")
