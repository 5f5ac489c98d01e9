"""Checks a request against a model and reports all of its errors at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.problem import FieldError, invalid_request


class RequestModel(BaseModel):
    """A request or a part of one: values are not converted, unknown fields are rejected.

    A request has a field for each part that the call uses: `path`, `query` and `headers`, each a model of
    parameters, and `body`, a `pydantic.Json` of a model; a body with a default can be left out. The contract
    (docs/openapi.json) is generated from these models.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def has_form(message: str) -> WrapValidator:
    """Let a field with a `pattern` report this message, because few people can read the pattern.

    Args:
        message: What the value must be: "must be an https URL".
    """

    def check(value: object, validate: Callable[[object], object]) -> object:
        try:
            return validate(value)
        except ValidationError as error:
            if any(each["type"] == "string_pattern_mismatch" for each in error.errors()):
                raise ValueError(message) from error
            raise

    return WrapValidator(check)


_Request = TypeVar("_Request", bound=RequestModel)


def parse(model: type[_Request], http: HttpRequest) -> _Request:
    """Read a request into its model.

    Raises:
        Problem: The body is too large (413), or parts of the request do not fit the model (400, which names
            all of them).
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
    if "body" in model.model_fields and (http.raw_body or model.model_fields["body"].is_required()):
        parts["body"] = http.text
    errors = [] if "query" in parts else http.unknown_parameters
    return check(model, {name: parts[name] for name in model.model_fields if name in parts}, errors)


def check(model: type[_Request], parts: Mapping[str, Any], errors: Iterable[FieldError] = ()) -> _Request:
    """Read the parts of a request into its model.

    Raises:
        Problem: There are errors already, or parts do not fit the model (400, which names all of them).
    """
    errors = [*errors]
    try:
        request = model.model_validate(parts)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            errors.append(FieldError(_field(each["loc"]), _message(each)))
        raise invalid_request(*errors) from error
    if errors:
        raise invalid_request(*errors)
    return request


def _names(headers: Any) -> list[str]:  # noqa: ANN401 - a model's class, which pydantic does not type
    """The names of the headers that a model has."""
    return [field.alias or name for name, field in headers.model_fields.items()]


def _field(location: tuple[int | str, ...]) -> str:
    """The place of an error as the caller knows it, without the name of the part."""
    part, *within = location
    return ".".join(map(str, within or [part]))


def _message(error: ErrorDetails) -> str:
    """What is wrong: our own words where a validator of ours raised the error, else pydantic's."""
    if error["type"] == "model_type":  # pydantic's words name the model's class
        return "must be a JSON object"
    return str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]
