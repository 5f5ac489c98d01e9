"""The plot in the docs shows what the model computes."""

from pathlib import Path

from proof.scale.sale_plot import PLOT, draw_sales


def test_the_plot_of_the_docs_is_up_to_date(tmp_path: Path) -> None:
    drawn = tmp_path / "sale.svg"

    draw_sales(drawn)

    is_stale = drawn.read_bytes() != PLOT.read_bytes()
    assert not is_stale, f"{PLOT.name} is out of date: run `python -m proof scale`"
