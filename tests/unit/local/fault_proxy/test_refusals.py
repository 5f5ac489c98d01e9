"""The clients of the functions read the proxy's refusals like those of the services."""

import json
from http import HTTPStatus

import pytest

from local.fault_proxy.refusals import rejected_mail, throttled, unavailable
from tests.unit.local.fault_proxy.conftest import as_botocore_reads


@pytest.mark.parametrize(
    ("signing_name", "client", "code"),
    [
        ("dynamodb", "dynamodb", "ProvisionedThroughputExceededException"),
        ("states", "stepfunctions", "ThrottlingException"),
        ("events", "events", "ThrottlingException"),
        ("secretsmanager", "secretsmanager", "ThrottlingException"),
        ("ses", "sesv2", "TooManyRequestsException"),
    ],
)
def test_botocore_reads_a_throttled_call(signing_name: str, client: str, code: str) -> None:
    assert as_botocore_reads(throttled(signing_name), client)["Error"]["Code"] == code


def test_botocore_reads_a_rejected_mail() -> None:
    assert as_botocore_reads(rejected_mail(), "sesv2")["Error"]["Code"] == "MessageRejected"


def test_stripe_answers_429() -> None:
    answer = throttled("stripe")

    assert answer.status == HTTPStatus.TOO_MANY_REQUESTS
    assert json.loads(answer.text or "")["error"]["code"] == "rate_limit"


@pytest.mark.parametrize("service", ["dynamodb", "stripe"])
def test_an_unavailable_service_answers_503(service: str) -> None:
    assert unavailable(service).status == HTTPStatus.SERVICE_UNAVAILABLE
