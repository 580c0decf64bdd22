"""The page docs/contract-reference.md, made of the schema: `python -m fencepost.conformance.commands.contract_page`."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from fencepost.adapters.contract import contract_schema

_HEAD = """# Contract reference

Every message between kit and harness, as `fencepost schema contract` has it. What the messages mean stands on
[the contract's page](contract.md). Made by `python -m fencepost.conformance.commands.contract_page`.

## Methods

| method | parameters | result |
| --- | --- | --- |"""


def contract_page() -> str:
    """The page in Markdown: the methods, then each object with its members."""
    schema: Any = contract_schema()
    lines = [_HEAD]
    for method, one in schema["methods"].items():
        lines.append(f"| `{method}` | {_type(one['params'])} | {_type(one['result'])} |")
    lines += ["", "## Objects"]
    for name, one in schema["$defs"].items():
        lines += ["", f"### {name}", "", one["description"], *_members(one)]
    return "\n".join(lines) + "\n"


def _members(one: Mapping[str, Any]) -> Iterator[str]:
    if not one["properties"]:
        return
    yield from ("", "| member | type | there |", "| --- | --- | --- |")
    for name, schema in one["properties"].items():
        there = "always" if name in one["required"] else "may be absent"
        if "default" in schema:
            there += f", then `{json.dumps(schema['default'])}`"
        yield f"| `{name}` | {_type(schema)} | {there} |"
    rules = {key: one[key] for key in ("if", "then", "else", "anyOf", "oneOf") if key in one}
    if rules:
        yield from ("", f"The schema also has: `{json.dumps(rules)}`")


def _type(schema: Mapping[str, Any]) -> str:
    """The type in words, of a schema as this contract uses them; objects are links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return ", or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        most = f"at most {schema['maxItems']:,} " if "maxItems" in schema else ""
        return f"list of {most}{_type(schema['items'])}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"object with values: {_type(values)}" if isinstance(values, Mapping) else "object"
    if kind is None:
        return "any JSON value"
    longest = f" of at most {schema['maxLength']:,} characters" if "maxLength" in schema else ""
    return f"{_KINDS[kind]}{longest}"


_KINDS = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text", "null": "null"}


if __name__ == "__main__":
    sys.stdout.write(contract_page())
