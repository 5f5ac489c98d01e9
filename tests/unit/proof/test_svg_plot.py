"""The same numbers are drawn as the same bytes."""

from pathlib import Path

from matplotlib import rcParams

from proof.svg_plot import svg_plot


def draw(path: Path, last: int) -> bytes:
    with svg_plot(path) as figure:
        axes = figure.subplots()
        axes.plot([0, 1, 2], [0, 1, last], label="orders")
        axes.set_title("Orders that wait")
        axes.legend()
    return path.read_bytes()


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    assert draw(tmp_path / "a.svg", 4) == draw(tmp_path / "b.svg", 4)


def test_other_numbers_give_other_bytes(tmp_path: Path) -> None:
    assert draw(tmp_path / "a.svg", 4) != draw(tmp_path / "b.svg", 5)


def test_words_of_a_plot_stay_text_and_a_date_is_missing(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "images" / "a.svg", 4).decode()

    assert ">Orders that wait</text>" in drawn
    assert "dc:date" not in drawn


def test_a_plot_leaves_the_settings_of_matplotlib_alone(tmp_path: Path) -> None:
    before = dict(rcParams)

    draw(tmp_path / "a.svg", 4)

    assert dict(rcParams) == before
