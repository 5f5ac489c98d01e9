"""Sign-in at a stage's user pool."""

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
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",  # the first time, after an operator has added the user
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
}


def sign_in(outputs: "StageOutputs", username: str, password: str, ask: Callable[[Question], str]) -> SignIn:
    """Exchange a password for a token.

    Args:
        outputs: The stage.
        username: The user's e-mail address.
        password: Their password.
        ask: Asks them what else Cognito wants to know.

    Raises:
        NotSignedIn: Cognito refuses, or asks what no command line can answer.
        Unavailable: Cognito can't be asked.
    """
    result = _authenticate(outputs.client_id, username, password, ask)
    return SignIn(
        api_url=outputs.api_url,
        state_machine_arn=outputs.state_machine_arn,
        token=result["IdToken"],
        expires_at=time.time() + result["ExpiresIn"],
    )


def _authenticate(
    client_id: str, username: str, password: str, ask: Callable[[Question], str]
) -> "AuthenticationResultTypeTypeDef":
    import boto3  # noqa: PLC0415 - it is slow to import, and most calls need no AWS
    from botocore.exceptions import ClientError  # noqa: PLC0415 - see above

    with aws_errors("The stage's user pool can't be asked"):
        cognito = boto3.client("cognito-idp", region_name=chosen_region())
        try:
            answer: Any = cognito.initiate_auth(  # the next answer is of a twin type
                ClientId=client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )
            while "AuthenticationResult" not in answer:
                challenge = answer["ChallengeName"]
                if challenge not in _QUESTION_OF_CHALLENGE:
                    raise NotSignedIn("Sign-in needs a browser", f"The user pool asks for {challenge}.")
                question = _QUESTION_OF_CHALLENGE[challenge]
                answer = cognito.respond_to_auth_challenge(
                    ClientId=client_id,
                    ChallengeName=challenge,
                    Session=answer["Session"],
                    ChallengeResponses={"USERNAME": username, question: ask(question)},
                )
        except ClientError as error:
            raise NotSignedIn("The sign-in was refused", error.response["Error"]["Message"]) from error
        result: AuthenticationResultTypeTypeDef = answer["AuthenticationResult"]
        return result
