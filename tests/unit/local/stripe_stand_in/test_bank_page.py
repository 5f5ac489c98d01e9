"""The page on which a customer approves a payment."""

import re
from html import unescape

import httpx
import pytest
import stripe

from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket


def asked(shop: Shop, params: "stripe.params.PaymentIntentConfirmParams") -> tuple[str, str]:
    """A payment that waits for its customer: its id, and the URL of the bank's page."""
    intent = shop.confirm(shop.intend("pm_card_authenticationRequired"), params=params)
    action = intent.to_dict()["next_action"]
    url = action[action["type"]]
    return intent.id, url.get("url") or url["stripe_js"]


def press(url: str, *, success: str) -> httpx.Response:
    """Open the page and the frame in it, and press a button."""
    page = httpx.get(url, trust_env=False).raise_for_status().text
    (frame,) = re.findall(r'<iframe id="challengeFrame" src="(.+)">', page)
    challenge = httpx.URL(url).join(frame)
    assert f'value="{success}"' in httpx.get(challenge, trust_env=False).text
    return httpx.post(challenge, data={"success": success}, trust_env=False)


@pytest.mark.parametrize(
    ("success", "status", "outcome"),
    [("true", "succeeded", "succeeded"), ("false", "requires_payment_method", "failed")],
)
def test_the_customer_decides_and_is_sent_back(shop: Shop, success: str, status: str, outcome: str) -> None:
    intent_id, url = asked(shop, {"return_url": "https://shop.example/thanks?cart=7"})

    answer = press(url, success=success)

    assert shop.client.v1.payment_intents.retrieve(intent_id).status == status
    (back,) = re.findall(r"url=(.+)\">", unescape(answer.text))
    assert back == (
        f"https://shop.example/thanks?cart=7&payment_intent={intent_id}&redirect_status={outcome}"
    )


def test_a_payment_is_decided_once(shop: Shop) -> None:
    _, url = asked(shop, {"return_url": "https://shop.example/thanks"})
    press(url, success="false")

    assert press(url, success="true").status_code == 409


def test_a_payment_for_the_client_library_is_not_decided_here(shop: Shop) -> None:
    intent_id, url = asked(shop, {"use_stripe_sdk": True})

    assert press(url, success="true").status_code == 409
    assert shop.client.v1.payment_intents.retrieve(intent_id).status == "requires_action"
