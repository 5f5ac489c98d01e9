"""Our interpreter and moto's engine read the saga's definition in the same way."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from proof.journeys import JOURNEYS
from statemachines.document import SagaDocument, State
from tests.unit.proof.scripted_engines import (
    TIMEOUT,
    Failures,
    Moto,
    Script,
    moto_engine,
    play_on_ours,
)

UNKNOWN: Final = "Lambda.Unknown"
"""An error that no retrier and no catcher names."""

SAGA: Final = SagaDocument.load()


def function_of(state: str) -> str:
    name = SAGA.states[state].body["Arguments"]["FunctionName"].removeprefix("${").removesuffix("Arn}")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def failing(errors: Mapping[str, str]) -> Script:
    """States that fail with these errors until their tries are used up, and succeed when entered again."""
    return {
        function_of(name): Failures(error, times=1 + SAGA.states[name].retries_of(error))
        for name, error in errors.items()
    }


def way_to(state: str) -> Script:
    """The failures that lead an execution to a state."""
    journey = next(each for each in JOURNEYS if state in each.states)
    before = journey.states[: journey.states.index(state)]
    return failing({name: error for name, error in journey.errors.items() if name in before})


def errors_of(state: State) -> list[str]:
    """One error for each way to treat an error: how often the state is tried again, and what follows."""
    names = {name for each in state.retriers for name in each.errors}
    names |= {name for each in state.failures for name in each.errors}
    by_treatment = {
        (
            state.retries_of(error),
            next((each.target for each in state.failures if each.catches(error)), None),
        ): error
        for error in (*sorted(names - {"States.ALL"}), TIMEOUT, UNKNOWN)
    }
    return list(by_treatment.values())


def scripts() -> Iterator[tuple[str, Script]]:
    """Every task with every kind of error until its tries are used up, and once; then the journeys."""
    for name, state in SAGA.states.items():
        if state.is_task:
            for error in errors_of(state):
                yield f"{name} always {error}", {**way_to(name), **failing({name: error})}
            once = Failures(UNKNOWN, times=1)
            yield f"{name} once {UNKNOWN}", {**way_to(name), function_of(name): once}
    played: list[Script] = []
    for journey in JOURNEYS:
        script = failing(journey.errors)
        if script not in played:
            played.append(script)
            yield journey.key, script


SCRIPTS: Final = dict(scripts())


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with moto_engine() as engine:
        yield engine


@pytest.mark.parametrize("script", SCRIPTS)
def test_both_engines_take_the_same_states_and_make_the_same_calls(moto: Moto, script: str) -> None:
    name = f"execution-{list(SCRIPTS).index(script)}"

    assert play_on_ours(name, SCRIPTS[script]) == moto.play(name, SCRIPTS[script])
