"""Reads a request into a model, and names everything that is wrong with it at once."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from lambdas.shared.rest.http_api import FieldError, HttpRequest, invalid_request


class RequestModel(BaseModel):
    """A request, or a part of one: no conversions, no unknown fields.

    A request has fields for those parts that the call has: `path`, `query` and `headers`, each a model of
    parameters, and `body`, a `pydantic.Json` of a model. The contract (docs/openapi.json) is made of them.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Request = TypeVar("_Request", bound=RequestModel)


def parse(model: type[_Request], http: HttpRequest) -> _Request:
    """Read a request.

    Raises:
        Problem: It is too large, or not of the model's shape; every wrong part is named.
    """
    parts: dict[str, Any] = {"path": http.path}
    if "headers" in model.model_fields:
        parts["headers"] = {
            name: http.headers[name.lower()]
            for name in _names(model.model_fields["headers"].annotation)
            if name.lower() in http.headers
        }
    if "query" in model.model_fields:
        parts["query"] = {
            name: values[0] if len(values) == 1 else values for name, values in http.query.items()
        }
    if "body" in model.model_fields:
        parts["body"] = http.text
    wrong = [] if "query" in parts else http.unknown_parameters
    try:
        request = model.model_validate({name: parts[name] for name in model.model_fields})
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            wrong.append(FieldError(_field(each["loc"]), each["msg"]))
        raise invalid_request(*wrong) from error
    if wrong:
        raise invalid_request(*wrong)
    return request


def _names(headers: Any) -> list[str]:  # noqa: ANN401 - a model's class, which pydantic does not type
    """The names of the headers that a model knows."""
    return [field.alias or name for name, field in headers.model_fields.items()]


def _field(location: tuple[int | str, ...]) -> str:
    """Where an error is, as the caller knows it: without the name of the part."""
    part, *within = location
    return ".".join(map(str, within or [part]))
