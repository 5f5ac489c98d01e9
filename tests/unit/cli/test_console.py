"""`orders view` opens the console."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.connection import Wiring


class FakeBrowser:
    """Records the addresses that it opens."""

    def __init__(self) -> None:
        self.is_installed = True
        self.opened: list[str] = []

    def __call__(self, url: str) -> bool:
        self.opened.append(url)
        return self.is_installed


@pytest.fixture
def browser() -> FakeBrowser:
    return FakeBrowser()


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"viewer_url": "http://127.0.0.1:4567"}))
    monkeypatch.setenv("ORDERS_RUN_FILE", str(path))
    monkeypatch.delenv("ORDERS_STAGE", raising=False)
    return path


def view(browser: FakeBrowser, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["view", *arguments], obj=Wiring(open_browser=browser))


@pytest.mark.usefixtures("run_file")
@pytest.mark.parametrize(
    ("arguments", "page"), [([], "#/"), (["o-1"], "#/orders/o-1"), (["a/b?c"], "#/orders/a%2Fb%3Fc")]
)
def test_view_opens_the_page_and_prints_its_address(
    browser: FakeBrowser, arguments: list[str], page: str
) -> None:
    result = view(browser, *arguments)

    assert result.exit_code == 0
    assert result.stdout == f"http://127.0.0.1:4567/{page}\n"
    assert browser.opened == [f"http://127.0.0.1:4567/{page}"]


@pytest.mark.usefixtures("run_file")
def test_view_only_prints_the_address_if_asked_to(browser: FakeBrowser) -> None:
    result = view(browser, "--no-open")

    assert result.stdout == "http://127.0.0.1:4567/#/\n"
    assert browser.opened == []


@pytest.mark.usefixtures("run_file")
def test_view_without_a_browser_says_what_to_do(browser: FakeBrowser) -> None:
    browser.is_installed = False

    result = view(browser)

    assert result.exit_code == 0
    assert "open the address in yours" in result.stderr


def test_view_without_a_running_shop_says_how_to_start_one(browser: FakeBrowser, run_file: Path) -> None:
    run_file.unlink()

    result = view(browser)

    assert result.exit_code == 5
    assert "make run" in result.stderr
    assert browser.opened == []


@pytest.mark.usefixtures("run_file")
def test_view_of_a_stage_needs_no_sign_in(browser: FakeBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    class CloudFormation:
        def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
            assert StackName == "orders-dev-console"
            output = {"OutputKey": "ConsoleUrl", "OutputValue": "https://d1.cloudfront.test/"}
            return {"Stacks": [{"Outputs": [output]}]}

    monkeypatch.setattr(boto3, "client", lambda _service, **_: CloudFormation())

    view(browser, "o-1", "--stage", "dev")

    assert browser.opened == ["https://d1.cloudfront.test/#/orders/o-1"]
