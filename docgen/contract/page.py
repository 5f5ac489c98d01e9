"""Renders the contract as Markdown: docs/api.md."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_CALLERS: Final = {"signIn": "signed-in users", "stripeSignature": "Stripe, by signature"}

Json = Mapping[str, Any]


def page(contract: Json) -> str:
    """Render the contract as Markdown.

    Args:
        contract: The OpenAPI document.
    """
    return "\n".join(
        [
            "<!-- Written by `make docs` from openapi.json. -->",
            "# The REST API",
            "",
            contract["info"]["description"].rstrip(),
            "",
            "For programs: [openapi.json](openapi.json) (OpenAPI 3.1).",
            "",
            "| Operation | Summary | Callers |",
            "|---|---|---|",
            *(
                f"| [`{name}`](#{_anchor(operation)}) | {operation['summary']} | {_callers(operation)} |"
                for name, operation in _operations(contract)
            ),
            "",
            *(
                line
                for name, operation in _operations(contract)
                for line in _section(contract, name, operation)
            ),
            "## Common responses",
            "",
            *_table(
                ("Status", "When", "Headers"),
                (
                    (
                        str(response["content"]["application/problem+json"]["example"]["status"]),
                        *_description(response),
                    )
                    for response in contract["components"]["responses"].values()
                ),
            ),
        ]
    )


def _operations(contract: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _anchor(operation: Json) -> str:
    return str(operation["operationId"]).lower()


def _callers(operation: Json) -> str:
    for line in ("Customers only.", "Operators only."):
        if operation["description"].endswith(line):
            return line.removesuffix(" only.").lower()
    return _CALLERS[next(iter(operation["security"][0]))] if operation["security"] else "anybody"


def _section(contract: Json, name: str, operation: Json) -> Iterator[str]:
    yield from (
        f'<a id="{_anchor(operation)}"></a>',
        f"## {name}",
        "",
        operation["description"],
        "",
    )
    if parameters := operation.get("parameters"):
        yield from _table(
            ("Parameter", "In", "Required", "Description"),
            (
                (
                    f"`{each['name']}`",
                    each["in"],
                    "yes" if each["required"] else "no",
                    ". ".join(
                        filter(
                            None,
                            (each.get("description", "").rstrip("."), _allowed(contract, each["schema"])),
                        )
                    ),
                )
                for each in parameters
            ),
        )
    if "requestBody" in operation:
        yield from _example(operation["requestBody"]["content"]["application/json"]["example"])
    yield from _table(
        ("Status", "When", "Headers"),
        (
            (status, *_description(response))
            for status, response in operation["responses"].items()
            if "$ref" not in response
        ),
    )
    success = next(iter(operation["responses"].values()))
    yield from _example(success["content"]["application/json"]["example"])


def _description(response: Json) -> tuple[str, str]:
    headers = ", ".join(f"`{name}`" for name in response.get("headers", ()))
    return response["description"], headers


def _allowed(contract: Json, schema: Json) -> str:
    """Describe the allowed values of a parameter."""
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}, default {schema['default']}"
    if schema.get("format") == "uuid":
        return "A UUID"
    return f"`{schema['pattern']}`" if "pattern" in schema else ""


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |".replace("  ", " ") for row in (head, *cells)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:], ""]


def _example(body: object) -> list[str]:
    return ["```json", json.dumps(body, indent=2), "```", ""]
