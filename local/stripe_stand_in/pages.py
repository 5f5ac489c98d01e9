"""Lists, page by page (https://docs.stripe.com/api/pagination)."""

from collections.abc import Sequence
from typing import Any, Final

from local.stripe_stand_in.exchange import ApiRequest, invalid, missing

_DEFAULT_LIMIT: Final = 10
_LONGEST_PAGE: Final = 100


def page(
    request: ApiRequest, kind: str, newest_first: Sequence[dict[str, Any]], filters: Sequence[str]
) -> dict[str, Any]:
    """The page that a request asks for.

    Args:
        request: The request. Its parameters `limit` and `starting_after` select the page.
        kind: `refund` and the like.
        newest_first: All objects that match the request's filters.
        filters: The names of the parameters that select objects.

    Raises:
        RefusedError: A parameter is unknown or not valid.
    """
    request.ensure_known("limit", "starting_after", *filters)
    limit = request.whole_number("limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= _LONGEST_PAGE:
        raise invalid(
            f"This value must be between 1 and {_LONGEST_PAGE}", "parameter_invalid_integer", "limit"
        )
    rest = list(newest_first)
    after = request.param("starting_after")
    if after is not None:
        ids = [each["id"] for each in rest]
        if after not in ids:
            raise missing(400, kind, after, "starting_after")
        rest = rest[ids.index(after) + 1 :]
    return {
        "object": "list",
        "url": f"/v1/{kind}s",
        "has_more": len(rest) > limit,
        "data": rest[:limit],
    }
