"""Who is calling."""

import re
from typing import Final

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from lambdas.shared.http_api import FieldError, invalid_request
from lambdas.shared.settings import SettingError, Settings

_CUSTOMER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+=-]{0,255}")


def customer_id_of(event: APIGatewayProxyEvent, settings: Settings) -> str:
    """Say which customer calls.

    Until customers can sign in, a cloud stage takes the IAM user or role that signed the request (by its
    unique id, without the name of a role's session: that changes while the caller is the same), and the
    local stage believes the header `X-Customer-Id`.

    Raises:
        Problem: The local stage's header is missing or malformed.
        SettingError: A cloud stage's request bears no principal.
    """
    if settings.sign_in == "iam":
        caller = event.request_context.identity.caller
        if not caller:
            raise SettingError("SIGN_IN is 'iam', but the API lets requests in that nobody signed")
        return caller.partition(":")[0]
    customer_id = event.headers.get("X-Customer-Id", "")
    if not _CUSTOMER_ID.fullmatch(customer_id):
        raise invalid_request(
            FieldError("X-Customer-Id", "this header is needed: 1 to 256 letters, digits or _.:/@+=-")
        )
    return customer_id
