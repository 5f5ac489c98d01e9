"""Money: an integer number of minor units, and the currency's ISO 4217 code in lower case.

Limits and numbers of decimals are Stripe's (https://docs.stripe.com/currencies#zero-decimal): most currencies
have two decimals, some have none, some have three.
"""

from dataclasses import dataclass
from typing import Final

_ZERO_DECIMAL: Final = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(),
)
_THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())
_TWO_DECIMAL: Final = frozenset(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils "
    "inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn "
    "nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd "
    "std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst yer zar zmw".split(),
)

CURRENCIES: Final = _ZERO_DECIMAL | _TWO_DECIMAL | _THREE_DECIMAL
"""The currencies that an order may use."""

MAX_AMOUNT: Final = 99_999_999
"""Eight digits of minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""

_MINIMUM: Final = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
"""Minor units, from the same page. Stripe checks other currencies after converting to the account's own."""

_ROUND_TO: Final = {"isk": 100, "ugx": 100, **dict.fromkeys(_THREE_DECIMAL, 10)}
"""An amount must be a multiple of this: the last decimals must be zero (docs.stripe.com/currencies)."""


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
        minimum, step = _MINIMUM.get(self.currency, 1), _ROUND_TO.get(self.currency, 1)
        if self.amount < minimum:
            return f"An order costs at least {Money(minimum, self.currency)}; this one costs {self}."
        if self.amount > MAX_AMOUNT:
            return f"An order costs at most {Money(MAX_AMOUNT, self.currency)}; this one costs {self}."
        if self.amount % step:
            return f"An order costs a multiple of {Money(step, self.currency)}; this one costs {self}."
        return None

    def __str__(self) -> str:
        """The amount as a person writes it: `379.00 USD`, `500 JPY`, `1.250 KWD`."""
        decimals = 0 if self.currency in _ZERO_DECIMAL else 3 if self.currency in _THREE_DECIMAL else 2
        whole, part = divmod(self.amount, 10**decimals)
        fraction = f".{part:0{decimals}d}" if decimals else ""
        return f"{whole}{fraction} {self.currency.upper()}"
