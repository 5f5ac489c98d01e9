"""The console shows orders as the REST API has them, and asks the API for what its user does."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from local.console_server import CONSOLE
from tests.browser.accessibility import accessibility_findings
from tests.browser.console_shop import (
    ATTENTION,
    AWAITING,
    DECLINED,
    HAPPY,
    KINDS,
    RECOVERED,
    ConsoleShop,
    many_orders,
)

MAX_BYTES = 150_000
"""Budget of the whole page, uncompressed."""

SIDEWAYS = """selector => [...document.querySelectorAll(selector)]
    .filter(each => each.scrollWidth > each.clientWidth)
    .map(each => each.className || each.tagName)"""
"""Finds elements that scroll sideways."""

UNDO = ("ReleaseInventory", "RefundPayment", "CloseOrder", "NotifyCustomerOfClosure", "OrderClosed")

OUTCOMES = {
    HAPPY: {
        "ValidateOrder": "succeeded",
        "ChargePayment": "retried",
        "ReserveInventory": "succeeded",
        "NotifyCustomer": "succeeded",
    },
    DECLINED: {"ValidateOrder": "succeeded", "ChargePayment": "caught", **dict.fromkeys(UNDO, "succeeded")},
    AWAITING: {"ValidateOrder": "succeeded", "ChargePayment": "caught", "AwaitPayment": "running"},
    RECOVERED: dict.fromkeys(
        ("ValidateOrder", "ChargePayment", "ReserveInventory", "NotifyCustomer"), "succeeded"
    ),
    ATTENTION: {
        "ValidateOrder": "succeeded",
        "ChargePayment": "succeeded",
        "ReserveInventory": "caught",
        "ReleaseInventory": "succeeded",
        "RefundPayment": "caught",
        "FlagForOperator": "succeeded",
        "NeedsAttention": "failed",
    },
}
"""Outcomes of the states that the latest execution of each recorded order has reached."""


@pytest.fixture
def shop(page: Page) -> ConsoleShop:
    return ConsoleShop(page)


def outcomes(page: Page) -> dict[str, str]:
    """The outcomes of the states that the graph shows as reached."""
    shown = page.eval_on_selector_all(
        "[data-state]", "states => states.map(each => [each.dataset.state, each.dataset.outcome])"
    )
    return {name: outcome for name, outcome in shown if outcome != "unreached"}


def poll(page: Page, times: int = 1) -> None:
    """Let the time pass until the list is read again."""
    for _ in range(times):
        with page.expect_response("**/v1/orders**"):
            page.clock.run_for(3_000)


# The list


def test_the_list_shows_every_order_with_its_status_in_words(page: Page, shop: ConsoleShop) -> None:
    shop.open()

    rows = page.locator(".orders tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("Needs attention")
    expect(rows.first).to_contain_text("1190.00 USD")
    expect(rows.first.locator("strong")).to_have_text("out_of_stock")


def test_a_status_filters_the_list(page: Page, shop: ConsoleShop) -> None:
    shop.open()

    page.get_by_role("button", name="Confirmed").click()

    expect(page.locator(".orders tbody tr")).to_have_count(2)
    expect(page.get_by_role("button", name="Confirmed")).to_have_attribute("aria-pressed", "true")


def test_a_part_of_an_id_finds_its_order(page: Page, shop: ConsoleShop) -> None:
    shop.open()

    page.get_by_label("Order id").fill("7c41")

    expect(page.locator(".orders tbody tr")).to_have_count(1)
    expect(page.locator(".orders")).to_contain_text(shop.order_id(DECLINED))


def test_a_whole_id_opens_its_order(page: Page, shop: ConsoleShop) -> None:
    shop.listed = []
    shop.open()

    page.get_by_label("Order id").fill(shop.order_id(HAPPY))
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text(shop.order_id(HAPPY))


def test_a_reference_lists_its_orders(page: Page, shop: ConsoleShop) -> None:
    shop.recorded[DECLINED]["order"]["reference"] = "PO 7"
    shop.open()

    page.get_by_label("Order id").fill("PO 7")
    page.keyboard.press("Enter")

    expect(page.locator(".orders tbody tr")).to_have_count(1)
    expect(page.locator(".orders")).to_contain_text(shop.order_id(DECLINED))
    page.get_by_label("Order id").fill("")
    expect(page.locator(".orders tbody tr")).to_have_count(5)


def test_older_orders_come_page_by_page(page: Page, shop: ConsoleShop) -> None:
    shop.listed = many_orders(500)
    shop.open()
    expect(page.locator(".orders tbody tr")).to_have_count(100)

    for shown in (200, 300, 400, 500):
        page.get_by_role("button", name="Older orders").click()
        expect(page.locator(".orders tbody tr")).to_have_count(shown)

    expect(page.get_by_role("button", name="Older orders")).to_have_count(0)


def test_a_search_for_older_orders_that_finds_none_ends(page: Page, shop: ConsoleShop) -> None:
    # Given: the API offers a page for each month, even without orders
    page.clock.install()
    shop.empty_pages = 3
    shop.open()
    expect(page.locator(".orders tbody tr")).to_have_count(5)

    # When
    page.get_by_role("button", name="Older orders").click()

    # Then
    expect(page.get_by_role("button", name="Older orders")).to_have_count(0)

    # And the list reads a page again, not all
    before = shop.reads
    poll(page)
    expect(page.get_by_role("button", name="Older orders")).to_have_count(0)
    assert shop.reads == before + 1


def test_the_list_is_live_and_keeps_the_focus(page: Page, shop: ConsoleShop) -> None:
    page.clock.install()
    shop.listed = many_orders(3)
    shop.open()
    link = page.get_by_role("link", name="000000000002")
    link.focus()

    shop.listed = [shop.recorded[HAPPY]["order"], *shop.listed]
    poll(page)

    expect(page.locator(".orders tbody tr")).to_have_count(4)
    expect(link).to_be_focused()


def test_nothing_is_read_while_the_tab_is_hidden(page: Page, shop: ConsoleShop) -> None:
    page.clock.install()
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.isHidden === true})")
    shop.open()
    expect(page.locator(".orders")).to_be_visible()
    poll(page)

    page.evaluate("window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))")
    reads = shop.reads
    page.clock.run_for(60_000)
    assert shop.reads == reads

    with page.expect_response("**/v1/orders**"):
        page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")


# An order


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_shows_how_each_state_went(page: Page, shop: ConsoleShop, kind: str) -> None:
    shop.open_order(kind)

    expect(page.locator(".around")).to_be_visible()
    assert outcomes(page) == OUTCOMES[kind]


def test_an_outcome_is_told_by_a_mark_and_a_word(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(DECLINED)

    state = page.locator('[data-state="ChargePayment"]')
    expect(state).to_contain_text("↷ caught")
    expect(state).to_have_attribute("aria-label", "ChargePayment ↷ caught · 501 ms")


def test_the_lines_that_were_taken_are_marked(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(DECLINED)

    taken = page.locator(".edge.taken")
    expect(taken).to_have_count(6)
    expect(page.locator('.edge.taken[data-from="ChargePayment"]')).to_have_attribute(
        "data-to", "ReleaseInventory"
    )


def test_the_failure_and_what_is_pending_come_first(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(ATTENTION)

    expect(page.locator(".head .failure strong")).to_have_text("out_of_stock")
    expect(page.locator(".pending.urgent")).to_contain_text(
        "An operator is needed: PaymentProviderUnavailable"
    )


def test_an_order_in_the_queue_shows_when_its_turn_is(page: Page, shop: ConsoleShop) -> None:
    order = shop.recorded[AWAITING]["order"]
    scheduled = {"at": "2026-03-01T12:02:06.000Z", "event": "ChargeScheduled: 2026-03-01T12:05:00.250Z"}
    order |= {"status": "PENDING", "timeline": [*order["timeline"][:2], scheduled]}
    shop.refused["executions"] = 403

    shop.open_order(AWAITING)

    expect(page.locator(".pending")).to_contain_text("Waits for its turn to be charged, at 12:05:00.250")


def test_all_executions_show_what_stopped_and_what_healed_it(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(RECOVERED)

    expect(page.locator(".execution")).to_have_count(2)
    stopped, healing = page.locator(".execution").all()
    expect(stopped).to_contain_text("stopped in ReserveInventory")
    expect(stopped).to_contain_text("healed by 2")
    expect(healing).to_contain_text("Recovery")
    expect(healing).to_contain_text("heals 1")


def test_another_execution_is_shown_when_it_is_chosen(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(RECOVERED)

    page.locator(".execution").first.click()

    expect(page.locator('[data-state="ReserveInventory"]')).to_have_attribute("data-outcome", "stopped")
    expect(page.locator('[data-state="NotifyCustomer"]')).to_have_attribute("data-outcome", "unreached")


def test_the_graph_stays_when_the_note_above_it_goes_away(page: Page, shop: ConsoleShop) -> None:
    shop.recorded[RECOVERED]["executions"]["executions"][0].update(history="expired", states=[])
    shop.open_order(RECOVERED)
    page.locator(".around").wait_for()

    page.locator(".executions button").first.click()
    expect(page.locator(".note")).to_contain_text("deleted the history")
    page.locator(".executions button").last.click()

    assert not page.locator(".note").is_visible()
    assert page.locator('[data-state="ValidateOrder"]').is_visible()  # at once, not after the next look


def test_a_state_shows_its_input_error_tries_and_log(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(ATTENTION)

    page.locator('[data-state="RefundPayment"]').click()

    details = page.locator(".details")
    expect(details.locator(".tries tbody tr")).to_have_count(4)
    expect(details.locator(".failure")).to_contain_text("PaymentProviderUnavailable")
    expect(details.locator("pre").first).to_contain_text("LAST-TABLE: 0 available")
    expect(details.locator(".log")).to_contain_text("create_refund: 503 api_error")


def test_logs_are_read_only_when_they_are_shown(page: Page, shop: ConsoleShop) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shop.open_order(HAPPY)
    expect(page.locator(".around")).to_be_visible()
    assert not any(url.endswith("/story") for url in asked)

    page.locator('[data-state="ChargePayment"]').click()

    expect(page.locator(".log")).to_be_visible()
    assert sum(url.endswith("/story") for url in asked) == 1


def test_states_can_be_chosen_with_the_keyboard(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)

    page.locator('[data-state="ValidateOrder"]').focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(".details h3")).to_have_text("ChargePayment")
    expect(page.locator(".details h3")).to_be_focused()
    expect(page.locator(".details h3")).to_be_in_viewport()


def test_a_closed_state_gives_the_focus_back(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)
    page.locator('[data-state="ValidateOrder"]').focus()
    page.keyboard.press("Enter")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(".details")).to_have_count(0)
    expect(page.locator('[data-state="ValidateOrder"]')).to_be_focused()


def test_the_time_axis_has_a_row_for_each_try_and_effect(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)

    axis = page.locator(".axis")
    expect(axis.locator('.attempt:has-text("ChargePayment")')).to_have_count(2)
    expect(axis).to_contain_text("after 700 ms")
    expect(axis.locator(".point")).to_have_count(5)
    expect(axis.locator('.point[data-kind="Money"]')).to_contain_text("Charge succeeded 318.80 USD")


def test_a_duration_never_has_sixty_seconds(page: Page, shop: ConsoleShop) -> None:
    shop.open()

    said = page.evaluate(
        "import('/format.js').then(({ duration }) => [59_400, 60_000, 119_700].map(duration))"
    )

    assert said == ["59.4 s", "1 min 0 s", "1 min 59 s"]


def test_a_long_wait_is_drawn_shorter_and_says_so(page: Page, shop: ConsoleShop) -> None:
    page.clock.set_fixed_time("2026-03-01T14:02:06Z")
    shop.open_order(AWAITING)

    expect(page.locator(".breaks")).to_contain_text("2 h 0 min")


def test_money_stock_mails_and_events_are_shown(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)

    around = page.locator(".around")
    expect(around).to_contain_text("Held now: 318.80 USD")
    expect(around).to_contain_text("CRUNCHY-ARMCHAIR")
    expect(around).to_contain_text("Customer notified")
    expect(around).to_contain_text("read by audit_order_events")


def test_the_story_tells_what_happened_by_time(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(RECOVERED)

    page.get_by_role("link", name="Story").click()

    rows = page.locator(".story tbody tr")
    expect(rows.first).to_contain_text("POST /orders")
    expect(rows.last).to_contain_text("consumed by audit_order_events")
    expect(page.locator('.story [data-level="ERROR"]')).to_contain_text("execution ended: ABORTED")


def test_a_change_of_the_order_is_shown_and_announced(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(AWAITING)

    order = shop.recorded[AWAITING]["order"]
    order["status"] = "CONFIRMED"
    order["updated_at"] = "2026-03-01T12:03:00.000Z"

    expect(page.locator(".head .badge")).to_contain_text("Confirmed")
    expect(page.get_by_role("status")).to_have_text("The order is Confirmed.")


def test_the_story_follows_changes_made_while_it_was_hidden(page: Page, shop: ConsoleShop) -> None:
    # Given: an order at rest for long, whose story was read
    shop.open_order(HAPPY, "/story")
    page.locator(".story").wait_for()
    page.get_by_role("link", name="Saga", exact=True).click()

    # When
    recorded = shop.recorded[HAPPY]
    recorded["order"]["status"] = "CANCELLED"
    recorded["order"]["updated_at"] = "2026-03-01T12:03:00.000Z"
    recorded["story"]["entries"].append({**recorded["story"]["entries"][-1], "text": "one more line"})
    expect(page.locator(".head .badge")).to_contain_text("Cancelled")
    page.get_by_role("link", name="Story").click()

    # Then
    expect(page.locator(".story tr").last).to_contain_text("one more line")


def test_a_button_that_goes_away_leaves_the_focus_at_the_heading(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(AWAITING)
    page.get_by_role("button", name="Cancel ...").focus()

    shop.recorded[AWAITING]["order"]["status"] = "CANCELLED"

    expect(page.locator(".head .badge")).to_contain_text("Cancelled")
    expect(page.locator("h1")).to_be_focused()


# What can't be read


def test_without_executions_the_graph_shows_what_is_on_record(page: Page, shop: ConsoleShop) -> None:
    shop.refused["executions"] = 403
    shop.open_order(DECLINED)

    reached = ("ValidateOrder", "ChargePayment", *UNDO[:-1])
    expect(page.locator(".note")).to_contain_text("what the order's record knows")
    assert outcomes(page) == dict.fromkeys(reached, "recorded")


def test_an_expired_history_degrades_to_the_record(page: Page, shop: ConsoleShop) -> None:
    for execution in shop.recorded[HAPPY]["executions"]["executions"]:
        execution.update(history="expired", states=[])
    shop.open_order(HAPPY)

    expect(page.locator(".note")).to_contain_text("deleted the history")
    assert outcomes(page)["ReserveInventory"] == "recorded"


def test_the_page_says_which_parts_are_missing(page: Page, shop: ConsoleShop) -> None:
    shop.refused.update(effects=503, story=503)
    shop.open_order(HAPPY)
    expect(page.locator("main > .note")).to_contain_text("Money, stock, mails and events can't be shown")

    page.get_by_role("link", name="Story").click()

    expect(page.locator(".note")).to_contain_text("The story can't be shown: Refused")


@pytest.mark.parametrize("order_id", ["00000000-0000-5000-8000-000000000000", "%E0"])
def test_an_unknown_order_is_a_readable_problem(page: Page, shop: ConsoleShop, order_id: str) -> None:
    shop.open(f"orders/{order_id}")

    expect(page.get_by_role("alert")).to_contain_text("Refused")
    expect(page.get_by_text("Loading ...")).to_have_count(0)


def test_nothing_secret_or_unknown_is_shown(page: Page, shop: ConsoleShop) -> None:
    answers = shop.recorded[HAPPY]
    answers["order"]["payment"]["client_secret"] = "SECRET-1"  # noqa: S105 - none
    answers["order"]["email"] = "SECRET-2"
    state = answers["executions"]["executions"][0]["states"][0]
    state["input"]["task_token"] = "SECRET-3"  # noqa: S105 - none
    state["output"]["Cause"] = '{"card": "SECRET-4"}'
    answers["story"]["entries"][0]["details"] = {"address": "SECRET-5"}
    shop.open_order(HAPPY)
    page.locator('[data-state="ValidateOrder"]').click()
    expect(page.locator(".log")).to_be_visible()

    shown = page.content()
    page.get_by_role("link", name="Story").click()
    expect(page.locator(".story")).to_be_visible()

    assert "(not shown)" in shown
    assert "SECRET" not in shown + page.content()


def test_data_is_never_markup(page: Page, shop: ConsoleShop) -> None:
    shop.recorded[DECLINED]["order"]["failure"]["message"] = "<img src=x onerror=alert(1)>"
    shop.open_order(DECLINED)

    expect(page.locator(".head .failure")).to_contain_text("<img src=x onerror=alert(1)>")


# What a user does


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        (HAPPY, ["fulfil", "refund", "cancel"]),
        (DECLINED, []),
        (AWAITING, ["approve", "refuse", "retry", "cancel"]),
        (ATTENTION, ["retry", "settle"]),
    ],
)
def test_only_actions_that_the_api_allows_are_offered(
    page: Page, shop: ConsoleShop, kind: str, actions: list[str]
) -> None:
    shop.open_order(kind)

    offered = page.eval_on_selector_all("[data-action]", "all => all.map(each => each.dataset.action)")
    assert offered == actions


def test_a_cancellation_is_confirmed_first(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)

    page.get_by_role("button", name="Cancel ...").click()
    assert shop.requests == []
    page.get_by_role("button", name="Cancel the order").click()

    expect(page.get_by_role("status")).to_have_text("The cancellation is accepted.")
    assert shop.requests == [("POST", f"/v1/orders/{shop.order_id(HAPPY)}/cancel", None)]


def test_a_retry_is_one_request(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(ATTENTION)

    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_role("status")).to_have_text("One more execution was asked for.")
    assert shop.requests == [("POST", f"/v1/orders/{shop.order_id(ATTENTION)}/retry", None)]


def test_the_goods_of_an_order_are_handed_over(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)

    page.get_by_role("button", name="Fulfil ...").click()
    page.get_by_label("Tracking number").fill(" 0034 ")
    page.get_by_role("button", name="Fulfil", exact=True).click()

    expect(page.get_by_role("status")).to_have_text("The order is fulfilled.")
    path = f"/v1/orders/{shop.order_id(HAPPY)}/fulfil"
    assert shop.requests == [("POST", path, {"tracking_number": "0034"})]


def test_the_goods_of_an_authorized_order_are_kept_until_the_capture(page: Page, shop: ConsoleShop) -> None:
    order = shop.recorded[HAPPY]["order"]
    order["payment"] |= {"status": "requires_capture", "capture_before": "2026-03-08T12:00:01.000Z"}
    shop.open_order(HAPPY)
    expect(page.get_by_text("Authorized, not captured")).to_be_visible()
    expect(page.get_by_text("2026-03-08 12:00:01 UTC")).to_be_visible()
    expect(page.get_by_role("button", name="Refund a part ...")).to_have_count(0)

    page.get_by_role("button", name="Fulfil ...").click()
    expect(page.get_by_text("keep the goods until the order is fulfilled")).to_be_visible()
    page.get_by_role("button", name="Fulfil", exact=True).click()

    expect(page.get_by_role("status")).to_have_text("The fulfilment is accepted.")


def test_an_order_that_is_being_captured_can_only_be_cancelled(page: Page, shop: ConsoleShop) -> None:
    order = shop.recorded[HAPPY]["order"]
    order["payment"] |= {"status": "requires_capture", "capture_before": "2026-03-08T12:00:01.000Z"}
    order["timeline"].append({"at": order["updated_at"], "event": "FulfilmentRequested"})
    shop.open_order(HAPPY)

    expect(page.get_by_text("The payment is being captured.")).to_be_visible()
    expect(page.get_by_role("button", name="Fulfil ...")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel ...")).to_be_visible()


def test_a_part_of_an_order_is_refunded(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(HAPPY)
    sku = shop.recorded[HAPPY]["order"]["items"][0]["sku"]

    page.get_by_role("button", name="Refund a part ...").click()
    page.get_by_label(f"{sku}, units").fill("1")
    page.get_by_label("Put the units back into stock").check()
    page.get_by_label("Why").fill("A leg was broken.")
    expect(page.locator("dialog output")).to_have_text(
        f"Refunds 249.00 USD, 1 × {sku}, back into stock"  # noqa: RUF001 - as the page shows it
    )
    page.get_by_role("button", name="Refund", exact=True).click()

    expect(page.get_by_role("status")).to_have_text("The refund is accepted.")
    body = {"items": [{"sku": sku, "quantity": 1}], "restock": True, "reason": "A leg was broken."}
    assert shop.requests == [("POST", f"/v1/orders/{shop.order_id(HAPPY)}/refunds", body)]


@pytest.mark.parametrize(
    ("currency", "written", "amount"),
    [
        ("usd", "12.50", 1250),
        ("usd", "12", 1200),
        ("usd", "0.5", 50),
        ("jpy", "1250", 1250),
        ("kwd", "1.25", 1250),
    ],
)
def test_an_amount_to_refund_is_written_as_people_do(
    page: Page, shop: ConsoleShop, currency: str, written: str, amount: int
) -> None:
    shop.recorded[HAPPY]["order"]["currency"] = currency
    shop.open_order(HAPPY)

    page.get_by_role("button", name="Refund a part ...").click()
    page.get_by_label("Or an amount").fill(written)
    page.get_by_label("Why").fill("It came late.")
    page.get_by_role("button", name="Refund", exact=True).click()

    expect(page.get_by_role("status")).to_have_text("The refund is accepted.")
    [(_method, _path, body)] = shop.requests
    assert body == {"amount": amount, "restock": False, "reason": "It came late."}


@pytest.mark.parametrize(
    ("currency", "fields", "problem"),
    [
        ("usd", {}, "Fill in units or an amount."),
        ("usd", {"units": "1", "amount": "12.50"}, "Fill in units or an amount, not both."),
        ("usd", {"amount": "12,50"}, '"12,50" is not an amount in USD: write it like 12.50.'),
        ("usd", {"amount": "12.505"}, '"12.505" is not an amount in USD: write it like 12.50.'),
        ("jpy", {"amount": "12.50"}, '"12.50" is not an amount in JPY: write it like 1250.'),
    ],
)
def test_a_refund_that_is_not_clear_is_not_sent(
    page: Page, shop: ConsoleShop, currency: str, fields: dict[str, str], problem: str
) -> None:
    shop.recorded[HAPPY]["order"]["currency"] = currency
    shop.open_order(HAPPY)

    page.get_by_role("button", name="Refund a part ...").click()
    for label, text in fields.items():
        page.get_by_label(re.compile(f"{label}.*", re.IGNORECASE)).first.fill(text)
    page.get_by_label("Why").fill("It came late.")
    page.get_by_role("button", name="Refund", exact=True).click()

    expect(page.locator("dialog output")).to_have_text(problem)
    assert shop.requests == []


def test_no_more_units_are_refunded_than_are_left(page: Page, shop: ConsoleShop) -> None:
    order = shop.recorded[HAPPY]["order"]
    lamps = {"sku": order["items"][1]["sku"], "quantity": 1}
    order["refunds"] = [{"status": "refunded", "items": [lamps], "amount": 3490, "reason": "Broken."}]
    shop.open_order(HAPPY)

    page.get_by_role("button", name="Refund a part ...").click()
    page.get_by_label(f"{lamps['sku']}, units (1 left, 34.90 USD each)").fill("2")
    page.get_by_label("Why").fill("It came late.")
    page.get_by_role("button", name="Refund", exact=True).click()

    expect(page.get_by_role("dialog")).to_be_visible()
    assert shop.requests == []


def test_the_refunds_of_an_order_are_shown(page: Page, shop: ConsoleShop) -> None:
    order = shop.recorded[HAPPY]["order"]
    item = {"sku": order["items"][0]["sku"], "quantity": 1}
    order["refunds"] = [{"status": "refund_pending", "items": [item], "amount": 37_900, "reason": "Broken."}]

    shop.open_order(HAPPY)

    expect(page.locator(".head .facts")).to_contain_text(f"{item['sku']}, Refund pending, Broken.")


def test_the_goods_of_a_fulfilled_order_are_taken_back(page: Page, shop: ConsoleShop) -> None:
    shop.recorded[HAPPY]["order"]["fulfilment"] = {"at": "2026-03-02T08:00:00.000Z", "carrier": "DHL"}
    shop.open_order(HAPPY)

    expect(page.locator(".facts")).to_contain_text("UTC, DHL")
    page.get_by_role("button", name="Take back ...").click()
    page.get_by_role("button", name="Take the goods back").click()

    expect(page.get_by_role("status")).to_have_text("The return is accepted.")
    assert shop.requests == [("POST", f"/v1/orders/{shop.order_id(HAPPY)}/cancel", None)]


def test_a_customer_cannot_take_fulfilled_goods_back(page: Page, shop: ConsoleShop) -> None:
    shop.users = [user for user in shop.users if user["role"] == "customer"]
    shop.recorded[HAPPY]["order"]["fulfilment"] = {"at": "2026-03-02T08:00:00.000Z"}
    shop.open_order(HAPPY)

    assert page.locator("[data-action]").count() == 0


def test_a_settlement_needs_a_reason(page: Page, shop: ConsoleShop) -> None:
    shop.open_order(ATTENTION)

    page.get_by_role("button", name="Settle ...").click()
    page.get_by_role("button", name="Settle", exact=True).click()
    assert shop.requests == []
    expect(page.get_by_label("How and why")).to_be_focused()  # and the browser says that it is required
    page.get_by_label("How and why").fill("Bank transfer 42")
    page.get_by_role("button", name="Settle", exact=True).click()

    expect(page.get_by_role("status")).to_contain_text("settled outside of Stripe")
    assert shop.requests[0][2] == {"reason": "Bank transfer 42"}


@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_the_bank_is_answered_where_a_stand_in_plays_it(page: Page, shop: ConsoleShop, answer: str) -> None:
    shop.open_order(AWAITING)
    intent = shop.recorded[AWAITING]["order"]["payment"]["intent_id"]

    page.get_by_role("button", name=f"{answer.title()} at the bank").click()

    expect(page.get_by_role("status")).to_contain_text("The payment is")
    assert shop.requests == [("POST", f"/bank/{intent}/{answer}", None)]


def test_a_real_bank_is_not_answered_here(page: Page, shop: ConsoleShop) -> None:
    shop.config["bank"] = None
    shop.open_order(AWAITING)

    expect(page.get_by_role("button", name="at the bank")).to_have_count(0)


def test_a_refused_action_shows_its_problem(page: Page, shop: ConsoleShop) -> None:
    shop.refused["retry"] = 409
    shop.open_order(ATTENTION)

    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_role("alert")).to_contain_text("It is too late.")
    expect(page.get_by_role("alert")).to_contain_text("Request 9d1c2b3a")


def test_each_sample_order_has_a_key_of_its_own(page: Page, shop: ConsoleShop) -> None:
    for name in ("Valid card", "3-D Secure"):
        shop.open()
        page.get_by_role("button", name="Place a sample order").click()
        page.get_by_role("button", name=name).click()
        expect(page.locator("h1")).to_have_text(shop.order_id(AWAITING))

    assert [body["payment_method"] for _, _, body in shop.requests] == [
        "pm_card_visa",
        "pm_card_authenticationRequired",
    ]
    assert len(set(shop.keys)) == 2


# For everybody, on every screen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing(browser: Browser, scheme: str, width: int) -> None:
    with browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        shop = ConsoleShop(page)
        shop.open()
        page.locator(".orders").wait_for()
        findings = accessibility_findings(page)
        for kind in (ATTENTION, RECOVERED, AWAITING):
            shop.open_order(kind)
            page.locator(".around").wait_for()
            page.locator('[data-state="ChargePayment"]').click()
            page.locator(".log").wait_for()
            findings += accessibility_findings(page)
        page.get_by_role("link", name="Story").click()
        page.locator(".story").wait_for()
        page.get_by_role("button", name="Cancel ...").click()
        findings += accessibility_findings(page)

    assert findings == []


@pytest.mark.parametrize("width", [360, 640])  # 640: a screen of 1,280 pixels at 200 %
def test_a_narrow_screen_does_not_scroll_sideways(page: Page, shop: ConsoleShop, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 780})
    shop.open_order(ATTENTION)
    page.locator('[data-state="RefundPayment"]').click()
    expect(page.locator(".log")).to_be_visible()
    assert page.evaluate(SIDEWAYS, "main, .card:not(.graph-card)") == []

    page.get_by_role("link", name="Story").click()
    page.locator(".story").wait_for()

    assert page.evaluate(SIDEWAYS, "main, .scroll") == []
    text = page.locator(".story td:last-child").first.bounding_box()
    assert text is not None
    assert text["width"] > width / 2


def test_a_new_page_takes_the_focus_to_its_heading(page: Page, shop: ConsoleShop) -> None:
    shop.open()

    page.get_by_role("link", name=shop.order_id(HAPPY)).click()

    expect(page.locator("h1")).to_have_text(shop.order_id(HAPPY))
    expect(page.locator("h1")).to_be_focused()


def test_the_page_weighs_less_than_its_budget() -> None:
    assert sum(file.stat().st_size for file in CONSOLE.iterdir()) < MAX_BYTES
