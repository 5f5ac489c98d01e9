"""Customers who sign up themselves."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.identity.enroll_customer.handler import handler
from lambdas.shared.aws import cognito
from tests.unit.lambdas.builders import CUSTOMER, EMAIL
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT

POOL = "eu-central-1_aBcDeFgHi"
ADDED = {"UserPoolId": POOL, "Username": CUSTOMER, "GroupName": "customers"}


def confirmation_of(what: str) -> dict[str, Any]:
    """The event that Cognito sends after a user has confirmed a sign-up or a new password."""
    return {
        "version": "1",
        "region": "eu-central-1",
        "userPoolId": POOL,
        "userName": CUSTOMER,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "7client"},
        "triggerSource": f"PostConfirmation_Confirm{what}",
        "request": {
            "userAttributes": {
                "sub": CUSTOMER,
                "email_verified": "true",
                "cognito:user_status": "CONFIRMED",
                "email": EMAIL,
            }
        },
        "response": {},
    }


def test_a_user_who_confirms_a_sign_up_is_a_customer(log: Log) -> None:
    event = confirmation_of("SignUp")

    with Stubber(cognito()) as stub:
        stub.add_response("admin_add_user_to_group", {}, ADDED)
        answer = handler(event, CONTEXT)
        stub.assert_no_pending_responses()

    assert answer == confirmation_of("SignUp")  # Cognito rejects any other answer
    assert [line["customer_id"] for line in log.lines] == [CUSTOMER]
    assert EMAIL not in log.text


def test_a_new_password_makes_nobody_a_customer() -> None:
    with Stubber(cognito()):  # every call fails
        assert handler(confirmation_of("ForgotPassword"), CONTEXT) == confirmation_of("ForgotPassword")


def test_a_user_who_could_not_be_enrolled_is_an_error_with_the_id(log: Log) -> None:
    with Stubber(cognito()) as stub:
        stub.add_client_error("admin_add_user_to_group", "TooManyRequestsException")

        with pytest.raises(ClientError):
            handler(confirmation_of("SignUp"), CONTEXT)

    assert [line["customer_id"] for line in log.lines] == [CUSTOMER]
