"""Two releases in one world: what is mixed, and that a careless change of a record is noticed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from local.processes import REPOSITORY
from proof.rolling.mixture import Direction, Mixture, UnderWay, moments, play_mixture
from proof.simulation.release import CURRENT, NoSuchFunction, Release, release_in
from proof.simulation.simulated_world import installed

MakeRelease = Callable[..., Release]
BEFORE_THE_CHARGE = 3
"""The call of `charge_payment` among the calls of functions in the journey `happy`."""


@pytest.fixture
def earlier(tmp_path: Path) -> MakeRelease:
    """Makes a release of today's code, with other texts in one file."""

    def make(file: str, **changes: str) -> Release:
        for package in ("lambdas", "stacks", "statemachines"):
            shutil.copytree(
                REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        text = (tmp_path / file).read_text()
        for today, then in changes.items():
            assert today in text
            text = text.replace(today, then)
        (tmp_path / file).write_text(text)
        return release_in(tmp_path)

    return make


def test_another_release_has_its_own_modules(earlier: MakeRelease) -> None:
    release = earlier("lambdas/domain/vocabulary.py", out_of_stock="sold_out")

    codes = [each.module("lambdas.domain.vocabulary").FailureCode.OUT_OF_STOCK for each in (CURRENT, release)]

    assert codes == ["out_of_stock", "sold_out"]


def test_a_release_lacks_functions_that_came_later() -> None:
    with pytest.raises(NoSuchFunction):
        CURRENT.handler("capture_the_moon")


@pytest.mark.parametrize("direction", Direction)
def test_releases_that_agree_on_the_record_mix(earlier: MakeRelease, direction: Direction) -> None:
    release = earlier("lambdas/domain/vocabulary.py")
    with installed(release):
        at_ms = moments("happy", release)[BEFORE_THE_CHARGE]

        result = play_mixture(Mixture("happy", direction, at_ms), release)

    assert result.breaches == []
    assert result.places == ([] if direction is Direction.BOTH else ["ChargePayment"])


def test_an_attribute_that_a_later_release_adds_needs_no_other_schema(earlier: MakeRelease) -> None:
    added = '"status": order.payment.status, "hue": "red"}, "hue": "red"'
    later = earlier("lambdas/shared/store/order_item.py", **{'"status": order.payment.status}': added})
    with installed(later):
        results = [
            play_mixture(Mixture("cancelled-later", Direction.UPGRADE, at_ms, UnderWay.UNPINNED), later)
            for at_ms in moments("cancelled-later", later)[2::5]
        ]

    assert [result.breaches for result in results] == [[]] * len(results)


def test_a_renamed_attribute_of_the_record_is_noticed(earlier: MakeRelease) -> None:
    release = earlier("lambdas/shared/store/order_item.py", **{'"payment_method"': '"card"'})
    with installed(release):
        at_ms = moments("happy", release)[BEFORE_THE_CHARGE]
        result = play_mixture(Mixture("happy", Direction.UPGRADE, at_ms, UnderWay.UNPINNED), release)

    assert "the order ended FAILED payment_declined, expected CONFIRMED" in result.breaches
