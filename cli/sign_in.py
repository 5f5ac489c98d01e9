"""Sign-in to a stage's user pool."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from cli.aws import aws_errors, chosen_region
from cli.errors import NotSignedIn
from cli.saved_sign_in import SignIn

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import AuthenticationResultTypeTypeDef

    from cli.aws import StageOutputs

Question = Literal["NEW_PASSWORD", "SOFTWARE_TOKEN_MFA_CODE"]

_QUESTION_OF_CHALLENGE: Final[dict[str, Question]] = {
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",  # at the first sign-in
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
}


def sign_in(outputs: "StageOutputs", username: str, password: str, ask: Callable[[Question], str]) -> SignIn:
    """Exchange a password for a token.

    Args:
        outputs: Outputs of the stage.
        username: E-mail address of the user.
        password: Password of the user.
        ask: Asks the user for a new password or a code, if Cognito requires one.

    Raises:
        NotSignedIn: Cognito rejects the sign-in, or requires a challenge that is not supported here.
        Unavailable: Cognito is unreachable.
    """
    result = _authenticate(outputs.client_id, username, password, ask)
    return SignIn(
        api_url=outputs.api_url,
        token=result["IdToken"],
        expires_at=time.time() + result["ExpiresIn"],
    )


def _authenticate(
    client_id: str, username: str, password: str, ask: Callable[[Question], str]
) -> "AuthenticationResultTypeTypeDef":
    import boto3  # noqa: PLC0415 - slow to import, and most commands need no AWS
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see above

    with aws_errors("The user pool is not accessible"):
        cognito = boto3.client("cognito-idp", region_name=chosen_region())
        try:
            answer: Any = cognito.initiate_auth(  # the response to a challenge has another type
                ClientId=client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )
            while "AuthenticationResult" not in answer:
                challenge = answer["ChallengeName"]
                if challenge not in _QUESTION_OF_CHALLENGE:
                    raise NotSignedIn(
                        "This sign-in requires a browser", f"The user pool requires {challenge}."
                    )
                question = _QUESTION_OF_CHALLENGE[challenge]
                answer = cognito.respond_to_auth_challenge(
                    ClientId=client_id,
                    ChallengeName=challenge,
                    Session=answer["Session"],
                    ChallengeResponses={"USERNAME": username, question: ask(question)},
                )
        except ClientError as error:
            raise NotSignedIn("The sign-in was rejected", error.response["Error"]["Message"]) from error
        result: AuthenticationResultTypeTypeDef = answer["AuthenticationResult"]
        return result
