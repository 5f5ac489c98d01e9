"""The command line `orders`."""

import typer

from cli.commands import (
    analytics,
    console,
    dlq,
    events,
    imports,
    orders,
    picks,
    reconcile,
    restore,
    sign_in,
    stock,
    version,
)
from cli.exit_codes import MEANINGS

app = typer.Typer(
    name="orders",
    help="Place, watch and cancel orders, and manage the stock. By default the commands use the shop that"
    " `make run` serves on this machine.",
    epilog="Exit codes\n\n" + "\n".join(f"- {code:d} {meaning}" for code, meaning in MEANINGS.items()),
    rich_markup_mode="markdown",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # plain tracebacks are enough for developers
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(orders.app)  # without a name, its commands become commands of `orders`
app.add_typer(imports.app)
app.add_typer(picks.app)
app.add_typer(console.app)
app.add_typer(sign_in.app)
app.add_typer(version.app)
app.add_typer(events.app, name="events")
app.add_typer(analytics.app)
app.add_typer(dlq.app, name="dlq")
app.add_typer(reconcile.app, name="reconcile")
app.add_typer(stock.app, name="stock")
app.add_typer(restore.app, name="restore")
