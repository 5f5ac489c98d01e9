"""`POST /webhooks/stripe`."""

from functools import partial
from http import HTTPStatus

from lambdas.api.receive_stripe_webhook.event import StripeEvent, read_event, signing_secrets
from lambdas.api.receive_stripe_webhook.logic import receive_stripe_webhook
from lambdas.domain import clock
from lambdas.domain.errors import PaymentProviderUnavailable, StoreUnavailable
from lambdas.domain.vocabulary import Metric, ProblemKind, WebhookOutcome
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.problem import Problem
from lambdas.shared.run_once import run_once
from lambdas.shared.secrets import read_secret
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.task_callback import TaskCallback


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Process an event; see `receive_stripe_webhook`. What needs Stripe happens once for each event."""
    settings = Settings()
    event = _verified(http, settings)
    # Once the order is known, `request_id` is that of its submission.
    logger.append_keys(stripe_event=event.event_id, kind=event.kind, webhook_request_id=http.request_id)
    outcome = receive_stripe_webhook(
        event,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
        TaskCallback.connect(),
        partial(run_once, event.event_id, settings=settings, unavailable=StoreUnavailable),
    )
    logger.info("webhook received", extra={"outcome": outcome})
    lag = clock.epoch_milliseconds(clock.now()) - 1_000 * event.created
    emit(Measure(Metric.STRIPE_WEBHOOKS, outcome), Measure(Metric.WEBHOOK_LAG, value=max(lag, 0)))
    return HttpResponse(HTTPStatus.OK, {"received": True})


def _verified(http: HttpRequest, settings: Settings) -> StripeEvent:
    secret = read_secret(settings.stripe_webhook_secret_id, unavailable=PaymentProviderUnavailable)
    try:
        return read_event(http.text, http.headers.get("stripe-signature", ""), signing_secrets(secret))
    except Problem as problem:
        if problem.kind is ProblemKind.BAD_SIGNATURE:
            emit(Measure(Metric.STRIPE_WEBHOOKS, WebhookOutcome.BAD_SIGNATURE))
        raise
