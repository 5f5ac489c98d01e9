"""Adds customers who sign up themselves to the group `customers`; users in no group may do nothing."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.vocabulary import UserGroup
from lambdas.shared.aws import cognito
from lambdas.shared.log import logger

_SIGNED_UP: Final = "PostConfirmation_ConfirmSignUp"


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Enroll a user who has confirmed a sign-up, and return the event, as Cognito requires.

    Cognito also calls the function after a new password is confirmed. That changes no group: an operator
    remains one, and a user whom an operator has removed from the group does not return to it.

    Before the call Cognito has confirmed the user. It waits five seconds, and may repeat the call. If all
    calls fail, the user remains in no group until an operator acts on the alarm `EnrollCustomerFailed`.

    Source, read in November 2026:
    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
    """
    if event["triggerSource"] == _SIGNED_UP:
        # Users sign in with their address, so the user name is an id. An operator needs it if the call fails.
        logger.info("customer signed up", extra={"customer_id": event["userName"]})
        cognito().admin_add_user_to_group(
            UserPoolId=event["userPoolId"], Username=event["userName"], GroupName=UserGroup.CUSTOMERS
        )
    return event
