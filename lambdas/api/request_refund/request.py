"""The request of `POST /orders/{order_id}/refunds`."""

from typing import Annotated

from pydantic import AfterValidator, Field, Json

from lambdas.domain.money import MAX_AMOUNT
from lambdas.shared.rest.fields import WHOLE_NUMBER, Reason
from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel
from lambdas.shared.rest.problem import FieldError, invalid_request
from lambdas.shared.submission.request import MAX_LINES, SubmitOrderItem, each_sku_once


class RefundItem(SubmitOrderItem):
    """Units of one SKU to refund."""


class RequestRefund(RequestModel):
    """A refund of some units of a confirmed order, or of an amount, such as the shipping."""

    items: Annotated[
        Annotated[list[RefundItem], AfterValidator(each_sku_once)] | None,
        Field(
            min_length=1,
            max_length=MAX_LINES,
            description="The units to refund, at the price that the customer paid.",
        ),
    ] = None
    amount: Annotated[
        int | None,
        Field(ge=1, le=MAX_AMOUNT, description="Amount to refund, in minor units, instead of `items`."),
        WHOLE_NUMBER,
    ] = None
    restock: Annotated[bool, Field(description="Whether the units go back into stock.")] = False
    reason: Annotated[Reason, Field(description="For other operators. The customer never sees it.")]

    def ensure_one_kind(self) -> None:
        """Reject a refund of both units and an amount, of neither, or of an amount that is restocked.

        Raises:
            Problem: It is one of these (400).
        """
        if (self.items is None) == (self.amount is None):
            raise invalid_request(FieldError("items", "must be present if `amount` is not, and only then"))
        if self.restock and self.items is None:
            raise invalid_request(FieldError("items", "must be present if `restock` is true"))


class RequestRefundRequest(RequestModel):
    """`POST /orders/{order_id}/refunds`."""

    headers: IdempotentHeaders
    body: Json[RequestRefund]
