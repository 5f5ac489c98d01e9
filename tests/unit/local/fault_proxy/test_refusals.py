"""The clients of the functions read the proxy's refusals like those of the services."""

import json
from http import HTTPStatus
from typing import Any

import botocore.parsers
import botocore.session
import pytest

from local.fault_proxy.refusals import throttled, unavailable

CODES = {
    ("dynamodb", "dynamodb"): "ProvisionedThroughputExceededException",
    ("states", "stepfunctions"): "ThrottlingException",
    ("events", "events"): "ThrottlingException",
    ("secretsmanager", "secretsmanager"): "ThrottlingException",
    ("ses", "sesv2"): "TooManyRequestsException",
}


@pytest.mark.parametrize(
    ("signing_name", "client", "code"), [(*names, code) for names, code in CODES.items()]
)
def test_botocore_reads_a_throttled_call(signing_name: str, client: str, code: str) -> None:
    model = botocore.session.Session().get_service_model(client)
    shapes = (model.operation_model(name).output_shape for name in model.operation_names)
    shape = next(filter(None, shapes))
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    answer = throttled(signing_name)

    response: dict[str, Any] = {
        "status_code": answer.status,
        "headers": answer.headers,
        "body": answer.body,
    }

    assert parser.parse(response, shape)["Error"]["Code"] == code


def test_stripe_answers_429() -> None:
    answer = throttled("stripe")

    assert answer.status == HTTPStatus.TOO_MANY_REQUESTS
    assert json.loads(answer.text or "")["error"]["code"] == "rate_limit"


@pytest.mark.parametrize("service", ["dynamodb", "stripe"])
def test_an_unavailable_service_answers_503(service: str) -> None:
    assert unavailable(service).status == HTTPStatus.SERVICE_UNAVAILABLE
