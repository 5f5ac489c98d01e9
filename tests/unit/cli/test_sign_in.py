"""Sign-in to a deployed stage, with fake clients of AWS."""

import stat
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from tests.unit.cli.conftest import FakeShop, Run, an_order

OUTPUTS = {
    "orders-dev-api": {"ApiUrl": "http://dev.test/v1"},
    "orders-dev-identity": {"UserPoolClientId": "client-1"},
    "orders-dev-saga": {"StateMachineArn": "arn:aws:states:eu-central-1:000000000000:stateMachine:saga"},
}
TOKENS = {"AuthenticationResult": {"IdToken": "id-token", "RefreshToken": "refresh-token", "ExpiresIn": 3600}}


class FakeAws:
    """CloudFormation and Cognito in one."""

    def __init__(self) -> None:
        self.challenges: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.regions: list[str | None] = []
        self.error: Exception | None = None

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        pairs = OUTPUTS[StackName].items()
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in pairs]}]}

    def initiate_auth(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as in boto3
        if self.error is not None:
            raise self.error
        return self._next(request)

    def respond_to_auth_challenge(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as in boto3
        return self._next(request)

    def _next(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        return {"ChallengeName": self.challenges.pop(0), "Session": "s"} if self.challenges else TOKENS


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    aws = FakeAws()

    def client(_service: str, *, region_name: str | None) -> FakeAws:
        aws.regions.append(region_name)
        return aws

    monkeypatch.setattr(boto3, "client", client)
    return aws


LOGIN = ("login", "--stage", "dev", "--username", "alice@example.com")


def test_login_asks_for_the_password_and_signs_in_later_commands(
    orders: Run, shop: FakeShop, aws: FakeAws
) -> None:
    shop.answers("GET /v1/orders/o-1", an_order())

    result = orders(*LOGIN, stdin="secret\n")

    assert result.exit_code == 0
    assert aws.asked == [
        {
            "ClientId": "client-1",
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "alice@example.com", "PASSWORD": "secret"},
        }
    ]
    assert orders("get", "o-1", "--stage", "dev").exit_code == 0
    assert shop.last_request.headers["Authorization"] == "Bearer id-token"


@pytest.mark.usefixtures("aws")
def test_a_saved_sign_in_is_private_and_has_only_the_id_token(orders: Run, tmp_path: Path) -> None:
    result = orders(*LOGIN, stdin="secret\n")

    (kept,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert "refresh-token" not in kept.read_text()
    assert "secret" not in kept.read_text() + result.output
    assert "id-token" not in result.output


def test_the_stage_is_found_in_the_region_that_the_cdk_uses(
    orders: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    orders(*LOGIN, stdin="secret\n")

    assert set(aws.regions) == {"eu-west-1"}


def test_a_script_sets_the_password_in_a_variable(
    orders: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_PASSWORD", "secret")

    result = orders(*LOGIN)

    assert result.exit_code == 0
    assert aws.asked[0]["AuthParameters"] == {"USERNAME": "alice@example.com", "PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("challenge", "typed", "answer"),
    [
        ("NEW_PASSWORD_REQUIRED", "new\nnew\n", {"NEW_PASSWORD": "new"}),
        ("SOFTWARE_TOKEN_MFA", "123456\n", {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
    ],
)
def test_login_asks_what_the_user_pool_requires(
    orders: Run, aws: FakeAws, challenge: str, typed: str, answer: dict[str, str]
) -> None:
    aws.challenges = [challenge]

    result = orders(*LOGIN, stdin=f"secret\n{typed}")

    assert result.exit_code == 0
    assert aws.asked[-1]["ChallengeResponses"] == {"USERNAME": "alice@example.com", **answer}


def test_an_unsupported_challenge_is_reported(orders: Run, aws: FakeAws) -> None:
    aws.challenges = ["MFA_SETUP"]

    result = orders(*LOGIN, stdin="secret\n")

    assert result.exit_code == 3
    assert "MFA_SETUP" in result.stderr


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (ClientError({"Error": {"Code": "NotAuthorizedException", "Message": "No."}}, "InitiateAuth"), 3),
        (NoCredentialsError(), 5),
    ],
)
def test_a_failed_sign_in_saves_nothing(orders: Run, aws: FakeAws, error: Exception, exit_code: int) -> None:
    aws.error = error

    result = orders(*LOGIN, stdin="secret\n")

    assert result.exit_code == exit_code
    assert orders("list", "--stage", "dev").exit_code == 3


def test_the_embedded_run_needs_no_sign_in(orders: Run) -> None:
    assert orders("login", "--username", "alice@example.com").exit_code == 2
