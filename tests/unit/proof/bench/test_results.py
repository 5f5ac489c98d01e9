"""What a part measured is stored beside the other parts, and read back."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from proof.bench.results import Conditions, conditions_of, read, save

IDLE = Conditions("2026-11-27T10:00:00+00:00", 2, 0.1, "3.11.7")


@dataclass(frozen=True)
class Sizes:
    """A measurement."""

    sizes: dict[str, float]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "results.json"


def test_what_was_measured_is_read_back_with_its_conditions(file: Path) -> None:
    save("sizes", IDLE, Sizes({"small": 0.5}), file)

    assert read("sizes", Sizes, file) == Sizes({"small": 0.5})
    assert conditions_of("sizes", file) == IDLE


def test_a_part_that_is_measured_again_leaves_the_others(file: Path) -> None:
    save("sizes", IDLE, Sizes({"small": 0.5}), file)
    save("other", IDLE, Sizes({"large": 7.5}), file)

    save("sizes", IDLE, Sizes({"small": 0.25}), file)

    assert read("sizes", Sizes, file).sizes == {"small": 0.25}
    assert read("other", Sizes, file).sizes == {"large": 7.5}


def test_a_part_that_was_never_measured_is_no_number(file: Path) -> None:
    save("sizes", IDLE, Sizes({}), file)

    with pytest.raises(LookupError, match="make bench"):
        read("other", Sizes, file)
