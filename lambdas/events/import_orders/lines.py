"""Splits a file into its lines, of which it holds one at a time."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lambdas.domain.vocabulary import MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    Attributes:
        number: The first line of a file is 1.
        end: Offset of the first byte behind the line and its line feed.
        text: The line without its line feed; None if it is longer than `MAX_BODY_BYTES`.
    """

    number: int
    end: int
    text: bytes | None

    @property
    def is_blank(self) -> bool:
        """Whether it has nothing but blanks."""
        return self.text is not None and not self.text.strip()


def split_lines(chunks: Iterable[bytes], *, offset: int, number: int) -> Iterator[Line]:
    """The lines of the rest of a file. The last one needs no line feed.

    Args:
        chunks: The bytes from the offset on, in pieces of any length.
        offset: Where the rest begins: at the beginning of a line.
        number: How many lines are before it.
    """
    text, length = b"", 0
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for piece in ends:
            text, length = _longer(text, length, piece)
            number, offset = number + 1, offset + length + 1
            yield _line(number, offset, text, length)
            text, length = b"", 0
        text, length = _longer(text, length, rest)
    if length:
        yield _line(number + 1, offset + length, text, length)


def _longer(text: bytes, length: int, piece: bytes) -> tuple[bytes, int]:
    """A line with one more piece; the text of one that is too long is not kept."""
    length += len(piece)
    return (text + piece if length <= MAX_BODY_BYTES else b""), length


def _line(number: int, end: int, text: bytes, length: int) -> Line:
    if number == 1:
        text = text.removeprefix(codecs.BOM_UTF8)  # some editors and spreadsheets write one
    return Line(number, end, text if length <= MAX_BODY_BYTES else None)
