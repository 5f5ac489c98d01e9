"""The server of the console, in front of a REST API and a bank that record what they are asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import pytest
from aiohttp import web

from local.console_server import ConsoleServer, DemoUser, served
from local.stripe_stand_in.stand_in_client import StandInClient

pytestmark = pytest.mark.enable_socket

ALICE = DemoUser("alice", "customer", "token-of-alice")


@dataclass
class Api:
    """A REST API behind the server."""

    calls: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.route("*", "/{path:.*}", self._answer)])
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        names = request.headers.keys() - {"Host", "Accept", "Accept-Encoding", "User-Agent"}
        headers = {name: request.headers[name] for name in names}
        self.calls.append((f"{request.method} {request.raw_path}", headers, await request.text()))
        return web.json_response({"found": True}, status=202, headers={"ETag": '"1"', "Set-Cookie": "a=b"})


@dataclass
class Bank:
    """A stand-in in which only the payment `pi_1` waits for an approval."""

    answers: list[tuple[str, bool]] = field(default_factory=list)

    def authenticate(self, intent_id: str, *, success: bool) -> dict[str, str]:
        if intent_id != "pi_1":
            raise ValueError("no such payment")
        self.answers.append((intent_id, success))
        return {"client_secret": "pi_1_secret_1"}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def console(api: Api, bank: Bank, tmp_path: Path) -> Iterator[httpx.Client]:
    """A browser's connection to the console."""
    folder = tmp_path / "console"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Orders</title>")
    (folder / "app.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    with served(api.application()) as api_url:
        server = ConsoleServer(
            folder, api_url=f"{api_url}/api/v1", bank=cast(StandInClient, bank), users=lambda: [ALICE]
        )
        with (
            served(server.application()) as url,
            httpx.Client(base_url=url, trust_env=False) as client,
        ):
            yield client


def raw(client: httpx.Client, method: str, path: str) -> httpx.Response:
    """Send a path as it is: httpx resolves `..` in URLs."""
    url = client.base_url.copy_with(raw_path=path.encode())
    return client.send(httpx.Request(method, url))


def test_pages_have_a_strict_policy_and_their_types(console: httpx.Client) -> None:
    index, script = console.get("/"), console.get("/app.js")

    assert "<title>Orders" in index.text
    assert script.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))
    for page in (index, script, console.get("/nothing"), console.get("/users")):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ")
        assert "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_learns_how_to_sign_in(console: httpx.Client) -> None:
    assert console.get("/config.json").json() == {
        "stage": "local",
        "api": "/v1",
        "bank": "/bank",
        "sign_in": {"kind": "local"},
    }
    assert console.get("/users").json() == [{"name": "alice", "role": "customer", "token": "token-of-alice"}]


def test_calls_reach_the_api_with_what_matters_in_them(console: httpx.Client, api: Api) -> None:
    answer = console.post(
        "/v1/orders?limit=1&cursor=a%2Fb",
        content='{"currency": "usd"}',
        headers={"Authorization": "Bearer x", "Idempotency-Key": "k", "Cookie": "c=d", "X-Else": "y"},
    )

    ((line, headers, body),) = api.calls
    assert line == "POST /api/v1/orders?limit=1&cursor=a%2Fb"
    assert headers.items() >= {"Authorization": "Bearer x", "Idempotency-Key": "k"}.items()
    assert not {"Cookie", "X-Else"} & headers.keys()
    assert body == '{"currency": "usd"}'
    assert (answer.status_code, answer.json()) == (202, {"found": True})
    assert answer.headers["ETag"] == '"1"'
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd"])
def test_no_file_outside_of_the_folder_is_served(console: httpx.Client, path: str) -> None:
    answer = raw(console, "GET", path)

    assert answer.status_code in {403, 404}
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/v1/../../x", "/v1/orders/%2e%2e/%2E%2e/x", "/v1/..%2fx"])
def test_no_call_leaves_the_api(console: httpx.Client, api: Api, path: str) -> None:
    answer = raw(console, "GET", path)

    assert answer.status_code == 404
    assert api.calls == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost", ""])
@pytest.mark.parametrize("path", ["/", "/users", "/v1/orders", "/config.json"])
def test_another_host_is_refused(console: httpx.Client, api: Api, host: str, path: str) -> None:
    answer = console.get(path, headers={"Host": host.format(port=console.base_url.port)})

    assert answer.status_code == 421
    assert "token" not in answer.text
    assert api.calls == []


def test_the_name_of_this_machine_is_accepted(console: httpx.Client) -> None:
    assert console.get("/users", headers={"Host": f"localhost:{console.base_url.port}"}).status_code == 200


def test_pages_of_other_origins_can_not_act_as_the_bank(console: httpx.Client, bank: Bank) -> None:
    answer = console.post("/bank/pi_1/approve", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert bank.answers == []


@pytest.mark.parametrize(("word", "success"), [("approve", True), ("refuse", False)])
def test_the_bank_is_told_without_a_secret_in_the_response(
    console: httpx.Client, bank: Bank, *, word: str, success: bool
) -> None:
    answer = console.post(f"/bank/pi_1/{word}", headers={"Origin": str(console.base_url)})

    assert (answer.status_code, answer.content) == (204, b"")
    assert bank.answers == [("pi_1", success)]


def test_a_payment_that_does_not_wait_is_a_conflict(console: httpx.Client) -> None:
    answer = console.post("/bank/pi_2/approve")

    assert answer.status_code == 409
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_an_api_that_is_gone_is_a_problem(bank: Bank, tmp_path: Path) -> None:
    with served(web.Application()) as gone:
        pass
    server = ConsoleServer(tmp_path, api_url=gone, bank=cast(StandInClient, bank), users=list)

    with served(server.application()) as url:
        answer = httpx.get(f"{url}/v1/orders", trust_env=False)

    assert (answer.status_code, answer.json()["title"]) == (502, "The REST API is unreachable")
