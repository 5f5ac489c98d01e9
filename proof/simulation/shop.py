"""A shop: what happens in it, as a short text; and the text that a seed draws.

Seed 17 draws `shop 17`. In `shop 17; 3s order A alice RED-CHAIR:2 pm_card_visa; 5s cancel A alice` only that
happens; the seed still decides all delays. Each happening begins with its time in seconds:

| happening                           | what it is                                                         |
|-------------------------------------|--------------------------------------------------------------------|
| `order A alice SKU:2 CARD OUTCOME`  | a customer orders; others call it A; a bank may decide otherwise   |
| `again A`, `changed A`              | the customer sends the order again: the same, or with more units   |
| `approve A`, `refuse A`             | the customer answers 3-D Secure                                    |
| `cancel A alice`                    | a customer or the operator cancels                                 |
| `fulfil A`                          | the operator hands the goods over                                  |
| `retry A`, `settle A`               | the operator runs the saga again, or settles outside of Stripe     |
| `republish A`, `erase alice`        | the operator publishes events again, or erases a customer          |
| `lines A 1 restock`, `goodwill A 99`| the operator refunds units of the first line, or an amount         |
| `restock SKU 2`, `price SKU 990`    | units are delivered; a price changes                               |
| `retire SKU`, `offer SKU`           | a product is taken out of the catalogue, or put back               |
| `refund A 100`, `return A`          | a colleague refunds in Stripe's dashboard; the bank sends it back  |
| `void A`                            | a colleague cancels the payment in Stripe's dashboard              |
| `capture A 100`                     | a colleague captures an amount in Stripe's dashboard, or all       |
| `expire A`                          | the authorization of the payment expires                           |
| `dispute A`, `won A`, `lost A`      | the customer disputes the payment; the bank decides                |
| `paid A`, `unpaid A`                | the bank decides about a payment that is processing                |
| `run A`, `stop A`                   | somebody starts one more execution, or stops those that run        |
| `resend A`                          | a colleague lets Stripe deliver all events of the order again      |
| `setting at_fulfilment`             | the money of orders placed from now on is taken at that time       |
| `queue 300`                         | many other orders are charged before those that come now           |
| `reconcile full`                    | somebody starts the reconciliation                                 |
| `webhooks held`                     | from now on webhooks are `held`, `repeated`, `lost` or `normal`    |
| `fault refuse CALL #2 for 30s`      | from now on a fault waits for a call; see the fault campaign       |
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from string import ascii_uppercase
from typing import Final, Self

from local.fault_proxy.faults import FaultKind
from local.processes import REPOSITORY
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER, UNREACHABLE_CUSTOMER
from proof.fault_campaign.case import KINDS, Injection, InjectionKind

_HAPPENING: Final = re.compile(r"(?P<at>[\d.]+)s (?P<what>\S.*)")

_HOURS: Final = (0.1, 0.1, 0.1, 0.1, 2, 2, 8, 40)
"""How long a shop is open: mostly some minutes, in which much happens at once; sometimes days."""

_HOLDS: Final = 0.5
"""Share of the shops that take money at the fulfilment."""

_MOSTLY: Final = 0.8
_SOMETIMES: Final = 0.3
_RARELY: Final = 0.1

_DELAYS_SECONDS: Final = (0.3, 3, 3, 60, 1200)
"""Averages of the time between an order and what happens to it."""

SCARCE_SKUS: Final = frozenset({"LAST-TABLE", "SOLD-OUT-SOFA"})
_SKUS: Final = (
    *("RED-CHAIR", "TASTELESS-LAMP", "CRUNCHY-ARMCHAIR") * 2,
    *("LAST-TABLE",) * 3,
    "SOLD-OUT-SOFA",
)
_ODD_SKUS: Final = ("BERLIN-BENCH", "PENNY-NAIL", "NO-SUCH-THING")
_CUSTOMERS: Final = (CUSTOMER, CUSTOMER, OTHER_CUSTOMER, "carol", UNREACHABLE_CUSTOMER)

GOOD_CARDS: Final = ("pm_card_visa", "pm_card_mastercard", "pm_card_pendingRefund", "pm_card_refundFail")
ASKING_CARDS: Final = ("pm_card_authenticationRequired", "pm_card_threeDSecure2Required")
BAD_CARDS: Final = (
    *("pm_card_chargeDeclined", "pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedProcessingError"),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
)
_OUTCOMES: Final = (
    *("charge_pending", "charge_pending", "refund_pending"),
    *("refund_requires_action", "refund_failed", "refund_canceled", "refund_refused"),
)

_TO_AN_ORDER: Final = (
    *("cancel A {customer}", "cancel A {customer}", f"cancel A {OPERATOR}", "again A", "changed A"),
    *("retry A", "settle A", "republish A", "stop A", "stop A", "run A", "resend A", "void A"),
    *("refund A", "refund A 100", "dispute A", "fulfil A", "fulfil A"),
    *("lines A 1", "lines A 1 restock", "lines A 1 restock", "goodwill A 100"),
)
_TO_A_HELD_PAYMENT: Final = ("fulfil A", "fulfil A", "expire A", "void A", "capture A")
_OUTCOMES_OF_HOLDS: Final = ("", "", "", " short_hold", " capture_refused")
_ONCE: Final = frozenset({"refund", "void", "dispute", "run"})
"""Happens to an order at most once: laws count refunds, and each dispute is decided."""

_TO_THE_SHOP: Final = (
    *("restock LAST-TABLE 1", "restock SOLD-OUT-SOFA 2", "price RED-CHAIR 9950", "price LAST-TABLE 99000"),
    *(
        "retire RED-CHAIR",
        "offer RED-CHAIR",
        "erase alice",
        "erase bob",
        "reconcile full",
        "reconcile recent",
    ),
    *("queue 10", "queue 300", "queue 5000"),
    *("webhooks held", "webhooks repeated", "webhooks lost", "webhooks normal"),
)

_FUNCTIONS: Final = (
    *("submit_order", "cancel_order", "fulfil_order", "retry_order", "restock_inventory"),
    "receive_stripe_webhook",
    *sorted(
        handler.parent.name
        for room in ("saga", "events", "recovery")
        for handler in (REPOSITORY / "lambdas" / room).glob("*/handler.py")
    ),
)
_SERVICES: Final = (
    *("*: dynamodb UpdateItem orders", "*: dynamodb TransactWriteItems *", "*: dynamodb GetItem *"),
    *("*: dynamodb *", "*: stripe *", "*: stripe POST *", "*: stripe GET *", "*: states *", "*: events *"),
    *("*: ses *", "*: secretsmanager *", "saga: lambda *", "stream: lambda *", "queue: lambda *"),
)
_OF_STRIPE: Final[tuple[FaultKind, ...]] = ("unavailable", "error_before", "error_after")
_OUTAGE_SECONDS: Final = (2, 30, 300, 1800)


@dataclass(frozen=True)
class Happening:
    """Something that happens in a shop.

    Attributes:
        at: Seconds since the beginning.
        what: What happens; see the table of this module.
    """

    at: float
    what: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` makes.

        Raises:
            ValueError: The text is not a happening.
        """
        match = _HAPPENING.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a happening; an example of one: 3s cancel A alice")
        return cls(float(match["at"]), match["what"])

    def __str__(self) -> str:
        return f"{self.at:.10g}s {self.what}"


@dataclass(frozen=True)
class Shop:
    """A shop.

    Attributes:
        seed: Decides all delays.
        happenings: What happens.
        is_drawn: Whether the seed alone says what happens.
    """

    seed: int
    happenings: tuple[Happening, ...]
    is_drawn: bool = False

    @property
    def spelled_out(self) -> str:
        """Its text, with everything that happens."""
        return "; ".join([f"shop {self.seed}", *map(str, self.happenings)])

    def __str__(self) -> str:
        return f"shop {self.seed}" if self.is_drawn else self.spelled_out


def parse_shop(text: str) -> Shop:
    """Read a shop from the text that `str` makes of it.

    Raises:
        ValueError: The text is not a shop.
    """
    name, *happenings = text.split("; ")
    seed = int(name.removeprefix("shop "))
    return Shop(seed, tuple(map(Happening.parse, happenings))) if happenings else draw_shop(seed)


def draw_shop(seed: int) -> Shop:
    """The shop that a seed draws."""
    happenings = sorted(_Draw(seed).happenings(), key=lambda each: each.at)
    return Shop(seed, tuple(happenings), is_drawn=True)


class _Draw:
    def __init__(self, seed: int) -> None:
        self._random = Random(f"shop {seed}")  # noqa: S311 - it must be repeatable
        self._of_holds = Random(f"holds of shop {seed}")  # noqa: S311 - it must be repeatable
        self._holds = self._of_holds.random() < _HOLDS
        self._seconds = self._random.choice(_HOURS) * 3600
        bursts = self._random.randint(1, 3)
        self._bursts = [self._random.uniform(0, self._seconds) for _ in range(bursts)]

    def happenings(self) -> Iterator[Happening]:
        """Everything that happens, in any order."""
        if self._holds:
            yield self._at(0, "setting at_fulfilment")
            if self._of_holds.random() < _SOMETIMES:
                yield self._at(self._of_holds.uniform(0, self._seconds), "setting at_order")
        for label in ascii_uppercase[: self._random.randint(2, 8)]:
            yield from self._order(label)
        for what in self._random.choices(_TO_THE_SHOP, k=self._random.randint(0, 4)):
            yield self._at(self._near_a_burst(), what)
        if self._random.random() > _RARELY:
            for _ in range(self._random.randint(1, 5)):
                yield self._at(self._near_a_burst(), f"fault {self._injection()}")

    def _order(self, label: str) -> Iterator[Happening]:
        """An order, and what happens to it."""
        draw, at, customer = self._random, self._near_a_burst(), self._random.choice(_CUSTOMERS)
        cards = draw.choices((GOOD_CARDS, ASKING_CARDS, BAD_CARDS), weights=(6, 3, 1))[0]
        outcome = f" {draw.choice(_OUTCOMES)}" if draw.random() < _SOMETIMES else ""
        if self._holds:
            outcome += self._of_holds.choice(_OUTCOMES_OF_HOLDS)
            for what in self._of_holds.choices(_TO_A_HELD_PAYMENT, k=self._of_holds.choice((0, 1, 1, 2))):
                yield self._after(at, what.replace(" A", f" {label}"), self._of_holds)
        yield self._at(at, f"order {label} {customer} {self._items()} {draw.choice(cards)}{outcome}")
        if cards is ASKING_CARDS and draw.random() < _MOSTLY:
            yield self._after(at, draw.choice((f"approve {label}", f"approve {label}", f"refuse {label}")))
        if "charge_pending" in outcome and draw.random() < _MOSTLY:
            yield self._after(at, draw.choice((f"paid {label}", f"unpaid {label}")))
        seen = set[str]()
        for what in draw.choices(_TO_AN_ORDER, k=draw.choice((0, 0, 1, 1, 2, 3))):
            kind = what.partition(" ")[0]
            if kind in _ONCE and kind in seen:
                continue
            seen.add(kind)
            happening = self._after(at, what.format(customer=customer).replace(" A", f" {label}", 1))
            yield happening
            if kind in {"refund", "lines"} and draw.random() < _SOMETIMES:
                yield self._after(happening.at, f"return {label}")
            if kind == "dispute":
                yield self._after(happening.at, draw.choice((f"won {label}", f"lost {label}")))

    def _items(self) -> str:
        draw = self._random
        skus = dict.fromkeys(draw.choices(_SKUS, k=draw.choice((1, 1, 2))))
        if draw.random() < _RARELY:
            skus[draw.choice(_ODD_SKUS)] = None
        return ",".join(f"{sku}:{draw.choice((1, 1, 2))}" for sku in skus)

    def _injection(self) -> Injection:
        draw = self._random
        name = draw.choice(_SERVICES) if draw.random() < _SOMETIMES else f"{draw.choice(_FUNCTIONS)}: *"
        of_stripe = _OF_STRIPE if ": stripe " in name else ()
        kinds: tuple[InjectionKind, ...] = (*KINDS, "stop", *of_stripe)
        lasts = draw.choice((None, None, draw.choice(_OUTAGE_SECONDS)))
        kind = draw.choice(kinds)
        return Injection(kind, name, draw.randint(1, 6), None if kind == "stop" else lasts)

    def _near_a_burst(self) -> float:
        return (
            self._random.choice(self._bursts)
            + self._random.choice((0, 0, 0.1, 2, 30)) * self._random.random()
        )

    def _after(self, at: float, what: str, random: Random | None = None) -> Happening:
        random = random or self._random
        return self._at(at + random.expovariate(1 / random.choice(_DELAYS_SECONDS)), what)

    @staticmethod
    def _at(at: float, what: str) -> Happening:
        return Happening(round(at, 2), what)
