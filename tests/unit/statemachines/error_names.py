"""The error names that a definition can use."""

from collections.abc import Iterator

from lambdas.domain import errors
from statemachines.document import ANY_ERROR


def descendants(error: type[Exception]) -> Iterator[str]:
    """The names of all subclasses, a new one included."""
    for subclass in error.__subclasses__():
        if subclass.__module__ == errors.__name__:
            yield subclass.__name__
            yield from descendants(subclass)


OURS = frozenset(descendants(errors.OrderSagaError))
OUR_TRANSIENT = frozenset(descendants(errors.TransientFailure))
OUR_REJECTIONS = frozenset(descendants(errors.OrderRejected))
NEED_A_HUMAN = frozenset(descendants(errors.HumanNeeded))
CONFIRMED_AFTER_ALL = errors.OrderAlreadyConfirmed.__name__
CUSTOMER_ASKED = errors.PaymentActionRequired.__name__

DEADLINE = "States.Timeout"
"""The deadline of a task that waits for its token; for any other task, a call that failed."""

AWS_TRANSIENT = frozenset(
    {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        DEADLINE,
    }
)
"""Failures of the call, not of the function: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html."""

TRANSIENT = OUR_TRANSIENT | AWS_TRANSIENT

WILDCARDS = frozenset({ANY_ERROR, "States.TaskFailed"})

KNOWN = OURS | AWS_TRANSIENT | WILDCARDS | {"States.HeartbeatTimeout", "States.Permissions"}
"""https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html."""
