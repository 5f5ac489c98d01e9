"""Limits: how much a payment may be, and how many requests an account may send.

Those of the account are off until a test asks for them.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error

_WINDOW_SECONDS: Final = 1.0

_REASON_HEADER: Final = "Stripe-Rate-Limited-Reason"

_SMALLEST: Final = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50}
_MOST_DIGITS: Final = {"idr": 12}
_USUAL_DIGITS: Final = 8
"""Limits of an amount in minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).

Only the smallest amounts of the currencies that tests pay in are here.
"""


class Limits(BaseModel):
    """Limits; None for no limit.

    Stripe allows 100 requests a second to a live account and 25 to a sandbox, and 25 to each endpoint
    (https://docs.stripe.com/rate-limits).

    Attributes:
        amount: Minor units of a payment.
        per_second: Requests with one secret key.
        per_second_and_endpoint: Requests with one secret key to one endpoint.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: int | None = Field(default=None, ge=0)
    per_second: int | None = Field(default=None, ge=0)
    per_second_and_endpoint: int | None = Field(default=None, ge=0)


class AccountLimits:
    """Rejects requests and amounts beyond the limits.

    Attributes:
        rejected: Number of requests that were rejected for their rate.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._limits = Limits()
        self.rejected = 0
        self._accepted: defaultdict[tuple[str | None, str], deque[float]] = defaultdict(deque)

    def change(self, limits: Limits) -> None:
        """Change the limits that are set in `limits`; the others stay as they are."""
        self._limits = self._limits.model_copy(update=limits.model_dump(exclude_unset=True))
        self._accepted.clear()

    def ensure_amount(self, request: ApiRequest) -> None:
        """Check the amount of a payment.

        Raises:
            RefusedError: Stripe or the account does not allow it. For the account's own limit, Stripe
                documents no code.
        """
        amount, currency = request.whole_number("amount", 0), (request.param("currency") or "").lower()
        digits = _MOST_DIGITS.get(currency, _USUAL_DIGITS)
        if amount < _SMALLEST.get(currency, 1):
            message = f"Amount must be at least {_SMALLEST.get(currency, 1)} {currency}"
            raise RefusedError(error(400, message, code="amount_too_small", param="amount"))
        if amount >= 10**digits:
            message = f"Amount must be no more than {10**digits - 1} {currency}"
            raise RefusedError(error(400, message, code="amount_too_large", param="amount"))
        if self._limits.amount is not None and amount > self._limits.amount:
            raise RefusedError(error(400, "The amount of this payment is beyond the limit of your account."))

    def ensure_rate(self, request: ApiRequest) -> None:
        """Count a request. A rejected one does not count, and its idempotency key stays free.

        Raises:
            RefusedError: There were as many requests as the account may send within a second.
        """
        counted = (
            ("global-rate", "", self._limits.per_second),
            ("endpoint-rate", request.endpoint, self._limits.per_second_and_endpoint),
        )
        now = self._clock()
        for reason, what, limit in counted:
            accepted = self._accepted[request.api_key, what]
            while accepted and accepted[0] <= now - _WINDOW_SECONDS:
                accepted.popleft()
            if limit is not None and len(accepted) >= limit:
                self.rejected += 1
                raise RefusedError(_rate_limited(reason))
        for _, what, limit in counted:
            if limit is not None:
                self._accepted[request.api_key, what].append(now)


def _rate_limited(reason: str) -> Answer:
    message = (
        "Request rate limit exceeded. Learn more about rate limits here https://docs.stripe.com/rate-limits."
    )
    return error(
        HTTPStatus.TOO_MANY_REQUESTS,
        message,
        executed=False,
        headers={_REASON_HEADER: reason},
        code="rate_limit",
    )
