"""The errors of AWS that a state can fail with, and what then becomes of the order.

The emulator knows few of them. `Lambda.` stands before the name of an error of Lambda's `Invoke`.
"""

from dataclasses import dataclass
from typing import Final

from statemachines.document import CAUGHT_BY_NOTHING

_STEP_FUNCTIONS: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"
_LAMBDA: Final = "https://docs.aws.amazon.com/lambda/latest"
_RUNTIME_CLIENT: Final = "https://github.com/aws/aws-lambda-python-runtime-interface-client"


@dataclass(frozen=True, slots=True)
class AwsError:
    """An error of AWS.

    Attributes:
        names: Its names in Step Functions.
        meaning: When it occurs.
        source: Page of AWS that documents it.
    """

    names: tuple[str, ...]
    meaning: str
    source: str

    @property
    def is_recovered(self) -> bool:
        """Whether it fails the execution, so that the recovery starts another one; others are retried."""
        return CAUGHT_BY_NOTHING.issuperset(self.names)


AWS_ERRORS: Final = (
    AwsError(
        (
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
        ),
        "Lambda fails, or Step Functions can't reach it",
        f"{_STEP_FUNCTIONS}/bp-lambda-serviceexception.html",
    ),
    AwsError(
        ("Lambda.TooManyRequestsException",),
        "Lambda throttles the function",
        f"{_STEP_FUNCTIONS}/bp-lambda-serviceexception.html",
    ),
    AwsError(
        (
            "Lambda.KMSAccessDeniedException",
            "Lambda.KMSDisabledException",
            "Lambda.KMSInvalidStateException",
            "Lambda.KMSNotFoundException",
        ),
        "Lambda can't decrypt the function's environment variables",
        f"{_LAMBDA}/api/API_Invoke.html",
    ),
    AwsError(
        ("Lambda.ResourceConflictException", "Lambda.ResourceNotFoundException"),
        "The function is being updated or replaced",
        f"{_LAMBDA}/api/API_Invoke.html",
    ),
    AwsError(
        ("Lambda.Unknown", "Runtime.ExitError"),
        "The function used up its memory, or its process was killed",
        f"{_STEP_FUNCTIONS}/bp-lambda-serviceexception.html",
    ),
    AwsError(
        ("Sandbox.Timedout",),
        "The function reached its timeout",
        f"{_LAMBDA}/dg/troubleshooting-invocation.html",
    ),
    AwsError(
        ("Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError"),
        "The function's code can't be loaded",
        f"{_RUNTIME_CLIENT}/blob/main/awslambdaric/lambda_runtime_exception.py",
    ),
    AwsError(
        ("ClientError", "AccessDeniedException"),
        "A function's call to AWS is denied, for some seconds after a deployment has given the permission",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html",
    ),
    AwsError(
        ("States.Timeout",),
        "The call of the function has no reply; at the deadline of `AwaitPayment`, see law 9",
        f"{_STEP_FUNCTIONS}/concepts-error-handling.html",
    ),
    AwsError(
        ("States.Permissions",),
        "The state machine may not call the function",
        f"{_STEP_FUNCTIONS}/concepts-error-handling.html",
    ),
    AwsError(
        ("States.QueryEvaluationError",),
        "An expression of the definition fails",
        f"{_STEP_FUNCTIONS}/concepts-error-handling.html",
    ),
    AwsError(
        ("States.DataLimitExceeded",),
        "The input or output of a state is larger than Step Functions allows",
        f"{_STEP_FUNCTIONS}/concepts-error-handling.html",
    ),
    AwsError(
        ("States.Runtime",),
        "Step Functions can't process the state",
        f"{_STEP_FUNCTIONS}/concepts-error-handling.html",
    ),
)
"""Other errors of `Invoke` concern VPCs, file systems, snapshots and durable functions. They are retried."""
