"""The console in front of the deployed app: five orders, and what its user does to them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from aiohttp import web
from playwright.sync_api import Locator, Page, expect

from local.console_server import console_of, served
from local.fault_proxy.faults import Fault
from local.users import CUSTOMER, email_of
from local.world import STRIPE_WEBHOOK_SECRET, World
from proof.orders import LAST_UNIT, an_order
from proof.scenarios import CONFIRM, REFUND, race_for_the_last_unit, submit
from tests.browser.accessibility import accessibility_findings

FORWARD: Final = ("ValidateOrder", "ChargePayment", "ReserveInventory", "NotifyCustomer")
UNDO: Final = ("ReleaseInventory", "RefundPayment", "CloseOrder", "NotifyCustomerOfClosure", "OrderClosed")
SECRETS: Final = (
    "client_secret",
    "_secret_",
    "whsec",
    "sk_test",
    STRIPE_WEBHOOK_SECRET,
    "task_token",
    "taskToken",
)


@dataclass
class Console:
    """The console in a browser, and everything that its server has sent.

    Attributes:
        page: The page.
        url: Its address.
        sent: Path and body of each response, without the demo users.
    """

    page: Page
    url: str
    sent: list[tuple[str, str]] = field(default_factory=list)

    def open_order(self, order_id: str) -> None:
        self.page.goto(f"{self.url}/#/orders/{order_id}")
        expect(self.page.locator(".facts")).to_be_visible()

    def place_sample(self, name: str) -> None:
        """Place a sample order, and follow the page to it."""
        self.page.goto(f"{self.url}/#/")
        self.page.get_by_role("button", name="Place a sample order").click()
        self.page.get_by_role("dialog").get_by_role("button", name=name).click()
        expect(self.page.locator(".facts")).to_be_visible()

    def expect_status(self, words: str) -> None:
        expect(self.page.locator(".head .badge")).to_contain_text(words)

    def expect_states(self, **outcomes: str) -> None:
        """Wait until the graph shows these outcomes, and no other state as reached."""
        for name, outcome in outcomes.items():
            expect(self._state(name)).to_have_attribute("data-outcome", outcome)
        reached = self.page.locator('[data-state][data-outcome]:not([data-outcome="unreached"])')
        expect(reached).to_have_count(len(outcomes))

    def _state(self, name: str) -> Locator:
        return self.page.locator(f'[data-state="{name}"]')


@pytest.fixture
def console(world: World, page: Page) -> Iterator[Console]:
    """The console of the world. At the end of a test, its page is accessible and holds no secret."""
    console = Console(page, "")

    async def record(request: web.Request, response: web.StreamResponse) -> None:
        if isinstance(response, web.Response) and request.path != "/users":
            console.sent.append((request.path, response.text or ""))

    application = console_of(world)
    application.on_response_prepare.append(record)
    with served(application) as console.url:
        yield console
        world.faults.clear()
        assert accessibility_findings(page) == []
        assert [(path, each) for path, body in console.sent for each in SECRETS if each in body] == []
        shown = page.content()
        assert [each for each in (*SECRETS, email_of(CUSTOMER)) if each in shown] == []


def succeeded(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "succeeded")


def test_a_sample_order_is_confirmed_and_then_cancelled(console: Console) -> None:
    # When
    console.place_sample("Valid card")

    # Then
    console.expect_status("Confirmed")
    console.expect_states(**succeeded(*FORWARD))

    # When
    console.page.get_by_role("button", name="Cancel ...").click()
    console.page.get_by_role("button", name="Cancel the order").click()

    # Then
    console.expect_status("Cancelled")
    expect(console.page.locator(".executions li")).to_have_count(2)
    console.expect_states(ValidateOrder="caught", **succeeded(*UNDO))


def test_a_compensated_order_shows_what_was_undone(world: World, console: Console) -> None:
    # Given
    order_id = race_for_the_last_unit()(world, LAST_UNIT).order_id

    # When
    console.open_order(order_id)

    # Then
    console.expect_status("Failed")
    expect(console.page.locator(".failure").first).to_contain_text("out_of_stock")
    console.expect_states(ReserveInventory="caught", **succeeded("ValidateOrder", "ChargePayment", *UNDO))
    expect(console.page.get_by_text("Held now: 0.00 USD")).to_be_visible()


def test_a_payment_is_approved_in_the_page(console: Console) -> None:
    # Given
    console.place_sample("3-D Secure")
    console.expect_status("Awaiting payment")
    console.expect_states(ValidateOrder="succeeded", ChargePayment="caught", AwaitPayment="running")

    # When
    console.page.get_by_role("button", name="Approve at the bank").click()

    # Then
    console.expect_status("Confirmed")
    console.expect_states(
        ChargePayment="caught",
        **succeeded("ValidateOrder", "AwaitPayment", "ReserveInventory", "NotifyCustomer"),
    )


def test_a_recovered_order_shows_what_healed_it(world: World, console: Console) -> None:
    # Given: an execution that is stopped at its charge
    world.faults.inject(Fault("hold", CONFIRM))
    order_id = world.shop.order(an_order())
    world.faults.wait_until_held()
    world.executions.stop(order_id)
    world.faults.clear()

    # When
    console.open_order(order_id)

    # Then
    console.expect_status("Confirmed")
    executions = console.page.locator(".executions li")
    expect(executions.first).to_contain_text("healed by 2")
    expect(executions.last).to_contain_text("heals 1")
    console.expect_states(**succeeded(*FORWARD))


def test_an_order_that_needs_attention_is_retried_in_the_page(world: World, console: Console) -> None:
    # Given: no refund succeeds
    order_id = submit(world, an_order()).order_id
    world.faults.inject(Fault("unavailable", REFUND, times=None))
    world.shop.cancel_order(order_id)

    # When
    console.open_order(order_id)

    # Then
    console.expect_status("Needs attention")
    expect(console.page.locator(".pending.urgent")).to_contain_text("An operator is needed")
    console.expect_states(
        ValidateOrder="caught",
        ReleaseInventory="succeeded",
        RefundPayment="caught",
        FlagForOperator="succeeded",
        NeedsAttention="failed",
    )

    # When
    world.faults.clear()
    console.page.get_by_role("button", name="Retry").click()

    # Then
    console.expect_status("Cancelled")
