"""The pages that tell how to register the webhook endpoint name the events that the shop needs."""

import re

import pytest

from lambdas.domain.vocabulary import STRIPE_EVENTS
from lambdas.shared.payments.stripe_gateway import API_VERSION
from local.processes import REPOSITORY

_EVENT = re.compile(r"\b(?:payment_intent|charge|refund)\.[a-z_.]*[a-z_]\b")


@pytest.mark.parametrize(
    ("page", "start", "end"),
    [
        ("docs/payments.md", "## The webhook", "Each further event"),
        ("docs/stripe-sandbox.md", "enabled_events[]", "python3"),
    ],
)
def test_a_page_names_the_events_of_the_endpoint(page: str, start: str, end: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    _, _, rest = text.partition(start)
    names, _, _ = rest.partition(end)

    assert set(_EVENT.findall(names)) == set(STRIPE_EVENTS)


@pytest.mark.parametrize(
    ("page", "start", "end"),
    [
        ("docs/payments.md", "## The webhook", "an endpoint of a version before"),
        ("docs/stripe-sandbox.md", "stripe webhook_endpoints", "enabled_events[]"),
    ],
)
def test_a_page_names_the_api_version_of_the_endpoint(page: str, start: str, end: str) -> None:
    """Old versions have no `refund.*` for cards, and an endpoint's default is the account's version."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    _, _, rest = text.partition(start)
    settings, found, _ = rest.partition(end)

    assert found
    assert API_VERSION in settings
