"""Where in a JSON document something is: `$.decision.allowed`, `$.rules[0]`, `$["x y"]`."""

import re
from collections.abc import Iterator

import msgspec

_STEP = re.compile(r"""\.([A-Za-z_][\w-]*)|\[(\d+)\]|\["([^"\]]*)"\]|\['([^'\]]*)'\]""")


class NotThere(LookupError):
    """The document has nothing at the path."""


def steps_of(path: str) -> list[str | int]:
    """The members and places that the path goes through; `ValueError` where it is no such path.

    >>> steps_of('$.rules[0]["the value"]')
    ['rules', 0, 'the value']
    """
    if not path.startswith("$"):
        raise ValueError("a JSON path begins with $")
    steps: list[str | int] = []
    place = 1
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            raise ValueError(f"cannot be read from {path[place:]!r} on; write $.name, $[0] or $['any name']")
        steps.append(int(found[2]) if found[2] is not None else found[1] or found[3] or found[4] or "")
        place = found.end()
    return steps


def path_check(path: str) -> Iterator[str]:
    """What is wrong with a JSON path."""
    try:
        steps_of(path)
    except ValueError as error:
        yield f"not a JSON path: {error}"


def value_at(document: bytes, path: str) -> object:
    """What stands at the path in the text of a JSON document; `NotThere` where there is nothing, or no JSON."""
    try:
        value: object = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotThere("not JSON") from None
    for step in steps_of(path):
        try:
            value = value[step]  # type: ignore[index]  # whatever it is, it has the step or it raises
        except (KeyError, IndexError, TypeError):
            raise NotThere(f"nothing at {path}") from None
    return value
