"""Formats and parses amounts. The API has integers in minor units (cents, yen, fils)."""

import re
from decimal import Decimal
from typing import Final

import typer

ZERO_DECIMAL: Final = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
"""Stripe's convention (https://docs.stripe.com/currencies#zero-decimal); all other currencies have two."""

_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
"""At most fifteen digits, which is more than the API accepts, so that the API explains its own limit."""


def decimals_of(currency: str) -> int:
    """Get the number of decimals of a currency."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def format_amount(minor_units: int | None, currency: str) -> str:
    """Format an amount: `379.00 USD`, `500 JPY`, or a dash for None."""
    if minor_units is None:
        return "-"
    decimals = decimals_of(currency)
    return f"{Decimal(minor_units).scaleb(-decimals):.{decimals}f} {currency.upper()}"


def parse_amount(text: str, currency: str) -> int:
    """Parse an amount: `79.50` is 7950 cents.

    Raises:
        ValueError: The text is not an amount in this currency; the message says why.
    """
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount such as 79.50")
    decimals = decimals_of(currency)
    minor_units = Decimal(text).scaleb(decimals)
    whole = int(minor_units)
    if whole != minor_units:
        raise ValueError(f"{text} has more than the {decimals} decimals of {currency.upper()}")
    return whole


def parse_option(text: str, currency: str, option: str) -> int:
    """Parse the amount that an option of a command has.

    Raises:
        typer.BadParameter: The text is not an amount in this currency.
    """
    try:
        return parse_amount(text, currency)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
