"""The contract as JSON Schema, made from the same definitions that check the answers."""

import msgspec
from fencepost.adapters.contract.messages import METHODS


def contract_schema() -> dict[str, object]:
    """One JSON Schema (draft 2020-12) holding the parameters and the result of each method.

    Shape: `{"$defs": {…}, "methods": {METHOD: {"params": {…}, "result": {…}}}}`; both members of a method are schemas
    that refer to `$defs`.
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
        "$defs": dict(sorted(definitions.items())),
    }
