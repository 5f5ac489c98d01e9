"""Money: an integer number of minor units, and the currency's ISO 4217 code in lower case.

The currencies and their rules are Stripe's for cards (https://docs.stripe.com/currencies, September 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_AMOUNT: Final = 999_999_999_999
"""Minor units: Stripe charges cards for up to twelve digits, in every currency.

A card network or an account can allow less, as American Express does with nine digits. Stripe then refuses
the charge, which rejects the order.
"""


@dataclass(frozen=True, slots=True)
class Currency:
    """What Stripe charges in a currency.

    Attributes:
        decimals: Number of decimals of an amount.
        minimum: Smallest amount, in minor units. Stripe documents it for some currencies only. It checks the
            others after converting to the account's own, so here they have the smallest amount there is.
        multiple: An amount must be a multiple of this number of minor units: its last decimals must be zero.
    """

    decimals: int = 2
    minimum: int = 1
    multiple: int = 1


_OTHERS: Final = (
    "afn all amd ang aoa awg azn bam bbd bdt bmd bnd bob bsd bwp byn bzd cdf cny crc cve dop dzd egp etb "
    "fjd fkp gel gip gmd gtq gyd hnl htg jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt "
    "mop mur mvr mwk mzn nad ngn nio npr pab pen pgk pkr qar rsd sar sbd scr shp sle sos srd std szl tjs "
    "top try ttd twd tzs uah uyu uzs wst xcd xcg yer zmw"
)

CURRENCIES: Final[Mapping[str, Currency]] = {
    **dict.fromkeys(_OTHERS.split(), Currency()),
    "aed": Currency(minimum=2_00),
    "ars": Currency(minimum=50),
    "aud": Currency(minimum=50),
    "bgn": Currency(
        minimum=1_00
    ),  # not listed any more since Bulgaria has the euro; this is the last minimum
    "bhd": Currency(decimals=3, multiple=10),
    "bif": Currency(decimals=0),
    "brl": Currency(minimum=50),
    "cad": Currency(minimum=50),
    "chf": Currency(minimum=50),
    "clp": Currency(decimals=0),
    "cop": Currency(minimum=50),
    "czk": Currency(minimum=15_00),
    "djf": Currency(decimals=0),
    "dkk": Currency(minimum=2_50),
    "eur": Currency(minimum=50),
    "gbp": Currency(minimum=30),
    "gnf": Currency(decimals=0),
    "hkd": Currency(minimum=4_00),
    "huf": Currency(minimum=175_00),
    "idr": Currency(minimum=50),
    "ils": Currency(minimum=50),
    "inr": Currency(minimum=50),
    "isk": Currency(multiple=1_00),  # no decimals in fact, but Stripe keeps the two that it once had
    "jod": Currency(decimals=3, multiple=10),
    "jpy": Currency(decimals=0, minimum=50),
    "kmf": Currency(decimals=0),
    "krw": Currency(decimals=0, minimum=50),
    "kwd": Currency(decimals=3, multiple=10),
    "mga": Currency(decimals=0),
    "mxn": Currency(minimum=10_00),
    "myr": Currency(minimum=2_00),
    "nok": Currency(minimum=3_00),
    "nzd": Currency(minimum=50),
    "omr": Currency(decimals=3, multiple=10),
    "php": Currency(minimum=50),
    "pln": Currency(minimum=2_00),
    "pyg": Currency(decimals=0),
    "ron": Currency(minimum=2_00),
    "rub": Currency(minimum=50),
    "rwf": Currency(decimals=0),
    "sek": Currency(minimum=3_00),
    "sgd": Currency(minimum=50),
    "thb": Currency(minimum=10_00),
    "tnd": Currency(decimals=3, multiple=10),
    "ugx": Currency(multiple=1_00),  # as isk
    "usd": Currency(minimum=50),
    "vnd": Currency(decimals=0),
    "vuv": Currency(decimals=0),
    "xaf": Currency(decimals=0),
    "xof": Currency(decimals=0),
    "xpf": Currency(decimals=0),
    "zar": Currency(minimum=50),
}
"""The currencies that an order may use."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency.

    Attributes:
        amount: Minor units (cents, yen, fils).
        currency: ISO 4217 code, lower case.
    """

    amount: int
    currency: str

    def why_not_chargeable(self) -> str | None:
        """Why Stripe does not charge this amount, in a sentence for the customer; None if it does."""
        currency = CURRENCIES[self.currency]
        if self.amount < currency.minimum:
            return f"An order costs at least {Money(currency.minimum, self.currency)}; this one costs {self}."
        if self.amount > MAX_AMOUNT:
            return f"An order costs at most {Money(MAX_AMOUNT, self.currency)}; this one costs {self}."
        if self.amount % currency.multiple:
            step = Money(currency.multiple, self.currency)
            return f"An order costs a multiple of {step}; this one costs {self}."
        return None

    def __str__(self) -> str:
        """The amount as a person writes it: `379.00 USD`, `500 JPY`, `1.250 KWD`."""
        decimals = CURRENCIES[self.currency].decimals
        whole, part = divmod(self.amount, 10**decimals)
        fraction = f".{part:0{decimals}d}" if decimals else ""
        return f"{whole}{fraction} {self.currency.upper()}"
