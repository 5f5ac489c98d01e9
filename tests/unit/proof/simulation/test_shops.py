"""Random shops and pairs of faults keep all laws; a planted defect is found, and its case is made smaller."""

import re
from itertools import islice
from random import Random

import pytest

from lambdas.domain.order import Order
from lambdas.shared.store.reservations import StockReservations
from local.processes import REPOSITORY
from proof.fault_campaign.case import Case
from proof.journeys import JOURNEYS
from proof.simulation.minimize import smallest
from proof.simulation.plan import pairs
from proof.simulation.play import parse, play
from proof.simulation.shop import draw_shop, parse_shop

FOUND = REPOSITORY / "tests/unit/proof/simulation/cases_that_broke_a_law.txt"

SHOPS = 30
"""Take about twenty seconds of one core in all."""

PAIRS = 3
"""Of each journey; take about twenty seconds of one core in all."""

RUSH = (
    "shop 1; 1s order A alice LAST-TABLE:1 pm_card_visa; 1s order B bob LAST-TABLE:1 pm_card_visa;"
    " 1s order C carol RED-CHAIR:1 pm_card_visa; 2s again C; 3s cancel C carol; 9s reconcile full"
)
"""Two customers order the last table at the same time; the rest has nothing to do with it."""


@pytest.mark.parametrize("seed", range(SHOPS))
def test_a_random_shop_keeps_all_laws(seed: int) -> None:
    assert play(draw_shop(seed)).breaches == []


@pytest.mark.parametrize("journey", [journey.key for journey in JOURNEYS])
def test_pairs_of_faults_break_no_law(journey: str) -> None:
    calls = play(Case(journey)).calls
    all_pairs = pairs(journey, calls, Random(journey))  # noqa: S311 - it must be repeatable

    results = [play(case) for case in islice(all_pairs, PAIRS)]

    assert {str(each.case): each.breaches for each in results if each.breaches} == {}


def test_goods_are_either_sent_or_kept_when_both_are_asked_at_once() -> None:
    happens = "1s order A alice RED-CHAIR:1 pm_card_visa; 9s fulfil A; 9s cancel A alice"

    results = [play(parse(f"shop {seed}; {happens}")) for seed in range(8)]

    assert [breach for each in results for breach in each.breaches] == []
    assert {end for each in results for end in each.ends} == {"CONFIRMED", "CANCELLED cancelled_by_customer"}


_HELD = "0s setting at_fulfilment; 1s order A alice RED-CHAIR:1 pm_card_visa"


@pytest.mark.parametrize(
    ("happens", "ends"),
    [
        ("9s fulfil A; 9s cancel A alice", {"CONFIRMED", "CANCELLED cancelled_by_customer"}),
        (
            "9s fulfil A; 9.2s cancel A operator",
            {"CANCELLED returned", "CANCELLED cancelled_by_operator"},
        ),
        ("9s fulfil A; 9.2s expire A", {"CONFIRMED", "FAILED payment_expired"}),
        ("9s fulfil A; 9.3s void A", {"CONFIRMED", "FAILED payment_expired"}),
        ("9s fulfil A; 9.2s capture A", {"CONFIRMED"}),
        ("9s fulfil A; 9.1s stop A; 9.3s stop A", {"CONFIRMED"}),
        ("9s expire A; 9.6s cancel A alice", {"CANCELLED cancelled_by_customer", "FAILED payment_expired"}),
    ],
)
def test_what_races_with_a_capture_ends_in_one_outcome(happens: str, ends: set[str]) -> None:
    results = [play(parse(f"shop {seed}; {_HELD}; {happens}")) for seed in range(12)]

    assert [breach for each in results for breach in each.breaches] == []
    assert {end for each in results for end in each.ends} == ends


@pytest.mark.parametrize("end", ["expire A", "void A"])
def test_an_order_whose_authorization_ends_unnoticed_never_ships(end: str) -> None:
    result = play(parse(f"shop 1; {_HELD}; 9s webhooks lost; 20s {end}; 7200s fulfil A"))

    assert (result.breaches, result.ends) == ([], ["FAILED payment_expired"])


@pytest.mark.parametrize(
    "happens", ["20s capture A 100", "20s webhooks lost; 20s capture A; 21s refund A 100; 30s webhooks held"]
)
def test_an_order_whose_money_is_only_partly_there_never_ships(happens: str) -> None:
    """An operator is called, and cancels the order in this world."""
    result = play(parse(f"shop 1; {_HELD}; {happens}; 40s fulfil A"))

    assert (result.breaches, result.operator_called) == ([], True)
    assert result.ends == ["CANCELLED cancelled_by_operator"]


def test_an_authorization_that_nobody_captures_expires_as_time_passes() -> None:
    result = play(parse(f"shop 1; {_HELD} short_hold"))

    assert (result.breaches, result.ends) == ([], ["FAILED payment_expired"])


@pytest.mark.parametrize(
    ("happens", "ends"),
    [
        ("9s lines A 1 restock; 9s cancel A alice", {"CANCELLED cancelled_by_customer"}),
        ("9s lines A 1; 9.2s cancel A alice", {"CANCELLED cancelled_by_customer"}),
        ("9s lines A 2 restock; 9s lines A 1; 12s lines A 1", {"CONFIRMED"}),
        ("9s lines A 1 restock; 9.1s refund A", {"CONFIRMED"}),
        ("9s goodwill A 500; 9.1s dispute A; 900s lost A", {"CONFIRMED"}),
        ("9s lines A 1 restock; 9.1s stop A; 9.3s stop A", {"CONFIRMED"}),
    ],
)
@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"])
def test_a_refund_of_lines_that_races_ends_in_one_outcome(happens: str, ends: set[str], card: str) -> None:
    order = f"1s order A alice RED-CHAIR:2,TASTELESS-LAMP:1 {card}"

    results = [play(parse(f"shop {seed}; {order}; {happens}")) for seed in range(4)]

    assert [breach for each in results for breach in each.breaches] == []
    assert {end for each in results for end in each.ends} == ends


def _found() -> list[str]:
    return [line for line in FOUND.read_text().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("case", _found())
def test_a_case_that_broke_a_law_keeps_it_now(case: str) -> None:
    assert play(parse(case)).breaches == []


def test_a_shop_is_what_its_text_says() -> None:
    shop = draw_shop(17)

    assert parse_shop("shop 17") == shop
    assert parse_shop(shop.spelled_out).happenings == shop.happenings


def test_the_same_shop_has_the_same_trace() -> None:
    drawn = draw_shop(17)
    traces = {play(each, traced=True).trace for each in (drawn, drawn, parse_shop(drawn.spelled_out))}

    assert len(traces) == 1


def test_a_text_that_is_not_a_shop_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a happening"):
        parse_shop("shop 17; alice orders something")


def test_all_pairs_of_a_journey_are_different() -> None:
    calls = play(Case("out-of-stock")).calls[:4]
    all_pairs = pairs("out-of-stock", calls, Random(1))  # noqa: S311 - it must be repeatable

    seen = [str(case) for case in all_pairs]

    assert len(seen) == len(set(seen)) > 1000


def test_a_planted_defect_is_found_and_its_case_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    move = StockReservations._move  # noqa: SLF001 - the defect

    def move_unguarded(self: StockReservations, order: Order, sku: str, taken: int, **_: object) -> object:
        return move(self, order, sku, taken)

    monkeypatch.setattr(StockReservations, "_move", move_unguarded)

    failed = play(parse(RUSH))
    found = smallest(failed)

    assert "LAST-TABLE was oversold: -1" in failed.breaches
    assert {"order A", "order B"} <= set(re.findall(r"order \w", str(found.case)))
    assert not re.search("again|cancel|reconcile", str(found.case))
    assert "order A alice" in found.trace
