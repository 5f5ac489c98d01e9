"""Writes the results of a long run into docs/reliability.md, where they stay until the next run."""

from pathlib import Path

from local.processes import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "reliability.md"

_END = "<!-- end -->"


def write_results(name: str, text: str, document: Path = DOCUMENT) -> None:
    """Replace what is between a document's marks `<!-- NAME -->` and `<!-- end -->`.

    Raises:
        ValueError: The document does not have these marks.
    """
    begin = f"<!-- {name} -->"
    before, found, rest = document.read_text().partition(begin)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise ValueError(f"{document.name} has no part between {begin} and {_END}")
    document.write_text(f"{before}{begin}\n\n{text}\n\n{_END}{after}")
