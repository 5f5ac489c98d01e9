"""The stock's books of the last days against the orders of those days."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Final

from lambdas.domain.vocabulary import FindingKind
from lambdas.recovery.reconcile_stock.stock_books import ProductBooks, StockBooks
from lambdas.shared.reconciliation import Cursor, Finding, Run
from lambdas.shared.store.listings import BATCH, OrderListing, PageKey

_PAGE: Final = BATCH
"""As many orders are read at once."""

_MOST_SKUS: Final = 2_500
"""As many SKUs are added up at once: at most 190 KB, and a state may get 256 KiB. More take more passes."""

_MOST_SUSPECTS: Final = 100
"""As many products are counted again for a day: they are read at once. With more, something else is wrong."""


@dataclass
class _Place:
    """Where the reconciliation stands; as JSON it is the cursor.

    Attributes:
        day: The day whose books are checked.
        step: `add_up`, `compare` or `add_up_again`; see `StockReconciliation`.
        start: Where in the list of orders the next page begins; None at its beginning.
        after: The SKU that the catalogue's page before ended with; None at its beginning.
        above: SKUs up to this one were checked by passes before.
        up_to: The last SKU of this pass; None for all that there are.
        ordered: Units that orders of the day hold, by SKU.
        suspects: The SKUs that are counted again, and what their books said before: version and units.
    """

    day: str
    step: str = "add_up"
    start: PageKey | None = None
    after: str | None = None
    above: str = ""
    up_to: str | None = None
    ordered: dict[str, int] = field(default_factory=dict)
    suspects: dict[str, list[int]] = field(default_factory=dict)

    def covers(self, sku: str) -> bool:
        """Whether a SKU belongs to this pass."""
        return self.above < sku and (self.up_to is None or sku <= self.up_to)


class StockReconciliation:
    """One call of the reconciliation of stock.

    For each day it adds up the units that the day's orders hold, and compares the sums with what the
    products count for that day. Both move while that takes its time, so what differs is counted again: the
    products' books are read before and after, and where the version is the same no order of theirs changed
    in between. What differs then is a finding. What moved is looked at again by the next run, at the latest
    when the day is over.

    Nothing is healed, because nobody knows which side is right.

    Raises:
        StoreUnavailable: From `reconcile`, when DynamoDB is not there; the call can be made again.
    """

    def __init__(self, run: Run, listing: OrderListing, books: StockBooks) -> None:
        """Prepare a call.

        Args:
            run: Where the run stands.
            listing: Finds orders by the day.
            books: What the products count.
        """
        self._run = run
        self._days = run.days()
        self._place = _Place(**run.cursor) if run.cursor else _Place(self._days[0])
        self._listing = listing
        self._books = books

    def reconcile(self) -> Cursor | None:
        """Report what differs; returns where to go on, None when all is done."""
        steps = {"add_up": self._add_up, "compare": self._compare, "add_up_again": self._add_up_again}
        while True:
            if steps[self._place.step]():
                return None
            if not self._run.has_time():
                return asdict(self._place)

    def _add_up(self) -> bool:
        place = self._place
        self._add_page(place.covers, consistent=False)
        for sku in sorted(place.ordered)[_MOST_SKUS:]:
            del place.ordered[sku]
            place.up_to = max(place.ordered)
        if place.start is None:
            place.step = "compare"
        return False

    def _compare(self) -> bool:
        place = self._place
        products, place.after = self._books.page(place.after)
        for product in filter(lambda each: place.covers(each.sku), products):
            if product.reserved.get(place.day, 0) != place.ordered.pop(product.sku, 0):
                self._suspect(product.sku)
            self._look_over(product)
        self._run.report.counts["stock_compared"] += len(products)
        if place.after is not None:
            return False
        for sku in place.ordered:  # what is ordered and in no catalogue
            self._suspect(sku)
        if not place.suspects:
            return self._pass_is_done()
        place.ordered = {}
        place.suspects = self._read(place.suspects)
        place.step = "add_up_again"
        return False

    def _add_up_again(self) -> bool:
        place = self._place
        self._add_page(place.suspects.__contains__, consistent=True)
        if place.start is not None:
            return False
        now = self._read(place.suspects)
        for sku, before in place.suspects.items():
            if now[sku] != before:
                self._run.report.counts["stock_in_motion"] += 1
            elif before[1] != place.ordered.get(sku, 0):
                self._report_difference(sku, reserved=before[1])
        return self._pass_is_done()

    def _add_page(self, wanted: Callable[[str], bool], *, consistent: bool) -> None:
        """Add up a page of the day's orders."""
        place = self._place
        page = self._listing.of_day(place.day, start=place.start, limit=_PAGE)
        orders = self._listing.read((each.order_id for each in page.orders), consistent=consistent)
        for order in orders.values():
            for line in order.lines if order.stock_taken else ():
                if wanted(line.sku):
                    place.ordered[line.sku] = place.ordered.get(line.sku, 0) + line.quantity
        place.start = page.next_key

    def _read(self, skus: Iterable[str]) -> dict[str, list[int]]:
        """The version and the day's units of products; zeros for one that has left the catalogue."""
        found = self._books.read(skus)
        return {
            sku: [found[sku].version, found[sku].reserved.get(self._place.day, 0)] if sku in found else [0, 0]
            for sku in skus
        }

    def _suspect(self, sku: str) -> None:
        if len(self._place.suspects) < _MOST_SUSPECTS:
            self._place.suspects[sku] = []
        self._run.report.counts["stock_counted_again"] += 1

    def _look_over(self, product: ProductBooks) -> None:
        """Check what belongs to no day: once in a run, as each pass of a day covers other products."""
        old = [day for day in product.reserved if day < self._days[0]]
        if self._place.day == self._days[0] and old:
            self._books.close(product.sku, old)
        if self._place.day == self._days[-1] and product.available < 0:
            self._run.report.add(
                Finding(FindingKind.NEGATIVE_STOCK, {"sku": product.sku}, {"available": product.available})
            )

    def _report_difference(self, sku: str, *, reserved: int) -> None:
        place = self._place
        self._run.report.add(
            Finding(
                FindingKind.STOCK_DIFFERS,
                {"sku": sku, "day": place.day},
                {"reserved": reserved, "ordered": place.ordered.get(sku, 0)},
            )
        )

    def _pass_is_done(self) -> bool:
        """Go on with the day's other products, or with the next day; returns whether there is none."""
        place = self._place
        if place.up_to is not None:
            self._place = _Place(place.day, above=place.up_to)
        elif place.day != self._days[-1]:
            self._place = _Place(self._days[self._days.index(place.day) + 1])
        else:
            return True
        return False
