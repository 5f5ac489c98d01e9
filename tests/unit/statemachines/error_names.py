"""The error names that a definition can use."""

from collections.abc import Iterator

from botocore.session import Session

from lambdas.domain import errors
from statemachines.aws_errors import AWS_ERRORS
from statemachines.document import ANY_ERROR, CAUGHT_BY_NOTHING


def descendants(error: type[Exception]) -> Iterator[str]:
    """The names of all subclasses, a new one included."""
    for subclass in error.__subclasses__():
        if subclass.__module__ == errors.__name__:
            yield subclass.__name__
            yield from descendants(subclass)


OURS = frozenset(descendants(errors.OrderSagaError))
OUR_TRANSIENT = frozenset(descendants(errors.TransientFailure))
OUR_REJECTIONS = frozenset(descendants(errors.OrderRejected))
BRANCHES = frozenset(
    error.__name__ for error in errors.OrderSagaError.__subclasses__() if error.__subclasses__()
)
FINAL = OURS - OUR_TRANSIENT - BRANCHES
"""Errors of ours that no retry can mend."""

CONFIRMED_AFTER_ALL = errors.OrderAlreadyConfirmed.__name__
LATER = errors.ChargeScheduled.__name__
REFUND_ASKED = errors.LineRefundDue.__name__
CAPTURE_ASKED = errors.CaptureDue.__name__
CUSTOMER_ASKED = errors.PaymentActionRequired.__name__

DEADLINE = "States.Timeout"
"""The deadline of a task that waits for its token; for any other task, a call that failed."""

INVOKE_ERRORS = frozenset(
    f"Lambda.{shape.name}"
    for shape in Session().get_service_model("lambda").operation_model("Invoke").error_shapes
)
"""Every error of Lambda's `Invoke` that the SDK knows."""

OF_AWS = INVOKE_ERRORS.union(*(error.names for error in AWS_ERRORS))

RETRIED = OUR_TRANSIENT | OF_AWS - CAUGHT_BY_NOTHING | {"ErrorThatNobodyKnows"}

KNOWN = OURS | {ANY_ERROR, DEADLINE}
