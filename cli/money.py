"""Amounts as people read and write them. The API counts minor units (cents, yen, fils)."""

from decimal import Decimal
from typing import Final

ZERO_DECIMAL: Final = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
"""Stripe's convention (https://docs.stripe.com/currencies#zero-decimal); all other currencies have two."""


def decimals_of(currency: str) -> int:
    """How many decimals an amount in this currency has."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def format_amount(minor_units: int | None, currency: str) -> str:
    """Write an amount for a person: `379.00 USD`, `500 JPY`; a dash where there is none yet."""
    if minor_units is None:
        return "-"
    decimals = decimals_of(currency)
    return f"{Decimal(minor_units).scaleb(-decimals):.{decimals}f} {currency.upper()}"


def parse_amount(text: str, currency: str) -> int:
    """Read what a person wrote: `79.50` is 7950 cents.

    Raises:
        ValueError: It is no amount in this currency; the message says why.
    """
    decimals = decimals_of(currency)
    try:
        minor_units = Decimal(text).scaleb(decimals)
        whole = int(minor_units)
    except (ArithmeticError, ValueError):  # no number, or none that is finite
        raise ValueError(f"{text!r} is not an amount like 79.50") from None
    if whole != minor_units:
        raise ValueError(f"{text} has more than the {decimals} decimals of {currency.upper()}")
    return whole
