"""What a function logs under AWS's own runtime client, with Lambda's JSON logging.

In that mode the client sets the root logger to the function's log level, so libraries log, too
(https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html, and `_setup_logging` of awslambdaric).
"""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from proof.bench.runtime_api import runtime_api, serving

pytestmark = pytest.mark.enable_socket

FUNCTION = """
from lambdas.shared.log import logger
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.step import step_handler

@step_handler
def handler(step, settings):
    logger.info("halfway")
    StripeGateway.from_settings(settings).retrieve_intent("pi_1")
"""

STRIPE_SAYS = "No such customer: jo@example.com"


class SecretsAndStripe(BaseHTTPRequestHandler):
    """Has Stripe's secret key, and fails each call to Stripe."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._respond(200, {"SecretString": "sk_test_1"})

    def do_GET(self) -> None:
        self._respond(500, {"error": {"type": "api_error", "message": STRIPE_SAYS}})

    def _respond(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


def test_a_function_logs_its_own_lines_only(tmp_path: Path) -> None:
    # Given
    (tmp_path / "function.py").write_text(FUNCTION)
    payload = {"order_id": "order-1", "execution": "order-1"}

    # When
    with serving(SecretsAndStripe) as address, runtime_api(payload) as api:
        run = api.run(
            tmp_path,
            {
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_LEVEL": "INFO",
                "AWS_ENDPOINT_URL": f"http://{address}",
                "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "STRIPE_SECRET_ID": "stripe-key",
                "PAYMENT_SERVICE": "orders-test",
                "STRIPE_API_BASE": f"http://{address}",
            },
        )

    # Then
    [(_path, error)] = api.posted
    assert error["errorType"] == "PaymentProviderUnavailable", error
    lines = [json.loads(line) for line in run.logged.splitlines() if line.startswith("{")]
    # The last line is the client's own, about the exception that the function raised.
    assert [line.get("message") or line["errorType"] for line in lines] == [
        "halfway",
        "Stripe called",
        "step failed for now",
        "PaymentProviderUnavailable",
    ]
    assert STRIPE_SAYS not in run.logged
