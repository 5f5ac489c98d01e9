"""The command about the events of orders."""

import typer

from cli.commands.orders import OrderId
from cli.connection import Connection, connected
from cli.views import order_head

app = typer.Typer(help="Publish the events of orders again.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """Keep the command's own name, because Typer drops the name of an only command."""


@app.command()
@connected
def republish(connection: Connection, *, order_id: OrderId) -> None:
    """Publish all events of an order again (operators only).

    For events that could not be published for 22 hours. Consumers drop those that they have received.
    """
    order = connection.api.republish_events(order_id)
    connection.output.result(order, order_head)
