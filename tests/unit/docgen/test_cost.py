"""The dollars in docs/cost.md follow from the counted calls and the price sheet."""

from dataclasses import replace

import pytest

from docgen.cost import dollars_of, prices, sample_table, usage_of, without_mail
from proof.bench.calls import FunctionUse, JourneyUse

CHARGE = FunctionUse(
    invocations=2,
    calls={"dynamodb GetItem orders": 3, "stripe POST /v1/refunds": 1},
    read_units=3,
    write_units=4,
    log_bytes=1500,
)
NOTIFY = FunctionUse(invocations=1, calls={}, read_units=0, write_units=1, log_bytes=500)
USE = JourneyUse(
    orders=1,
    functions={"charge_payment": CHARGE, "notify_customer": NOTIFY},
    transitions=3,
    history_events=0,
    stripe={},
    api_requests=0,
    events=1,
    queue_requests=3,
    mails=1,
)


def test_a_price_is_that_of_a_million_units() -> None:
    assert dollars_of({"transitions": 4, "mails": 1}) == pytest.approx({"transitions": 0.1, "mails": 0.1})


def test_an_order_is_billed_for_the_use_of_all_functions() -> None:
    usage = usage_of(USE)

    assert (usage["invocations"], usage["write_units"], usage["read_units"]) == (3, 5, 3)
    assert usage["log_kilobytes"] == pytest.approx(2)


def test_two_orders_of_a_journey_share_what_it_uses() -> None:
    assert usage_of(replace(USE, orders=2))["transitions"] == 1.5


def test_without_mail_the_step_that_sends_it_is_gone() -> None:
    usage = usage_of(without_mail(USE))

    assert (usage["transitions"], usage["invocations"], usage["mails"]) == (2, 2, 0)


def test_each_price_names_its_source() -> None:
    assert {each.source.partition("://")[0] for each in prices().values()} == {"https"}


def test_without_mail_we_cost_less_than_each_sample_on_step_functions() -> None:
    rows = [row.split(" | ") for row in sample_table().splitlines()[2:]]
    dollars = {row[0].lstrip("| "): float(row[5].lstrip("$")) for row in rows}
    on_step_functions = {row[0].lstrip("| ") for row in rows if row[1] != "0"}
    ours = "**This saga**, without mail"

    assert ours in on_step_functions
    assert all(dollars[ours] < dollars[each] for each in on_step_functions if "This saga" not in each)
