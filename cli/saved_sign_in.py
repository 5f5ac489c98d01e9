"""A sign-in, saved for later commands in the user's cache folder, readable by this user only.

It has the ID token, which expires after an hour or so, and neither password nor refresh token.
"""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SignIn:
    """A user's sign-in to a stage, and the stage's location, so that later commands need no AWS.

    Attributes:
        api_url: URL of the REST API.
        token: ID token.
        expires_at: Expiry of the token, in seconds since 1970.
    """

    api_url: str
    token: str = field(repr=False)
    expires_at: float

    @property
    def is_valid(self) -> bool:
        """Whether the token is valid for at least ten more seconds."""
        return time.time() < self.expires_at - 10


def save(sign_in: SignIn, stage: str, role: str) -> None:
    """Save a sign-in."""
    path = _path(stage, role)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - created with its mode
        json.dump(asdict(sign_in), file)
    new.replace(path)


def load(stage: str, role: str) -> SignIn | None:
    """Load a sign-in; None if there is none or it has expired."""
    try:
        sign_in = SignIn(**json.loads(_path(stage, role).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return sign_in if sign_in.is_valid else None


def forget(stage: str, role: str) -> None:
    """Delete a saved sign-in."""
    _path(stage, role).unlink(missing_ok=True)


def _path(stage: str, role: str) -> Path:
    """Choose a file for each stage, role and set of AWS settings."""
    settings = [os.environ.get(name, "") for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION")]
    account = hashlib.sha256("\n".join([stage, *settings]).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "orders" / f"{role}-{account}.json"
