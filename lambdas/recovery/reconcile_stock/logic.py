"""Compares the books of the stock for the last days with the orders of those days."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypedDict

from lambdas.domain.order import Order
from lambdas.domain.vocabulary import FindingKind, ReconciliationScope
from lambdas.recovery.reconcile_stock.stock_books import ProductBooks, StockBooks
from lambdas.shared.reconciliation import Cursor, Finding, Run
from lambdas.shared.store.listings import BATCH, OrderListing, PageKey
from lambdas.shared.store.reservations import CONFIRM, RELEASE

_PAGE: Final = BATCH
"""Orders that are read at once."""

_MOST_SKUS: Final = 2_500
"""SKUs that are added up in one pass: at most 190 KB; Step Functions passes on at most 256 KiB."""

_MOST_SUSPECTS: Final = 100
"""Products that are counted again for a day, in one read. If more differ, the cause is not a busy shop."""

_MOVES: Final = {CONFIRM.event: 1, RELEASE.event: -1}
"""Entries of a timeline that tell that the order took its units, or gave them back."""


def days_of(started_at: datetime) -> list[str]:
    """The days (`Order.day`) that a run compares, oldest first."""
    today, days = started_at.date(), ReconciliationScope.FULL.window.days
    return [(today - timedelta(days=n)).isoformat() for n in range(days, -1, -1)]


class _Books(TypedDict):
    """The books of a product for a day, as they were before its units are counted again."""

    version: int
    units: int
    since: str


_NO_BOOKS: Final = _Books(version=0, units=0, since="")
"""The books of a product that has left the catalogue."""


@dataclass
class _Progress:
    """How far the run has come; as JSON it is the cursor.

    Attributes:
        day: The day whose books are compared.
        step: `add_up`, `compare` or `add_up_again`; see `StockReconciliation`.
        start: The start of the next page of orders; None at the beginning.
        after: The SKU at the end of the catalogue's previous page; None at the beginning.
        above: SKUs up to this one were compared in earlier passes.
        up_to: The last SKU of this pass; None if it covers all that remain.
        ordered: Units that the orders of the day hold, by SKU.
        suspects: SKUs that are counted again, with the books that each had before.
    """

    day: str
    step: str = "add_up"
    start: PageKey | None = None
    after: str | None = None
    above: str = ""
    up_to: str | None = None
    ordered: dict[str, int] = field(default_factory=dict)
    suspects: dict[str, _Books] = field(default_factory=dict)

    def covers(self, sku: str) -> bool:
        """Whether a SKU belongs to this pass."""
        return self.above < sku and (self.up_to is None or sku <= self.up_to)


class StockReconciliation:
    """One call of the reconciliation of stock.

    For each day it adds up the units that the day's orders hold, and compares the sums with the counts of the
    products. Both can change while they are read, so every product that differs is counted again, and its
    books are read before and after. If their version is the same, none of its orders changed in between, and
    a difference is a finding. Otherwise the next run compares the product again.

    A product that was created again has new books. The second count leaves out what orders took before.

    Nothing is corrected, because nobody knows which side is right.

    Raises:
        StoreUnavailable: From `reconcile`, when DynamoDB does not answer; the call can be repeated.
    """

    def __init__(self, run: Run, listing: OrderListing, books: StockBooks) -> None:
        self._run = run
        self._days = days_of(run.started_at)
        self._progress = _Progress(**run.cursor) if run.cursor else _Progress(self._days[0])
        self._listing = listing
        self._books = books

    def reconcile(self) -> Cursor | None:
        """Report differences, and return the cursor; None at the end."""
        steps = {"add_up": self._add_up, "compare": self._compare, "add_up_again": self._add_up_again}
        while True:
            if steps[self._progress.step]():
                return None
            if not self._run.has_time():
                return asdict(self._progress)

    # Each step does one piece of work and returns whether everything is done.

    def _add_up(self) -> bool:
        progress = self._progress
        for order in self._read_page(consistent=False):
            for sku, units in order.units_out.items() if order.stock_taken else ():
                if progress.covers(sku):
                    self._add(sku, units)
        for sku in sorted(progress.ordered)[_MOST_SKUS:]:
            del progress.ordered[sku]
            progress.up_to = max(progress.ordered)
        if progress.start is None:
            progress.step = "compare"
        return False

    def _compare(self) -> bool:
        progress = self._progress
        products, progress.after = self._books.page(progress.after)
        for product in filter(lambda each: progress.covers(each.sku), products):
            if product.reserved.get(progress.day, 0) != progress.ordered.pop(product.sku, 0):
                self._suspect(product.sku)
            self._check_once(product)
        self._run.report.counts["stock_compared"] += len(products)
        if progress.after is not None:
            return False
        for sku in progress.ordered:  # ordered, but no longer in the catalogue
            self._suspect(sku)
        if not progress.suspects:
            return self._end_pass()
        progress.ordered = {}
        progress.suspects = self._read(progress.suspects)
        progress.step = "add_up_again"
        return False

    def _add_up_again(self) -> bool:
        progress = self._progress
        for order in self._read_page(consistent=True):
            for sku in progress.suspects.keys() & order.units_out.keys():
                self._add(sku, _units_counted(order, sku, progress.suspects[sku]["since"]))
        if progress.start is not None:
            return False
        now = self._read(progress.suspects)
        for sku, before in progress.suspects.items():
            if now[sku] != before:
                self._run.report.counts["stock_in_motion"] += 1
            elif before["units"] != progress.ordered.get(sku, 0):
                self._report_difference(sku, reserved=before["units"])
        return self._end_pass()

    def _read_page(self, *, consistent: bool) -> Iterable[Order]:
        """Read a page of the day's orders, and go on to the next page."""
        progress = self._progress
        page = self._listing.of_day(progress.day, start=progress.start, limit=_PAGE)
        progress.start = page.next_key
        return self._listing.read((each.order_id for each in page.orders), consistent=consistent).values()

    def _add(self, sku: str, units: int) -> None:
        self._progress.ordered[sku] = self._progress.ordered.get(sku, 0) + units

    def _read(self, skus: Iterable[str]) -> dict[str, _Books]:
        day, found = self._progress.day, self._books.read(skus)
        return {
            sku: _Books(
                version=found[sku].version, units=found[sku].reserved.get(day, 0), since=found[sku].since
            )
            if sku in found
            else _NO_BOOKS
            for sku in skus
        }

    def _suspect(self, sku: str) -> None:
        if len(self._progress.suspects) < _MOST_SUSPECTS:
            self._progress.suspects[sku] = _NO_BOOKS
        self._run.report.counts["stock_counted_again"] += 1

    def _check_once(self, product: ProductBooks) -> None:
        """Check what does not depend on the day: once per run, because the passes of a day share no SKU."""
        old = [day for day in product.reserved if day < self._days[0]]
        if self._progress.day == self._days[0] and old:
            self._books.delete(product.sku, old)
        if self._progress.day == self._days[-1] and product.available < 0:
            self._run.report.add(
                Finding(FindingKind.NEGATIVE_STOCK, {"sku": product.sku}, {"available": product.available})
            )

    def _report_difference(self, sku: str, *, reserved: int) -> None:
        progress = self._progress
        self._run.report.add(
            Finding(
                FindingKind.STOCK_DIFFERS,
                {"sku": sku, "day": progress.day},
                {"reserved": reserved, "ordered": progress.ordered.get(sku, 0)},
                since=progress.day,
            )
        )

    def _end_pass(self) -> bool:
        """Continue with the day's other products or with the next day; return whether there is none."""
        progress = self._progress
        if progress.up_to is not None:
            self._progress = _Progress(progress.day, above=progress.up_to)
        elif progress.day != self._days[-1]:
            self._progress = _Progress(self._days[self._days.index(progress.day) + 1])
        else:
            return True
        return False


def _units_counted(order: Order, sku: str, since: str) -> int:
    """The units of a product that an order holds, without those that it held before a time."""
    moves = sum(_MOVES.get(entry.event, 0) for entry in order.timeline if entry.at < since)
    before = moves * order.units_out_at(since)[sku]
    return int(order.stock_taken) * order.units_out[sku] - before
