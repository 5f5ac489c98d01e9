"""The console's sign-in, with a fake of Cognito's page and endpoints at another origin."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.console_server import CONSOLE
from stacks.constructs.console_policy import content_security_policy

CONSOLE_URL: Final = "http://127.0.0.1"
COGNITO_URL: Final = "http://localhost"
CLIENT_ID: Final = "client-1"

HTML: Final = (
    '<!doctype html><html lang="en"><title>Loading</title><script type="module" src="app.js"></script>'
)
SCRIPT: Final = """
import { signIn } from "./sign_in.js";
const show = (text) => (document.title = text);
window.signedIn = signIn(await (await fetch("config.json")).json());
window.signedIn.then(
  ({ users }) => show(users.map(({ name, role }) => `${name}, ${role}`).join()),
  ({ message }) => show(message),
);
"""
USERS: Final = '[{"name": "alice", "role": "customer", "token": "token-of-alice"}]'
CALL_TWICE: Final = """async () => {
  const { users } = await window.signedIn;
  return await Promise.all([users[0].token(), users[0].token()]);
}"""


@dataclass
class Cognito:
    """Cognito's page and endpoints; what they return can be changed.

    Attributes:
        claims: Claims of the ID tokens.
        answer: Parameters with which the hosted page sends the user back.
        expires_in: Lifetime of tokens in seconds.
        refreshes: Whether tokens can be refreshed.
        asked: Requests for a page, as path and parameters.
        posted: Requests to endpoints, the same.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    expires_in: int = 3600
    refreshes: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if route.request.method == "POST":
            self.posted.append((url.path, dict(parse_qsl(route.request.post_data or ""))))
            self._respond(route, url.path)
            return
        query = dict(parse_qsl(url.query))
        self.asked.append((url.path, query))
        back = urlencode({"code": "code-1", "state": query.get("state", ""), **self.answer})
        link = f'<a href="{escape(query.get("redirect_uri", ""))}?{escape(back)}">Sign in</a>'
        route.fulfill(body=f"<title>Cognito</title>{link}", content_type="text/html")

    def _respond(self, route: Route, path: str) -> None:
        if path == "/oauth2/revoke":
            route.fulfill(status=200)  # no header that lets the page read it
            return
        _, form = self.posted[-1]
        is_refresh = form["grant_type"] == "refresh_token"
        accepted = (
            self.refreshes and form.get("refresh_token") == "refresh-1" if is_refresh else self._proves(form)
        )
        tokens: dict[str, Any] = {"id_token": self._id_token(), "expires_in": self.expires_in}
        if not is_refresh:
            tokens |= {"refresh_token": "refresh-1"}
        route.fulfill(
            status=200 if accepted else 400,
            json=tokens if accepted else {"error": "invalid_grant"},
            headers={"Access-Control-Allow-Origin": "*"},
        )

    def _proves(self, form: dict[str, str]) -> bool:
        """Whether an exchange comes from whoever asked for the code (RFC 7636, section 4.6)."""
        _, asked = self.asked[-1]
        challenge = base64url(hashlib.sha256(form["code_verifier"].encode()).digest())
        return (
            (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
            and (form["code"], form["client_id"]) == ("code-1", CLIENT_ID)
            and form["redirect_uri"] == asked["redirect_uri"] == f"{CONSOLE_URL}/"
        )

    def _id_token(self) -> str:
        _, asked = self.asked[-1]
        claims = {
            "nonce": asked["nonce"],
            "aud": CLIENT_ID,
            "sub": "u-1",
            "email": "jürgen@example.com",
            "cognito:groups": ["operators"],
            **self.claims,
        }
        return f"e30.{base64url(json.dumps(claims, ensure_ascii=False).encode())}.{len(self.posted)}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def serve_site(page: Page, sign_in: dict[str, str]) -> None:
    """Serve a page that only signs in, with the console's policy."""
    files = {
        "/": (HTML, "text/html"),
        "/app.js": (SCRIPT, "text/javascript"),
        "/sign_in.js": ((CONSOLE / "sign_in.js").read_text(encoding="utf-8"), "text/javascript"),
        "/config.json": (json.dumps({"sign_in": sign_in}), "application/json"),
        "/users": (USERS, "application/json"),
        "/favicon.ico": ("", "image/x-icon"),
    }

    def respond(route: Route) -> None:
        body, content_type = files[urlsplit(route.request.url).path]
        headers = {"Content-Security-Policy": content_security_policy(COGNITO_URL)}
        route.fulfill(body=body, content_type=content_type, headers=headers)

    page.route(f"{CONSOLE_URL}/**", respond)


@pytest.fixture
def cognito(page: Page) -> Cognito:
    cognito = Cognito()
    serve_site(
        page, {"kind": "cognito", "domain": COGNITO_URL, "client_id": CLIENT_ID, "scope": "openid email"}
    )
    page.route(f"{COGNITO_URL}/**", cognito)
    return cognito


def open_and_sign_in(page: Page, path: str = "/") -> None:
    page.goto(f"{CONSOLE_URL}{path}")
    page.get_by_role("link", name="Sign in").click()


def stored(page: Page) -> str:
    return str(page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"))


def test_the_user_comes_back_to_the_page_that_was_opened(page: Page, cognito: Cognito) -> None:
    open_and_sign_in(page, "/#/orders/o-1")

    expect(page).to_have_title("jürgen@example.com, operator")
    assert page.url == f"{CONSOLE_URL}/#/orders/o-1"
    ((path, asked),) = cognito.asked
    assert path == "/oauth2/authorize"
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT_ID, "openid email")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_tokens_are_in_memory_only(page: Page, cognito: Cognito) -> None:
    open_and_sign_in(page)

    expect(page).to_have_title("jürgen@example.com, operator")
    assert page.evaluate(CALL_TWICE)[0].startswith("e30.")
    assert stored(page) == '[{},{},""]'
    assert len(cognito.posted) == 1


def test_whoever_is_no_operator_is_a_customer(page: Page, cognito: Cognito) -> None:
    cognito.claims = {"cognito:groups": ["customers"]}

    open_and_sign_in(page)

    expect(page).to_have_title("jürgen@example.com, customer")


def test_a_code_for_another_sign_in_is_not_used(page: Page, cognito: Cognito) -> None:
    cognito.answer = {"state": "of-somebody-else"}

    open_and_sign_in(page)

    expect(page).to_have_title("This sign-in was not started here: reload the page")
    assert cognito.posted == []


def test_a_code_without_a_sign_in_starts_one(page: Page, cognito: Cognito) -> None:
    page.goto(f"{CONSOLE_URL}/?code=stolen&state=of-somebody-else")

    expect(page).to_have_title("Cognito")
    assert cognito.posted == []


@pytest.mark.parametrize("claims", [{"nonce": "of-another-sign-in"}, {"aud": "another-client"}])
def test_a_token_for_something_else_is_not_used(page: Page, cognito: Cognito, claims: dict[str, str]) -> None:
    cognito.claims = claims

    open_and_sign_in(page)

    expect(page).to_have_title("This token was not made for this sign-in: reload the page")


def test_a_refused_sign_in_shows_the_reason(page: Page, cognito: Cognito) -> None:
    cognito.answer = {"error": "access_denied", "error_description": "User is not confirmed"}

    open_and_sign_in(page)

    expect(page).to_have_title("User is not confirmed")
    assert page.url == f"{CONSOLE_URL}/"


def test_calls_at_the_same_time_refresh_an_expiring_token_once(page: Page, cognito: Cognito) -> None:
    cognito.expires_in = 30  # less than the margin
    open_and_sign_in(page)
    expect(page).to_have_title("jürgen@example.com, operator")

    first, second = page.evaluate(CALL_TWICE)

    assert first == second
    assert [form["grant_type"] for _, form in cognito.posted] == ["authorization_code", "refresh_token"]
    assert first.endswith(".2")  # the token of the second response


def test_a_sign_in_that_can_not_be_refreshed_is_asked_for_again(page: Page, cognito: Cognito) -> None:
    cognito.expires_in, cognito.refreshes = 30, False
    open_and_sign_in(page, "/#/orders/o-1")
    expect(page).to_have_title("jürgen@example.com, operator")

    page.evaluate("() => { window.signedIn.then(({ users }) => users[0].token()) }")

    expect(page).to_have_title("Cognito")


def test_signing_out_revokes_the_tokens_and_leaves(page: Page, cognito: Cognito) -> None:
    open_and_sign_in(page)
    expect(page).to_have_title("jürgen@example.com, operator")

    page.evaluate("() => { window.signedIn.then(({ signOut }) => signOut()) }")

    expect(page).to_have_title("Cognito")
    assert cognito.posted[-1] == ("/oauth2/revoke", {"client_id": CLIENT_ID, "token": "refresh-1"})
    assert cognito.asked[-1] == ("/logout", {"client_id": CLIENT_ID, "logout_uri": f"{CONSOLE_URL}/"})


def test_on_a_laptop_the_demo_users_are_signed_in(page: Page) -> None:
    serve_site(page, {"kind": "local"})

    page.goto(CONSOLE_URL)

    expect(page).to_have_title("alice, customer")
    assert page.evaluate(CALL_TWICE) == ["token-of-alice"] * 2
    assert stored(page) == '[{},{},""]'
