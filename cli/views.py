"""Text views of orders and products."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.event_replay import EventConsumer
from cli.money import format_amount
from cli.order_state import Status
from cli.saved_queries import Row
from cli.shapes import (
    ErasureJson,
    FulfilmentJson,
    ImportedLineJson,
    ImportSummaryJson,
    LetterJson,
    LetterQueueJson,
    OrderJson,
    OutdatedOrderJson,
    PickJson,
    ProductJson,
    ReconciliationJson,
    RefundJson,
    StoryEntryJson,
    StoryJson,
    TimelineEntryJson,
)

_STYLES: Final[dict[str, str]] = {
    Status.PENDING: "cyan",
    Status.AWAITING_PAYMENT: "yellow",
    Status.CONFIRMED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "magenta",
    Status.NEEDS_ATTENTION: "bold white on red",
}


_LEVEL_STYLES: Final = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def order_table(orders: Sequence[OrderJson]) -> RenderableType:
    """Make a table of orders."""
    table = _table("ORDER", "STATUS", "AMOUNT", "ITEMS", "PLACED (UTC)", numbers={"AMOUNT"})
    for order in orders:
        items = ", ".join(f"{item['quantity']} x {item['sku']}" for item in order["items"])
        amount = format_amount(order["amount"], order["currency"])
        table.add_row(
            order["order_id"], status_text(order), amount, items, f"{read_time(order['created_at']):%F %T}"
        )
    return table


def product_table(products: Sequence[ProductJson]) -> RenderableType:
    """Make a table of products."""
    table = _table("SKU", "NAME", "PRICE", "AVAILABLE", "", numbers={"PRICE", "AVAILABLE"})
    for product in products:
        price = format_amount(product["unit_price"], product["currency"])
        table.add_row(
            product["sku"],
            product["name"],
            price,
            str(product["available"]),
            "" if product["active"] else "not active",
        )
    return table


def pick_table(picks: Sequence[PickJson]) -> RenderableType:
    """Make a table of goods to pick: a row for each line of an order."""
    if not picks:
        return Text("Nothing must be picked.")
    table = _table("CONFIRMED (UTC)", "ORDER", "UNITS", "SKU", numbers={"UNITS"})
    for pick in picks:
        for item in pick["items"]:
            confirmed_at = f"{read_time(pick['confirmed_at']):%F %T}"
            table.add_row(confirmed_at, pick["order_id"], str(item["quantity"]), item["sku"])
    return table


def reconciliation_view(runs: Sequence[ReconciliationJson]) -> RenderableType:
    """Show what runs of the reconciliation have compared, and the differences that they name."""
    numbers = ("ORDERS", "PAYMENTS", "STOCK", "NOT AT REST")
    table = _table("RUN", "STARTED (UTC)", "TOOK", *numbers, "DIFFERENCES", "OLDEST", numbers=numbers)
    for run in runs:
        counts, found = run["counts"], run["found"]
        started = read_time(run["started_at"])
        differences = ", ".join(f"{number} {kind}" for kind, number in found.items()) or "none"
        succeeded = run["status"] == "SUCCEEDED"
        table.add_row(
            run["scope"],
            f"{started:%F %T}",
            _age(read_time(run["ended_at"]) - started),
            str(counts.get("orders_compared", 0)),
            str(counts.get("payments_compared", 0)),
            str(counts.get("stock_compared", 0)) if run["scope"] != "recent" else "",
            str(counts.get("orders_not_at_rest", 0)),
            Text(differences if succeeded else run["status"], style="" if succeeded and not found else "red"),
            (run["oldest"] or "")[:10],
        )
    named = [finding for run in runs for finding in run["findings"]]
    if not named:
        return table
    findings = _table("DIFFERENCE", "ORDER", "PAYMENT", "SKU", "DAY")
    for finding in dict.fromkeys(tuple(sorted(each.items())) for each in named):
        facts = dict(finding)
        cells = (facts.get(name) or "" for name in ("kind", "order_id", "intent_id", "sku", "day"))
        findings.add_row(*cells)
    return Group(table, Text(), findings)


def letter_queue_table(queues: Sequence[LetterQueueJson]) -> RenderableType:
    """Make a table of the queues that should be empty."""
    table = _table("QUEUE", "MESSAGES", "OLDEST", "CAN BE SENT BACK", numbers={"MESSAGES", "OLDEST"})
    for queue in queues:
        oldest = queue["oldest_at"]
        age = "" if oldest is None else _age(datetime.now(UTC) - read_time(oldest))
        style = "red" if queue["depth"] else ""
        table.add_row(queue["queue"], Text(str(queue["depth"]), style=style), age, queue["redrive"])
    return table


def replay_table(counts: Mapping[str, int], consumers: Sequence[EventConsumer]) -> RenderableType:
    """Make a table of the events that a replay delivers, and of who receives them."""
    if not counts:
        return Text("The audit has no such event of this period.")
    table = _table("EVENT", "COUNT", "CONSUMERS", numbers={"COUNT"})
    for event_type, count in sorted(counts.items()):
        wanted_by = ", ".join(each.name for each in consumers if each.wants(event_type))
        table.add_row(event_type, str(count), wanted_by)
    return table


def outdated_order_table(orders: Sequence[OutdatedOrderJson]) -> RenderableType:
    """Make a table of the orders that have lost changes, and of what to do about each."""
    if not orders:
        return Text("No order has lost a change.")
    table = _table("ORDER", "STATUS", "LOST", "WHAT TO DO")
    for order in orders:
        table.add_row(order["order_id"], order["status"] or "-", ", ".join(order["lost"]), order["advice"])
    return table


def saved_query_table(rows: Sequence[Row]) -> RenderableType:
    """Make a table of a query's rows: texts as they are, `orders` as a number, and the others as amounts."""
    if not rows:
        return Text("No event matches.")
    numbers = {name for name, cell in rows[0].items() if isinstance(cell, int)}
    names = [name for name in rows[0] if name != "currency"]
    table = _table(*(_title(name) for name in names), numbers={_title(name) for name in numbers})
    for row in rows:
        table.add_row(*(_cell(name, row) for name in names))
    return table


def _title(name: str) -> str:
    return name.replace("_", " ").upper()


def _cell(name: str, row: Row) -> str:
    cell = row[name]
    is_amount = isinstance(cell, int) and name != "orders"
    return format_amount(int(cell), str(row["currency"])) if is_amount else str(cell)


def letter_table(letters: Sequence[LetterJson]) -> RenderableType:
    """Make a table of messages that could not be handled."""
    if not letters:
        return Text("The queue is empty.")
    table = _table("MESSAGE", "SENT (UTC)", "WHAT", "ORDER")
    for letter in letters:
        error = f" (not delivered: {letter['error']})" if letter["error"] else ""
        sent = f"{read_time(letter['sent_at']):%F %T}"
        table.add_row(letter["message_id"], sent, f"{letter['what']}{error}", letter["order_id"] or "")
    return table


def _age(age: timedelta) -> str:
    """Write an age in its largest unit."""
    for name, unit in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if age >= unit:
            return f"{age // unit} {name}"
    return f"{age.seconds} s"


def erasure_view(erasure: ErasureJson) -> RenderableType:
    """Show how many orders were erased, and which were not."""
    lines = [f"{erasure['erased']} orders erased"]
    lines += [f"{order_id} is not at rest" for order_id in erasure["not_at_rest"]]
    return Text("\n".join(lines))


def import_view(summary: ImportSummaryJson, rejected: Sequence[ImportedLineJson]) -> RenderableType:
    """Show how many lines had each outcome, and why some were rejected."""
    counts = Text(
        f"{summary['lines']} lines: {summary['new']} new, {summary['replayed']} replayed,"
        f" {summary['rejected']} rejected, {summary['blank']} blank"
    )
    stopped = [Text(summary["stopped"], style="red")] if summary["stopped"] else []
    if not rejected:
        return Group(counts, *stopped)
    table = _table("LINE", "PROBLEM", numbers={"LINE"})
    for line in rejected:
        table.add_row(str(line["line"]), str(line["problem"]["detail"]) if "problem" in line else "")
    return Group(counts, *stopped, table)


def order_details(order: OrderJson) -> RenderableType:
    """Show an order with its timeline."""
    return Group(order_head(order), Text(), timeline(order))


def story_table(order_id: str, story: StoryJson) -> RenderableType:
    """Make a table of an order's story."""
    table = _table("TIME (UTC)", "SINCE START", "WHERE", "EXECUTION", "WHAT", numbers={"SINCE START"})
    entries = story["entries"]
    start = read_time(entries[0]["at"]) if entries else None
    for entry in entries:
        at = read_time(entry["at"])
        table.add_row(
            f"{at:%F %T}.{at.microsecond // 1000:03}",
            f"+{(at - (start or at)).total_seconds():.3f} s",
            _where(entry),
            short_name(entry["execution"], order_id),
            Text(entry["text"], style=_style_of(entry)),
        )
    return table


def order_head(order: OrderJson) -> RenderableType:
    """Show the items, price and status of an order."""
    title = Text.assemble(
        (order["order_id"], "bold"),
        "  ",
        status_text(order),
        f"  {format_amount(order['amount'], order['currency'])}",
        f"  payment {order['payment']['status']}",
    )
    currency = order["currency"]
    lines = [
        Text(f"  {item['quantity']} x {item['sku']}  {format_amount(item.get('unit_price'), currency)}")
        for item in order["items"]
    ]
    if "reference" in order:
        lines.append(Text(f"  reference {order['reference']}"))
    if "customer_id" in order:
        lines.append(Text(f"  customer {order['customer_id']}  {order.get('email', '')}".rstrip()))
    if "capture_before" in order["payment"]:
        until = read_time(order["payment"]["capture_before"])
        lines.append(Text(f"  authorized until {until:%F %T} UTC, not captured"))
    if "failure" in order:
        lines.append(Text(f"  {order['failure']['code']}: {order['failure']['message']}", style="red"))
    if "fulfilment" in order:
        lines.append(Text(f"  {_delivery(order['fulfilment'])}"))
    lines += [Text(f"  {_refund(each, currency)}") for each in order.get("refunds", ())]
    if "settlement" in order:
        settlement = order["settlement"]
        lines.append(Text(f"  settled outside of Stripe by {settlement['by']}: {settlement['reason']}"))
    return Group(title, *lines)


def _refund(refund: RefundJson, currency: str) -> str:
    units = ", ".join(f"{item['quantity']} x {item['sku']}" for item in refund["items"])
    parts = [
        f"refund of {format_amount(refund['amount'], currency)}",
        f" for {units}" if units else "",
        f": {refund['status']}",
        ", back in stock" if "restocked_at" in refund else "",
        f", requested by {refund['requested_by']}: {refund['reason']}" if "reason" in refund else "",
    ]
    return "".join(parts)


def _delivery(fulfilment: FulfilmentJson) -> str:
    parts = [
        f"sent at {read_time(fulfilment['at']):%F %T} UTC",
        f"by {fulfilment['by']}" if "by" in fulfilment else "",
        f"carrier {fulfilment['carrier']}" if "carrier" in fulfilment else "",
        f"tracking number {fulfilment['tracking_number']}" if "tracking_number" in fulfilment else "",
    ]
    return ", ".join(filter(None, parts))


def status_text(order: OrderJson) -> Text:
    """Show the status of an order in its colour."""
    status = order["status"]
    return Text(status, style=_STYLES.get(status, ""))


def timeline(order: OrderJson) -> RenderableType:
    """Show the timeline of an order."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for entry in order["timeline"]:
        table.add_row(*timeline_row(order, entry))
    return table


def timeline_row(order: OrderJson, entry: TimelineEntryJson) -> tuple[str, str, str]:
    """Format a timeline entry: time since the order was placed, time of day (UTC), event."""
    at = read_time(entry["at"])
    return f"+{(at - read_time(order['created_at'])).total_seconds():.1f} s", f"{at:%T}", entry["event"]


def _where(entry: StoryEntryJson) -> Text:
    """Name the state or else the function, and what kind of entry it is."""
    place = entry["state"] or entry["function"] or ""
    return Text.assemble((entry["source"], "cyan"), f" {place}" if place else "")


def short_name(execution: str | None, order_id: str) -> str:
    """Name an execution without the order's id; the first one has no other name."""
    if execution == order_id:
        return "first"
    return (execution or "").removeprefix(f"{order_id}-")


def _style_of(entry: StoryEntryJson) -> str:
    """Failures are coloured by their level; what the record says is bold."""
    return "bold" if entry["source"] == "record" else _LEVEL_STYLES.get(entry["level"] or "", "")


def read_time(text: str) -> datetime:
    """Parse a time (ISO 8601) as UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _table(*columns: str, numbers: Collection[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=True, overflow="ignore"
        )
    return table
