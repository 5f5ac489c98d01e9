"""The commands about products and their stock."""

from typing import Annotated, TypeVar

import httpx
import typer

from cli.connection import Connection, connected
from cli.errors import NotFound, Refused
from cli.idempotency import KeyOption, printed_key
from cli.money import parse_option
from cli.shapes import ProductChangesJson, ProductFieldsJson, ProductJson, ProductPageJson
from cli.views import product_table

T = TypeVar("T")

Sku = Annotated[str, typer.Argument(metavar="SKU", help="SKU of the product.")]

app = typer.Typer(help="Manage products and their stock.", no_args_is_help=True)


@app.command("list")
@connected
def list_products(
    connection: Connection,
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="Products on a page.", show_default=False)] = None,
    cursor: Annotated[
        str | None, typer.Option(help="Start of the page, as printed with the previous page.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List all pages.")] = False,
) -> None:
    """List products, sorted by SKU within what is listed."""
    page: ProductPageJson = {"products": [], "cursor": None}
    for each in connection.api.product_pages(limit=limit, cursor=cursor):
        page = {"products": page["products"] + each["products"], "cursor": each["cursor"]}
        if not everything:
            break
    page["products"].sort(key=lambda product: product["sku"])
    connection.output.result(page, lambda page: product_table(page["products"]))
    if page["cursor"] is not None and not connection.output.as_json:
        connection.output.remark(f"More products: --cursor {page['cursor']}, or --all")


@app.command()
@connected
def get(connection: Connection, *, sku: Sku) -> None:
    """Show a product."""
    product, _etag = connection.api.get_product(sku)
    _show(connection, product)


@app.command("set")
@connected
def set_product(
    connection: Connection,
    *,
    sku: Sku,
    name: Annotated[str | None, typer.Option(help="Name of the product.")] = None,
    price: Annotated[str | None, typer.Option(help="Price of one unit, such as 79.50.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency, ISO 4217, such as usd.")] = None,
    available: Annotated[int | None, typer.Option(min=0, help="Units in stock.")] = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Whether customers see it and can order it."),
    ] = None,
) -> None:
    """Create or change a product (operators only). Omitted options keep their values.

    Name, price and --active can be changed while orders take units of the product.
    """
    before, etag = _find(connection, sku)
    if before is not None and currency is None and available is None:
        changes = _changes(name, price, before["currency"], active=active)
        _show(connection, connection.api.patch_product(sku, changes))
        return
    name = _given(name, before and before["name"], "--name")
    currency = _given(currency, before and before["currency"], "--currency").lower()
    new_price = None if price is None else parse_option(price, currency, "--price")
    unit_price = _given(new_price, before and before["unit_price"], "--price")
    available = _given(available, before and before["available"], "--available")
    fields = ProductFieldsJson(name=name, unit_price=unit_price, currency=currency, available=available)
    fields["active"] = _given(active, before["active"] if before else True, "--active")
    try:
        product = connection.api.put_product(sku, fields, etag=etag)
    except Refused as failure:
        if failure.status == httpx.codes.PRECONDITION_FAILED:
            failure.hints.append("The product has changed in the meantime: get it and try again.")
        raise
    _show(connection, product)


@app.command()
@connected
def add(
    connection: Connection,
    *,
    sku: Sku,
    quantity: Annotated[int, typer.Argument(min=1, metavar="UNITS", help="Units to add.")],
    key: KeyOption = None,
) -> None:
    """Add units to the stock of a product (operators only)."""
    with printed_key(connection, key) as idempotency_key:
        product = connection.api.restock(sku, quantity, idempotency_key)
    _show(connection, product)


def _changes(
    name: str | None, price: str | None, currency: str, *, active: bool | None
) -> ProductChangesJson:
    """Make the body of a change that leaves the stock alone."""
    changes: ProductChangesJson = {}
    if name is not None:
        changes["name"] = name
    if price is not None:
        changes["unit_price"] = parse_option(price, currency, "--price")
    if active is not None:
        changes["active"] = active
    return changes


def _find(connection: Connection, sku: str) -> tuple[ProductJson | None, str | None]:
    """Get a product and its ETag; both are None if the product does not exist."""
    try:
        return connection.api.get_product(sku)
    except NotFound:
        return None, None


def _given(new: T | None, old: T | None, option: str) -> T:
    """Choose the new value of a field, or else the old one."""
    value = old if new is None else new
    if value is None:
        raise typer.BadParameter("required for a new product", param_hint=option)
    return value


def _show(connection: Connection, product: ProductJson) -> None:
    connection.output.result(product, lambda product: product_table([product]))
