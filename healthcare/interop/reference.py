"""The API's reference as a plain page: our own schema, no script, no style of a third party."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """One method of one address."""

    method: str
    path: str
    anchor: str
    text: str
    parameters: list[tuple[str, str, str]]  # name and place, type, description
    body: str  # schema of what is sent
    example: str
    answers: list[tuple[str, str]]  # status, what comes


@dataclass(frozen=True)
class Shape:
    """One named object of requests and answers."""

    name: str
    text: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)


@require_GET
def api_reference(request: HttpRequest) -> HttpResponse:
    endpoints, shapes = _reference()
    return render(request, "interop/api_reference.html", {"endpoints": endpoints, "shapes": shapes})


@cache
def _reference() -> tuple[list[Endpoint], list[Shape]]:
    """Made once a process: the schema does not change while it runs."""
    schema: Schema = SchemaGenerator().get_schema(public=True)
    endpoints = [
        _endpoint(path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = [
        Shape(name, shape.get("description", ""), _fields(shape))
        for name, shape in schema["components"]["schemas"].items()
    ]
    return endpoints, shapes


def _endpoint(path: str, method: str, operation: Schema) -> Endpoint:
    content: Schema = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(content), "")
    sent: Schema = content.get(kind, {})
    examples: Schema = sent.get("examples", {})
    example = next((one["value"] for one in examples.values()), None)
    return Endpoint(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"],
        text=operation.get("description", ""),
        parameters=[
            (f"{one['name']} ({one['in']})", _type(one["schema"]), one.get("description", ""))
            for one in operation.get("parameters", [])
        ],
        body=f"{kind}: {_type(sent.get('schema', {}))}" if kind else "",
        example=json.dumps(example, indent=2) if example else "",
        answers=[
            (status, _type(_answer(answer))) for status, answer in operation["responses"].items()
        ],
    )


def _answer(answer: Schema) -> Schema:
    content: Schema = answer.get("content", {})
    return content[next(iter(content))].get("schema", {}) if content else {}


def _fields(shape: Schema) -> list[tuple[str, str, str]]:
    needed = set(shape.get("required", []))
    return [
        (f"{name} *" if name in needed else name, _type(one), one.get("description", ""))
        for name, one in shape.get("properties", {}).items()
    ]


def _type(schema: Schema) -> str:
    """A schema in a few words, such as `list of Patient` or `string (date) or null`."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema and "properties" not in schema:
            return " or ".join(_type(one) for one in schema[word])
    if "enum" in schema:
        return "one of: " + ", ".join(str(one) for one in schema["enum"])
    kinds = schema.get("type", "nothing")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds:
        return f"list of {_type(schema.get('items', {'type': 'anything'}))}"
    words = " or ".join(kinds)
    return f"{words} ({schema['format']})" if "format" in schema else words
