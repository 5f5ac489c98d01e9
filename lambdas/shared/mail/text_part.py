"""The text part of a mail, for readers without HTML."""

from collections.abc import Iterator

from lambdas.shared.mail.letter import Goods, Letter


def text_part(letter: Letter) -> str:
    """The letter as plain text: paragraphs with an empty line between them."""
    return "\n\n".join(_paragraphs(letter)) + "\n"


def _paragraphs(letter: Letter) -> Iterator[str]:
    yield letter.subject
    yield from letter.opening
    if letter.link is not None:
        yield f"{letter.link.label}:\n{letter.link.url}"
    if letter.goods:
        total = [f"Total: {letter.total}"] if letter.total is not None else []
        yield "\n".join([*map(_line, letter.goods), *total])
    yield from letter.closing
    yield f"Order {letter.order_id}"


def _line(goods: Goods) -> str:
    """`2 x Crunchy armchair, $379.00 each: $758.00`."""
    text = f"{goods.quantity} x {goods.name}"
    return f"{text}, {goods.unit_price} each: {goods.price}" if goods.price is not None else text
