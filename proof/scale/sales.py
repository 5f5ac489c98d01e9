"""The flash sales that docs/scale.md shows."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from proof.scale.flash_sale import Sale, SaleResult, play
from proof.scale.limits import LARGE, USUAL

RAISED_CHARGE_RATE: Final = 200
"""Charges a second after Stripe has raised its limit for an endpoint to 250."""

SALES: Final = {
    "`charge_rate` 20, as in `prod`": Sale(
        account=USUAL, charge_rate=USUAL.stage.charge_rate, mails=USUAL.mails
    ),
    "`charge_rate` 200, nothing else": Sale(account=USUAL, charge_rate=RAISED_CHARGE_RATE, mails=USUAL.mails),
    "`charge_rate` 200, more quotas, divided stock": Sale(
        account=LARGE, charge_rate=RAISED_CHARGE_RATE, mails=RAISED_CHARGE_RATE, stock_items=50
    ),
}
"""Sales by their names: 10,000 orders in 10 seconds."""


@cache
def played() -> Sequence[tuple[str, SaleResult]]:
    """Play each sale once."""
    return [(name, play(sale)) for name, sale in SALES.items()]
