"""Orders to submit."""

from typing import Final

from cli.shapes import ItemJson, SubmissionJson


def an_order(
    *items: tuple[str, int],
    currency: str = "usd",
    payment_method: str = "pm_card_visa",
) -> SubmissionJson:
    """An order; by default two armchairs and a good card.

    Args:
        items: SKU and units of each line.
        currency: ISO 4217 code.
        payment_method: Id of a Stripe payment method.
    """
    return {
        "currency": currency,
        "items": [ItemJson(sku=sku, quantity=units) for sku, units in items or (("CRUNCHY-ARMCHAIR", 2),)],
        "payment_method": payment_method,
    }


HAPPY: Final = an_order(("CRUNCHY-ARMCHAIR", 2), ("RED-CHAIR", 1), ("TASTELESS-LAMP", 3))
LAST_UNIT: Final = an_order(("LAST-TABLE", 1))
DECLINED: Final = an_order(payment_method="pm_card_visa_chargeDeclined")
NEEDS_APPROVAL: Final = an_order(payment_method="pm_card_authenticationRequired")
APPROVED_BUT_DECLINED: Final = an_order(
    payment_method="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
)
