"""Idempotency keys, as Stripe documents them (https://docs.stripe.com/api/idempotent_requests)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from local.stripe_stand_in.exchange import Answer, ApiRequest, error

_LONGEST_KEY: Final = 255
_MOST_KEYS: Final = 10_000
"""Stripe deletes a key after at least 24 hours. A run is shorter, so here only memory is the limit."""


@dataclass(slots=True)
class _FirstUse:
    request: ApiRequest
    answer: Answer | None = None


class IdempotencyKeys:
    """The keys in use. A request that comes twice with one key is executed once."""

    def __init__(self) -> None:
        self._first_uses: dict[tuple[str | None, str], _FirstUse] = {}

    async def once(self, request: ApiRequest, execute: Callable[[], Awaitable[Answer]]) -> Answer:
        """Execute a request; if its key has been used, replay the stored answer or reject the request.

        Args:
            request: The request. Its key counts only if it is a POST.
            execute: Executes the request.
        """
        key = request.idempotency_key
        if request.method != "POST" or key is None:
            return await execute()
        if len(key) > _LONGEST_KEY:
            message = f"Idempotency keys are at most {_LONGEST_KEY} characters long."
            return error(400, message, executed=False, type="idempotency_error")
        slot = (request.api_key, key)
        if slot in self._first_uses:
            return _again(self._first_uses[slot], request, key)

        first_use = self._first_uses[slot] = _FirstUse(request)
        try:
            answer = await execute()
            if answer.executed:
                first_use.answer = answer
        finally:
            if first_use.answer is None:
                del self._first_uses[slot]
        self._forget_the_oldest()
        return answer

    def _forget_the_oldest(self) -> None:
        if len(self._first_uses) <= _MOST_KEYS:
            return
        for slot, first_use in self._first_uses.items():
            if first_use.answer is not None:
                del self._first_uses[slot]
                return


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
