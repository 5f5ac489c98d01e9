"""The request of `POST /orders/{order_id}/refunds`."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, Json, model_validator

from lambdas.domain.money import MAX_AMOUNT
from lambdas.shared.rest.fields import WHOLE_NUMBER, Reason
from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel
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
        Field(ge=1, le=MAX_AMOUNT, description="Minor units to refund instead of units."),
        WHOLE_NUMBER,
    ] = None
    restock: Annotated[
        bool, Field(description="Whether the units go back into stock; without, they stay gone.")
    ] = False
    reason: Annotated[Reason, Field(description="For other operators. The customer never sees it.")]

    @model_validator(mode="after")
    def _either_items_or_an_amount(self) -> Self:
        if (self.items is None) == (self.amount is None):
            raise ValueError("must have either items or an amount")
        if self.restock and self.items is None:
            raise ValueError("only items can be restocked")
        return self


class RequestRefundRequest(RequestModel):
    """`POST /orders/{order_id}/refunds`."""

    headers: IdempotentHeaders
    body: Json[RequestRefund]
