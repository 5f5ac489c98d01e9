"""Reads secrets, and caches each for five minutes, so that a rotated secret is noticed."""

from functools import cache
from typing import Final

from aws_lambda_powertools.utilities.parameters import GetParameterError, SecretsProvider

from lambdas.domain.errors import TransientFailure
from lambdas.shared.aws import secrets_manager

_MAX_AGE_SECONDS: Final = 300


@cache
def provider() -> SecretsProvider:
    """The cache of secrets. Powertools' own client would wait a minute for an answer, and try five times."""
    return SecretsProvider(boto3_client=secrets_manager())


def read_secret(secret_id: str, *, unavailable: type[TransientFailure]) -> str:
    """Read the text of a secret.

    Raises:
        unavailable: The secret cannot be read.
    """
    try:
        return str(provider().get(secret_id, max_age=_MAX_AGE_SECONDS))
    except GetParameterError as error:
        raise unavailable(f"the secret cannot be read: {error}") from error


def forget_secrets() -> None:
    """Empty the cache, because a secret was rotated."""
    provider().clear_cache()  # type: ignore[no-untyped-call] # Powertools does not type it
