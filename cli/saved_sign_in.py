"""A sign-in, kept for the next commands in the user's own cache folder, where nobody else can read it.

Only the ID token is kept, which a stage lets expire after an hour or so: no password, no refresh token.
"""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SignIn:
    """Somebody who signed in at a stage, and where that stage is: so the next command asks no AWS.

    Attributes:
        api_url: Where the REST API is.
        state_machine_arn: The saga.
        token: The ID token.
        expires_at: Seconds since 1970.
    """

    api_url: str
    state_machine_arn: str
    token: str = field(repr=False)
    expires_at: float

    @property
    def is_valid(self) -> bool:
        """Whether the token still is taken for a moment."""
        return time.time() < self.expires_at - 10


def save(sign_in: SignIn, stage: str, role: str) -> None:
    """Keep a sign-in."""
    path = _path(stage, role)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - with its mode from the first moment
        json.dump(asdict(sign_in), file)
    new.replace(path)


def load(stage: str, role: str) -> SignIn | None:
    """Get what was kept, if it is of any use."""
    try:
        sign_in = SignIn(**json.loads(_path(stage, role).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return sign_in if sign_in.is_valid else None


def forget(stage: str, role: str) -> None:
    """Keep it no longer."""
    _path(stage, role).unlink(missing_ok=True)


def _path(stage: str, role: str) -> Path:
    """One file for each stage and role, and for each account that the AWS settings may stand for."""
    settings = [os.environ.get(name, "") for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION")]
    account = hashlib.sha256("\n".join([stage, *settings]).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "orders" / f"{role}-{account}.json"
