"""The HTML part of a mail: one column, readable on a phone, in light and in dark.

Mail clients know less than browsers. So each element has its style inline, for light; the style sheet only
adds the colours for dark, and clients that ignore it show the light ones
(https://www.caniemail.com/features/css-at-media-prefers-color-scheme/, November 2026). The tables that make
the layout are marked as presentation for screen readers. There are no images and no remote content, so
nothing is blocked, and nobody learns when the mail is opened.
"""

from collections.abc import Iterator
from html import escape
from typing import Final

from lambdas.shared.mail.letter import Goods, Letter

_FONT: Final = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

_INHERITED: Final = "color:inherit;font-size:inherit;line-height:inherit"
"""Tables do not inherit these in every client (https://www.caniemail.com, November 2026)."""

_PAGE: Final = "background-color:#f2f4f6"
_CARD: Final = "background-color:#ffffff"
_INK: Final = "color:#1c2127"
_QUIET: Final = "color:#57606a"
_RULE: Final = "border-bottom:1px solid #d8dee4"
_BUTTON: Final = "background-color:#0b5cad;color:#ffffff"

_DARK: Final = """\
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
.page { background-color: #14171a !important; }
.card { background-color: #1f2428 !important; }
.ink { color: #e6e9ec !important; }
.quiet { color: #aab2ba !important; }
.rule { border-color: #444c54 !important; }
.button { background-color: #8ec5ff !important; color: #10151a !important; }
}
"""

_BODY: Final = f"padding:24px;{_FONT};font-size:16px;line-height:24px;{_INK}"
_SMALL: Final = f"font-size:14px;line-height:20px;{_QUIET}"
_CELL: Final = f"padding:10px 0;vertical-align:top;overflow-wrap:anywhere;{_RULE}"
_PRICE: Final = f"padding:10px 0 10px 12px;vertical-align:top;text-align:right;white-space:nowrap;{_RULE}"


def html_part(letter: Letter) -> str:
    """The letter as a page."""
    subject = escape(letter.subject)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
<style>
{_DARK}</style>
</head>
<body class="page" style="margin:0;padding:0;{_PAGE}">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="{_PAGE}">
<tr><td align="center" style="padding:16px 8px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" \
style="max-width:560px;border-radius:8px;{_CARD}">
<tr><td role="main" class="ink" align="left" style="{_BODY}">
<h1 style="margin:0 0 16px;font-size:22px;line-height:28px">{subject}</h1>
{"".join(_parts(letter))}\
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""


def _parts(letter: Letter) -> Iterator[str]:
    yield from map(_paragraph, letter.opening)
    if letter.link is not None:
        yield (
            f'<p style="margin:0 0 16px"><a class="button" href="{escape(letter.link.url)}" '
            f'style="display:inline-block;padding:12px 20px;border-radius:6px;font-weight:bold;'
            f'text-decoration:none;{_BUTTON}">{escape(letter.link.label)}</a></p>\n'
        )
    if letter.goods:
        yield _goods_table(letter)
    yield from map(_paragraph, letter.closing)
    number = f"Order {escape(letter.order_id)}"
    yield f'<p class="quiet" style="margin:0;overflow-wrap:anywhere;{_SMALL}">{number}</p>\n'


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 16px;overflow-wrap:anywhere">{escape(text)}</p>\n'


def _goods_table(letter: Letter) -> str:
    """The lines of the order; the quantity is below the product's name, so that both columns fit a phone."""
    heads, total = _head("Product", _CELL), ""
    if letter.total is not None:
        heads += _head("Price", _PRICE)
        total = (
            '<tr><th scope="row" style="padding:10px 0;text-align:left">Total</th>'
            '<td style="padding:10px 0 10px 12px;text-align:right;white-space:nowrap;font-weight:bold">'
            f"{escape(letter.total)}</td></tr>\n"
        )
    return (
        '<table width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px;border-collapse:collapse;'
        f'{_INHERITED}">\n<tr>{heads}</tr>\n{"".join(map(_row, letter.goods))}{total}</table>\n'
    )


def _head(name: str, style: str) -> str:
    return f'<th scope="col" class="rule quiet" style="text-align:left;{style};{_SMALL}">{name}</th>'


def _row(goods: Goods) -> str:
    quantity, price = f"Quantity: {goods.quantity}", ""
    if goods.unit_price is not None and goods.price is not None:
        quantity = f"{goods.quantity} &times; {escape(goods.unit_price)}"
        price = f'<td class="rule" style="{_PRICE}">{escape(goods.price)}</td>'
    return (
        f'<tr><td class="rule" style="{_CELL}">{escape(goods.name)}<br>'
        f'<span class="quiet" style="{_SMALL}">{quantity}</span></td>{price}</tr>\n'
    )
