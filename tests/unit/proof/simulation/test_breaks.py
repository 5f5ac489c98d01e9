"""The simulation notices each deliberate break of the product, and nothing without it."""

from inspect import Parameter, signature

import pytest

from proof.fault_campaign.case import parse_case
from proof.simulation.breaks import BREAKS, Break, Replacement
from proof.simulation.play_case import play_case

each_break = pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.name)


@each_break
def test_a_break_is_noticed(one: Break) -> None:
    with one.applied():
        breaches = play_case(parse_case(one.found_by)).breaches

    assert any(one.noticed in breach for breach in breaches), breaches


@each_break
def test_its_case_keeps_all_laws_without_the_break(one: Break) -> None:
    assert play_case(parse_case(one.found_by)).breaches == []


@pytest.mark.parametrize(
    "part",
    [part for one in BREAKS for part in one.replacements if callable(part.new)],
    ids=lambda part: part.name,
)
def test_what_takes_a_functions_place_can_be_called_like_it(part: Replacement) -> None:
    parameters = signature(getattr(part.owner, part.name)).parameters.values()
    by_name = {each.name: None for each in parameters if each.kind is Parameter.KEYWORD_ONLY}

    signature(part.new).bind(*[None] * (len(parameters) - len(by_name)), **by_name)
