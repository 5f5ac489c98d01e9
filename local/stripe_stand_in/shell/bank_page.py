"""The page on which a customer approves a payment (3-D Secure), or refuses.

Its buttons have the ids of those on the page that Stripe shows in a sandbox, and stand in a frame, too.
"""

from html import escape
from typing import Any, Final

import httpx
from aiohttp import web

from local.stripe_stand_in.exchange import ApiRequest
from local.stripe_stand_in.model import Stripe

BANK_PATH: Final = "/redirect/authenticate"
"""Path of the page; the PaymentIntent's id follows it."""

_PAGE: Final = """<!DOCTYPE html><title>3-D Secure</title><h1>3-D Secure</h1>
<iframe id="challengeFrame" src="{path}/challenge"></iframe>"""
_CHALLENGE: Final = """<!DOCTYPE html><title>3-D Secure</title>
<form method="post" target="_top">
  <button id="test-source-authorize-3ds" name="success" value="true">Complete</button>
  <button id="test-source-fail-3ds" name="success" value="false">Fail</button>
</form>"""
_BACK: Final = '<!DOCTYPE html><title>3-D Secure</title><meta http-equiv="refresh" content="0; url={url}">'
_OUTCOMES: Final = {True: "succeeded", False: "failed"}


class BankPage:
    """The pages of one stand-in."""

    def __init__(self, stripe: Stripe) -> None:
        self._stripe = stripe

    def routes(self) -> list[web.RouteDef]:
        """The pages, and where the buttons lead to."""
        path = f"{BANK_PATH}/{{intent_id}}"
        return [
            web.get(path, self._page),
            web.get(f"{path}/challenge", self._challenge),
            web.post(f"{path}/challenge", self._decide),
        ]

    async def _page(self, http: web.Request) -> web.Response:
        return _html(_PAGE.format(path=escape(http.path)))

    async def _challenge(self, _: web.Request) -> web.Response:
        return _html(_CHALLENGE)

    async def _decide(self, http: web.Request) -> web.Response:
        """Pass or fail the authentication, and send the customer back to the shop."""
        intent_id = http.match_info["intent_id"]
        intent = self._call("GET", intent_id)
        back = ((intent.get("next_action") or {}).get("redirect_to_url") or {}).get("return_url")
        if back is None:
            raise web.HTTPConflict(text="No customer is asked to approve this payment here.")
        success = str((await http.post()).get("success"))
        secret = intent["client_secret"]
        self._call("POST", f"{intent_id}/_authenticate", ("client_secret", secret), ("success", success))
        outcome = {"payment_intent": intent_id, "redirect_status": _OUTCOMES[success == "true"]}
        return _html(_BACK.format(url=escape(str(httpx.URL(back).copy_merge_params(outcome)))))

    def _call(self, method: str, path: str, *params: tuple[str, str]) -> dict[str, Any]:
        """Call Stripe's API as Stripe's own page does."""
        request = ApiRequest(method, f"/v1/payment_intents/{path}", params, api_key="sk_test_bank_page")
        return self._stripe.handle(request).body


def _html(page: str) -> web.Response:
    return web.Response(text=page, content_type="text/html")
