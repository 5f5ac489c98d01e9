import pytest

from local.stripe_stand_in.exchange import Answer, ApiRequest, error
from local.stripe_stand_in.idempotency import IdempotencyKeys
from tests.unit.local.stripe_stand_in.clock import Clock

CREATE = ApiRequest(
    "POST", "/v1/refunds", (("amount", "100"), ("charge", "ch_1")), "sk_test_a", "order-1-refund"
)
REFUNDED = Answer(200, {"id": "re_1"})


class Endpoint:
    """Returns prepared answers and counts its executions."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.executions = 0

    def __call__(self) -> Answer:
        self.executions += 1
        return self._answers.pop(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> IdempotencyKeys:
    return IdempotencyKeys(clock)


def ask(keys: IdempotencyKeys, request: ApiRequest, endpoint: Endpoint) -> Answer:
    begun = keys.begin(request, endpoint)
    return begun if isinstance(begun, Answer) else begun()


def changed(**changes: object) -> ApiRequest:
    fields = {name: getattr(CREATE, name) for name in CREATE.__slots__}
    return ApiRequest(**{**fields, **changes})


@pytest.mark.parametrize(
    "first",
    [REFUNDED, error(402, "Your card was declined.", type="card_error"), error(500, "Oh.", type="api_error")],
    ids=["success", "decline", "server error"],
)
def test_the_first_answer_is_stored_also_if_it_is_an_error(keys: IdempotencyKeys, first: Answer) -> None:
    endpoint = Endpoint(first)

    assert ask(keys, CREATE, endpoint) == first
    replay = ask(keys, changed(params=CREATE.params[::-1]), endpoint)

    assert (replay.status, replay.body, replay.replayed) == (first.status, first.body, True)
    assert endpoint.executions == 1


def test_an_answer_without_execution_is_not_stored(keys: IdempotencyKeys) -> None:
    endpoint = Endpoint(error(400, "Missing required param: charge.", executed=False), REFUNDED)

    ask(keys, CREATE, endpoint)

    assert ask(keys, CREATE, endpoint) == REFUNDED


@pytest.mark.parametrize("changes", [{"params": (("amount", "200"),)}, {"path": "/v1/payment_intents"}])
def test_a_key_is_rejected_for_another_request(keys: IdempotencyKeys, changes: dict[str, object]) -> None:
    endpoint = Endpoint(REFUNDED)
    ask(keys, CREATE, endpoint)

    refused = ask(keys, changed(**changes), endpoint)

    assert (refused.status, refused.body["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": "sk_test_b"},
        {"idempotency_key": "order-2-refund"},
        {"idempotency_key": None},
        {"method": "GET"},
    ],
    ids=["another account", "another key", "no key", "not a POST"],
)
def test_a_request_that_no_stored_answer_matches_is_executed(
    keys: IdempotencyKeys, changes: dict[str, object]
) -> None:
    endpoint = Endpoint(REFUNDED, REFUNDED)
    ask(keys, CREATE, endpoint)

    assert ask(keys, changed(**changes), endpoint) == REFUNDED


def test_a_key_of_a_request_in_progress_is_a_conflict(keys: IdempotencyKeys) -> None:
    in_progress = keys.begin(CREATE, Endpoint(REFUNDED))
    assert callable(in_progress)

    conflict = ask(keys, CREATE, Endpoint())

    assert (conflict.status, conflict.body["error"]["code"]) == (409, "idempotency_key_in_use")
    assert in_progress() == REFUNDED
    assert ask(keys, CREATE, Endpoint()).replayed


def test_a_key_is_forgotten_after_a_day(keys: IdempotencyKeys, clock: Clock) -> None:
    endpoint = Endpoint(REFUNDED, REFUNDED)
    ask(keys, CREATE, endpoint)

    clock.now += 24 * 60 * 60 - 1
    assert ask(keys, CREATE, endpoint).replayed
    clock.now += 1
    assert not ask(keys, CREATE, endpoint).replayed


def test_a_crash_frees_the_key(keys: IdempotencyKeys) -> None:
    with pytest.raises(IndexError):
        ask(keys, CREATE, Endpoint())

    assert ask(keys, CREATE, Endpoint(REFUNDED)) == REFUNDED


@pytest.mark.parametrize(("length", "status"), [(255, 200), (256, 400)])
def test_keys_have_at_most_255_characters(keys: IdempotencyKeys, length: int, status: int) -> None:
    assert ask(keys, changed(idempotency_key="k" * length), Endpoint(REFUNDED)).status == status
