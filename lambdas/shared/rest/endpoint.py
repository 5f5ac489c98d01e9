"""Makes Lambda handlers of the functions that answer requests.

API Gateway does the routing and each function answers one call, so there is no router in here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.errors import TransientFailure
from lambdas.domain.vocabulary import UNAVAILABLE_DETAIL, UNEXPECTED_DETAIL, ProblemKind
from lambdas.shared.log import logger
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.problem import Problem
from lambdas.shared.work import at_work

Endpoint = Callable[[HttpRequest], HttpResponse]
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def endpoint(respond: Endpoint) -> Handler:
    """Make a Lambda handler of a function that takes a request and returns a response.

    Every error becomes a problem document; no caller ever sees a stack trace. Every line that is logged, and
    every entry that is written on a timeline, names the request.
    """

    @logger.inject_lambda_context(clear_state=True)
    @wraps(respond)
    def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        request = HttpRequest.of(event)
        with at_work(request_id=request.request_id):
            try:
                response = respond(request)
            except Exception as error:  # noqa: BLE001 - every error must become a response
                response = _problem_of(error).as_response(request.request_id)
        return response.for_api_gateway(request.headers.get("origin"))

    return handler


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, TransientFailure):
        logger.warning("a request failed for now", extra={"error": str(error)})
        return Problem(
            ProblemKind.UNAVAILABLE,
            UNAVAILABLE_DETAIL,
        )
    logger.exception("a request failed")
    return Problem(ProblemKind.INTERNAL_ERROR, UNEXPECTED_DETAIL)
