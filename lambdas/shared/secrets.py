"""Secrets, read once per environment and again every five minutes, so that a rotated one is noticed."""

from typing import Final

from aws_lambda_powertools.utilities import parameters

from lambdas.domain.errors import TransientFailure

_MAX_AGE_SECONDS: Final = 300


def read_secret(secret_id: str, *, unavailable: type[TransientFailure]) -> str:
    """Read the text of a secret.

    Args:
        secret_id: Its name or ARN.
        unavailable: Raised when it cannot be read.
    """
    try:
        return str(parameters.get_secret(secret_id, max_age=_MAX_AGE_SECONDS))
    except parameters.GetParameterError as error:
        raise unavailable(f"the secret cannot be read: {error}") from error


def forget_secrets() -> None:
    """Read every secret afresh the next time: one of them was rotated away."""
    parameters.clear_caches()  # type: ignore[no-untyped-call] # Powertools does not type it
