"""How the options select a shop and a user."""

from pathlib import Path

import pytest

from cli import saved_sign_in
from cli.saved_sign_in import SignIn
from tests.unit.cli.conftest import FakeShop, Run, an_order

FAR_FUTURE = 9_999_999_999


@pytest.fixture
def signed_in(orders: Run) -> None:  # noqa: ARG001 - sets the cache folder
    saved_sign_in.save(SignIn("http://dev.test", "saved-token", FAR_FUTURE), "dev", "customer")


def test_without_an_embedded_run_a_hint_tells_how_to_start_one(orders: Run, run_file: Path) -> None:
    run_file.unlink()

    result = orders("list")

    assert result.exit_code == 5
    assert "make run" in result.stderr


def test_any_url_works_with_a_token(orders: Run, shop: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "my-token")
    shop.answers("GET /v1/orders/o-1", an_order())

    result = orders("get", "o-1", "--url", "http://elsewhere.test/v1")

    assert result.exit_code == 0
    assert shop.last_request.url == "http://elsewhere.test/v1/orders/o-1"
    assert shop.last_request.headers["Authorization"] == "Bearer my-token"


def test_a_url_requires_a_token(orders: Run) -> None:
    result = orders("list", "--url", "http://elsewhere.test")

    assert result.exit_code == 3
    assert "ORDERS_TOKEN" in result.stderr


def test_an_invalid_url_is_rejected(orders: Run) -> None:
    assert orders("list", "--url", "shop.test", "--token", "t").exit_code == 2


def test_a_url_and_a_role_conflict(orders: Run) -> None:
    assert orders("list", "--url", "http://x.test", "--token", "t", "--as", "operator").exit_code == 2


@pytest.mark.usefixtures("signed_in")
def test_a_stage_is_used_with_the_saved_sign_in(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order())

    result = orders("get", "o-1", "--stage", "dev")

    assert result.exit_code == 0
    assert shop.last_request.url == "http://dev.test/orders/o-1"
    assert shop.last_request.headers["Authorization"] == "Bearer saved-token"


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("variable", "arguments"),
    [
        ("UNRELATED", ("--stage", "dev", "--as", "operator")),
        ("UNRELATED", ("--stage", "prod")),
        ("AWS_PROFILE", ("--stage", "dev")),
    ],
)
def test_a_sign_in_is_for_one_stage_one_role_and_one_account(
    orders: Run, monkeypatch: pytest.MonkeyPatch, variable: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, "another")

    result = orders("list", *arguments)

    assert result.exit_code == 3
    assert "orders login --stage" in result.stderr


def test_an_expired_sign_in_is_not_used(orders: Run) -> None:
    saved_sign_in.save(SignIn("http://dev.test", "token", expires_at=1), "dev", "customer")

    assert orders("list", "--stage", "dev").exit_code == 3


@pytest.mark.usefixtures("signed_in")
def test_logout_deletes_the_sign_in(orders: Run) -> None:
    result = orders("logout", "--stage", "dev")

    assert result.exit_code == 0
    assert orders("list", "--stage", "dev").exit_code == 3


@pytest.mark.usefixtures("signed_in")
def test_a_rejected_token_is_reported_with_how_to_get_a_new_one(orders: Run, shop: FakeShop) -> None:
    shop.refuses("GET /orders/o-1", 401)

    result = orders("get", "o-1", "--stage", "dev")

    assert result.exit_code == 3
    assert "orders login --stage dev --as customer" in result.stderr
