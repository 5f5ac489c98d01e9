"""Writes an amount as customers of its currency read it in English: `$1,379.00`, `¥500`, `KWD 1.250`.

The language of the mails decides the separators and the place of the symbol; the currency decides the symbol
and the decimals. See docs/decisions/038-mails-are-our-own-templates.md.
"""

from typing import Final

from lambdas.domain.money import CURRENCIES, Money

_SYMBOLS: Final = {
    "aud": "A$",
    "brl": "R$",
    "cad": "CA$",
    "cny": "CN¥",
    "eur": "€",
    "gbp": "£",
    "hkd": "HK$",
    "ils": "₪",
    "inr": "₹",
    "jpy": "¥",
    "krw": "₩",
    "mxn": "MX$",
    "nzd": "NZ$",
    "php": "₱",
    "twd": "NT$",
    "usd": "$",
    "vnd": "₫",
    "xaf": "FCFA",
    "xcd": "EC$",
    "xcg": "Cg.",
    "xof": "F\u202fCFA",
    "xpf": "CFPF",
}
"""Symbols of the currencies that have one in English; the others have their code. No two are the same.

Source: locale `en` of Unicode's CLDR 46 (https://cldr.unicode.org), as Babel 2.17 has it.
"""

_NO_BREAK_SPACE: Final = "\u00a0"


def price_text(money: Money) -> str:
    """The amount with symbol and separators. Letters are set off by a space at which no line breaks.

    A currency whose decimals Stripe keeps, but requires to be zero, is written without them: `ISK 1,500`.
    """
    currency = CURRENCIES[money.currency]
    whole, part = divmod(money.amount, 10**currency.decimals)
    has_decimals = part or currency.multiple < 10**currency.decimals
    number = f"{whole:,}.{part:0{currency.decimals}d}" if has_decimals else f"{whole:,}"
    symbol = _SYMBOLS.get(money.currency, money.currency.upper())
    return f"{symbol}{_NO_BREAK_SPACE if symbol[-1].isalpha() else ''}{number}"
