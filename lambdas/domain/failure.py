"""Turns an error that Step Functions caught into the reason that a customer or an operator reads."""

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdas.domain import errors
from lambdas.domain.order import Failure, Order
from lambdas.domain.vocabulary import FailureCode

INTERNAL_ERROR: Final = Failure(
    FailureCode.INTERNAL_ERROR, "Something went wrong on our side; your order was not completed."
)

RETURNED: Final = Failure(FailureCode.RETURNED, "The goods were returned after they had been sent.")

AUTHORIZATION_ENDED: Final = Failure(
    FailureCode.PAYMENT_EXPIRED, "The authorization of the payment ended before the order was sent."
)

_HUMAN_NEEDED: Final = {cls.__name__ for cls in errors.HumanNeeded.__subclasses__()}
_REJECTIONS: Final = {cls.__name__: cls for cls in errors.OrderRejected.__subclasses__()}


def failure_of(error_output: Mapping[str, Any], order: Order) -> Failure:
    """The reason why an order is undone.

    Args:
        error_output: Step Functions' error output: `{"Error": name, "Cause": text}`. For an exception in
            a Lambda function, `Cause` is JSON with `errorMessage`
            (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
        order: The order. If somebody asked to cancel it, that is the reason, whatever was caught: after its
            goods were handed over, it is a return.

    Returns:
        The code and a sentence for the customer. Every error that is not a rejection is an internal error;
        its details are only in the logs.
    """
    if order.cancel_requested_by is not None:
        by = order.cancel_requested_by
        if by == "payment_provider":
            return AUTHORIZATION_ENDED
        if order.fulfilment is not None:
            return RETURNED
        return Failure(f"cancelled_by_{by}", f"The order was cancelled by the {by}.")
    rejection = _REJECTIONS.get(str(error_output.get("Error")))
    if rejection is None:
        return INTERNAL_ERROR
    return Failure(rejection.failure_code, _error_message(error_output) or INTERNAL_ERROR.message)


def may_pass(error_output: Mapping[str, Any]) -> bool:
    """Whether the error may pass without a human, as an outage does: it is not a `HumanNeeded`."""
    return str(error_output.get("Error")) not in _HUMAN_NEEDED


def reason_for_operator(error_output: Mapping[str, Any]) -> str:
    """The reason that an operator reads: the name of the error, and the message if it is a `HumanNeeded`."""
    name = str(error_output.get("Error"))
    message = _error_message(error_output) if name in _HUMAN_NEEDED else None
    return f"{name}: {message}" if message else name


def _error_message(error_output: Mapping[str, Any]) -> str | None:
    try:
        cause = json.loads(error_output.get("Cause", ""))
    except (TypeError, ValueError):
        return None
    message = cause.get("errorMessage") if isinstance(cause, dict) else None
    return message if isinstance(message, str) else None
