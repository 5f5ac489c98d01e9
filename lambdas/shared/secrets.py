"""Reads secrets, and caches each for five minutes, so that a rotated secret is noticed."""

from typing import Final

from aws_lambda_powertools.utilities import parameters

from lambdas.domain.errors import TransientFailure

_MAX_AGE_SECONDS: Final = 300


def read_secret(secret_id: str, *, unavailable: type[TransientFailure]) -> str:
    """Read the text of a secret.

    Raises:
        unavailable: The secret cannot be read.
    """
    try:
        return str(parameters.get_secret(secret_id, max_age=_MAX_AGE_SECONDS))
    except parameters.GetParameterError as error:
        raise unavailable(f"the secret cannot be read: {error}") from error


def forget_secrets() -> None:
    """Empty the cache, because a secret was rotated."""
    parameters.clear_caches()  # type: ignore[no-untyped-call] # Powertools does not type it
