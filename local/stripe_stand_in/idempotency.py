"""Idempotency keys, as Stripe documents them (https://docs.stripe.com/api/idempotent_requests)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from local.stripe_stand_in.exchange import Answer, ApiRequest, error

_LONGEST_KEY: Final = 255
_KEPT_SECONDS: Final = 24 * 60 * 60
"""Stripe keeps a key for at least 24 hours. A request that repeats it later is a new one."""


@dataclass(slots=True)
class _FirstUse:
    request: ApiRequest
    at: float
    answer: Answer | None = None


class IdempotencyKeys:
    """The keys in use. A request that comes twice with one key is executed once.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._first_uses: dict[tuple[str | None, str], _FirstUse] = {}

    def begin(self, request: ApiRequest, execute: Callable[[], Answer]) -> Answer | Callable[[], Answer]:
        """Begin a request: from now on, its key is in use.

        Args:
            request: The request. Its key counts only if it is a POST.
            execute: Executes the request.

        Returns:
            The answer, if the key was used before or is not valid; or else a function to be called once, that
            executes the request and stores its answer.
        """
        key = request.idempotency_key
        if request.method != "POST" or key is None:
            return execute
        if len(key) > _LONGEST_KEY:
            message = f"Idempotency keys are at most {_LONGEST_KEY} characters long."
            return error(400, message, executed=False, type="idempotency_error")
        self._forget_old_keys()
        slot = (request.api_key, key)
        if slot in self._first_uses:
            return _again(self._first_uses[slot], request, key)
        first_use = self._first_uses[slot] = _FirstUse(request, self._clock())

        def finish() -> Answer:
            try:
                answer = execute()
                if answer.executed:
                    first_use.answer = answer
            finally:
                if first_use.answer is None:
                    del self._first_uses[slot]
            return answer

        return finish

    def _forget_old_keys(self) -> None:
        while self._first_uses:
            slot, oldest = next(iter(self._first_uses.items()))
            if oldest.answer is None or self._clock() < oldest.at + _KEPT_SECONDS:
                return
            del self._first_uses[slot]


def _again(first_use: _FirstUse, request: ApiRequest, key: str) -> Answer:
    first = first_use.request
    if (first.method, first.path) != (request.method, request.path):
        same = f"for the same endpoint they were first used for ('{first.path}', not '{request.path}')"
    elif sorted(first.params) != sorted(request.params):
        same = "with the same parameters they were first used with"
    elif first_use.answer is None:
        message = (
            "There is currently another in-progress request using this Idempotent Key (that probably means "
            f"you submitted twice, and the other request is still going through): {key}"
        )
        return error(409, message, executed=False, type="idempotency_error", code="idempotency_key_in_use")
    else:
        return replace(first_use.answer, replayed=True)
    message = (
        f"Keys for idempotent requests can only be used {same}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return error(400, message, executed=False, type="idempotency_error")
