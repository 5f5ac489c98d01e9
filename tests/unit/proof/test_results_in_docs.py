"""Results of long runs are written between the marks of a document."""

from pathlib import Path

import pytest

from proof.results_in_docs import write_results


def test_only_the_part_between_the_marks_is_replaced(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- results -->\nold\n<!-- end -->\nafter <!-- end -->\n")

    write_results("results", "new", document)

    assert document.read_text() == "before\n<!-- results -->\n\nnew\n\n<!-- end -->\nafter <!-- end -->\n"


def test_a_document_without_the_marks_is_an_error(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("no marks")

    with pytest.raises(ValueError, match=r"page\.md has no part between <!-- results --> and <!-- end -->"):
        write_results("results", "new", document)
