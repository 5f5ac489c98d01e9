"""`python -m proof scale`: which limit breaks first, and how a flash sale goes."""

import sys

from proof.scale.sale_plot import PLOT, sale_plot
from proof.scale.tables import limit_table, rate_table, sale_table


def main() -> int:
    """Print the tables and draw the plot of docs/scale.md.

    Returns:
        The exit code, 0.
    """
    sys.stdout.write(f"{rate_table()}\n\n{limit_table()}\n\n{sale_table()}\n\n")
    PLOT.write_text(sale_plot(), encoding="utf-8")
    sys.stdout.write(f"The plot is in {PLOT}.\n")
    return 0
