import time
from collections.abc import Callable

import pytest

from lambdas.domain.errors import MailUnavailable, StoreUnavailable, TransientFailure
from lambdas.shared.run_once import run_once
from lambdas.shared.settings import Settings
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop

pytestmark = pytest.mark.usefixtures("shop")


def once(
    key: str, action: Callable[[], None], unavailable: type[TransientFailure] = StoreUnavailable
) -> None:
    run_once(key, action, settings=Settings(), unavailable=unavailable)


def test_the_same_key_runs_once() -> None:
    runs: list[str] = []

    for key in ("evt_1", "evt_1", "evt_2"):
        once(key, lambda key=key: runs.append(key))  # type: ignore[misc] # mypy cannot infer a lambda's default

    assert runs == ["evt_1", "evt_2"]


def test_an_action_that_failed_can_run_again() -> None:
    runs: list[int] = []

    def fail_at_first() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        once("evt_1", fail_at_first)
    for _ in range(2):
        once("evt_1", fail_at_first)

    assert runs == [0, 1]


@pytest.mark.parametrize("unavailable", [StoreUnavailable, MailUnavailable])
def test_an_action_under_way_elsewhere_can_be_retried(unavailable: type[TransientFailure]) -> None:
    runs: list[str] = []

    def run_again_inside() -> None:
        with pytest.raises(unavailable, match="IdempotencyAlreadyInProgressError"):
            once("evt_1", lambda: runs.append("inner"), unavailable)
        runs.append("outer")

    once("evt_1", run_again_inside, unavailable)

    assert runs == ["outer"]


@pytest.mark.parametrize(
    ("chosen", "seconds"), [({}, 3), ({"lock_seconds": 12}, 12)], ids=["default", "chosen"]
)
def test_a_worker_that_dies_locks_the_key_for_some_seconds(
    shop: Shop, chosen: dict[str, int], seconds: int
) -> None:
    locked_until: list[int] = []

    def read_the_lock() -> None:
        [item] = shop.all_items(IDEMPOTENCY_TABLE)
        locked_until.append(item["in_progress_expiration"])

    run_once("evt_1", read_the_lock, settings=Settings(), unavailable=StoreUnavailable, **chosen)

    [milliseconds] = locked_until
    assert (seconds - 1) * 1000 < milliseconds - time.time() * 1000 <= seconds * 1000


def test_without_the_table_the_action_does_not_run(shop: Shop) -> None:
    shop.client.delete_table(TableName=IDEMPOTENCY_TABLE)
    runs: list[str] = []

    with pytest.raises(StoreUnavailable, match="IdempotencyPersistenceLayerError"):
        once("evt_1", lambda: runs.append("run"))

    assert runs == []


def test_a_warm_environment_adds_nothing_to_its_client(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    once("evt_1", lambda: None)
    added: list[str] = []
    monkeypatch.setattr(shop.client.meta.events, "register", lambda event, *_, **__: added.append(event))

    once("evt_2", lambda: None)

    assert added == []
