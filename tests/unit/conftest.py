"""Unit tests can't reach an AWS account: the credentials in their environment belong to none."""

from collections.abc import Iterator

import pytest
from botocore.loaders import create_loader


@pytest.fixture(scope="session", autouse=True)
def no_real_account() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for variable in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            environment.delenv(variable, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> Iterator[None]:
    """Read botocore's description of a service once, not for each client: `mock_aws` starts a new session."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda *_args: loader)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_mock_for_requests() -> Iterator[None]:
    """Let `mock_aws` mock boto3 only. Each time, it would register 1,300 URLs with a mock of `requests`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.core.models.RESPONSES_METHODS", [])
        yield
