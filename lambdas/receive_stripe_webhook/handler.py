"""`POST /webhooks/stripe`."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.receive_stripe_webhook.event import StripeEvent, read_event, signing_secrets
from lambdas.receive_stripe_webhook.logic import receive_stripe_webhook
from lambdas.shared.errors import StoreUnavailable
from lambdas.shared.http_api import body_of, build_api, json_response
from lambdas.shared.log import logger
from lambdas.shared.metrics import count
from lambdas.shared.order_table import OrderTable
from lambdas.shared.run_once import run_once
from lambdas.shared.secrets import read_secret
from lambdas.shared.settings import Settings
from lambdas.shared.stripe_gateway import StripeGateway
from lambdas.shared.task_callback import TaskCallback

api = build_api()


@api.post("/webhooks/stripe")
def receive() -> Response[str]:
    """Take one event, once; see `receive_stripe_webhook`."""
    settings, http = Settings(), api.current_event
    event = read_event(
        body_of(http),
        http.headers.get("Stripe-Signature", ""),
        signing_secrets(read_secret(settings.stripe_webhook_secret_id)),
    )
    logger.append_keys(stripe_event=event.event_id, kind=event.kind)
    run_once(
        event.event_id,
        lambda: _process(event, settings),
        settings=settings,
        context=api.lambda_context,
        unavailable=StoreUnavailable,
    )
    return json_response(HTTPStatus.OK, {"received": True})


def _process(event: StripeEvent, settings: Settings) -> None:
    outcome = receive_stripe_webhook(
        event,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
        TaskCallback.connect(),
    )
    logger.info("webhook received", extra={"outcome": outcome})
    count("StripeWebhooks", outcome=outcome)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
