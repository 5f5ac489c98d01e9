"""A token bucket: how AWS and Stripe publish their limits, a rate and a burst."""

from dataclasses import dataclass


@dataclass
class TokenBucket:
    """A limit on calls, first come first served. Times are seconds and must not decrease from call to call.

    It is the generic cell rate algorithm, which needs one number instead of a count of tokens.

    Attributes:
        rate: Tokens that are refilled in a second.
        burst: Tokens in a full bucket.
        full_at: When the bucket is full again if nobody takes a token.
    """

    rate: float
    burst: float = 1
    full_at: float = float("-inf")

    def next_at(self, now: float) -> float:
        """When a token is free; `now` if there is one."""
        return max(now, self.full_at - (self.burst - 1) / self.rate)

    def take(self, now: float) -> float:
        """Take the next token, and return when it is free. The caller waits until then."""
        granted = self.next_at(now)
        self.full_at = max(now, self.full_at) + 1 / self.rate
        return granted

    def try_take(self, now: float) -> bool:
        """Take a token if there is one; otherwise nothing changes: the call is refused."""
        if self.next_at(now) > now:
            return False
        self.take(now)
        return True
