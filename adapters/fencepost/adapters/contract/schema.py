"""The contract as JSON Schema, made from the same definitions that check the answers."""

import inspect
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from fencepost.adapters.contract.messages import METHODS

_BESIDE_ITS_SHAPE: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "WriteResult": {
            "if": {"required": ["outcome"], "properties": {"outcome": {"const": "inconclusive"}}},
            "then": {"not": {"required": ["accepted"]}},
            "else": {"required": ["accepted"]},
        }
    }
)
"""What a message keeps beside the shape of its members."""


def contract_schema() -> dict[str, object]:
    """One JSON Schema (draft 2020-12) holding the parameters and the result of each method.

    Shape: `{"$defs": {…}, "methods": {METHOD: {"params": {…}, "result": {…}}}}`; both members of a method are schemas
    that refer to `$defs`. It is published as `schemas/contract-v1.json` beside this module.
    """
    shapes = [shape for pair in METHODS.values() for shape in pair]
    schemas, definitions = msgspec.json.schema_components(
        shapes, schema_hook=lambda _: {"description": "any JSON value"}, ref_template="#/$defs/{name}"
    )
    by_method = iter(schemas)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fencepost adapter contract, version 1",
        "methods": {method: {"params": next(by_method), "result": next(by_method)} for method in METHODS},
        "$defs": {
            name: _tidy({**schema, **_BESIDE_ITS_SHAPE.get(name, {})}) for name, schema in sorted(definitions.items())
        },
    }


def _tidy(schema: object) -> object:
    """Descriptions without the indentation of the code, and no null as the default of what is simply absent."""
    if isinstance(schema, list):
        return [_tidy(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: inspect.cleandoc(value) if name == "description" and isinstance(value, str) else _tidy(value)
        for name, value in schema.items()
        if not (name == "default" and value is None)
    }
