"""Event patterns mean what they mean at AWS."""

from typing import Any, Final

import pytest

from proof.simulation.event_patterns import any_of

ORDER: Final = {
    "eventName": "MODIFY",
    "dynamodb": {"NewImage": {"status": {"S": "PENDING"}, "payment": {"M": {"dispute": {"S": "open"}}}}},
}


def after(**attributes: object) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": attributes}}


@pytest.mark.parametrize(
    ("pattern", "is_matched"),
    [
        ({"eventName": ["INSERT"]}, False),
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        (after(status={"S": ["PENDING"]}), True),
        (after(status={"S": ["CONFIRMED"]}), False),
        (after(status={"N": ["PENDING"]}), False),
        (after(failure={"S": [{"exists": True}]}), False),
        (after(payment={"M": {"dispute": {"S": [{"exists": True}]}}}), True),
        ({"eventName": ["MODIFY"], **after(status={"S": ["CONFIRMED"]})}, False),
    ],
)
def test_every_named_field_has_one_of_the_values(pattern: dict[str, Any], *, is_matched: bool) -> None:
    assert any_of([pattern])(ORDER) is is_matched


def test_an_object_does_not_exist_as_a_value() -> None:
    assert not any_of([after(payment=[{"exists": True}])])(ORDER)


def test_other_patterns_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="prefix"):
        any_of([{"eventName": [{"prefix": "MOD"}]}])


def test_an_event_matches_if_one_of_several_patterns_does() -> None:
    assert any_of([{"eventName": ["INSERT"]}, {"eventName": ["MODIFY"]}])(ORDER)
