"""`fencepost` with one more open point: a row in the reference's table and in the contract's copy of it.

The reference has no branch for it, so it refuses the spelling.
"""

import json
import tomllib
from typing import Any

ROW: dict[str, Any] = {
    "key": "one-more-point",
    "clauses": ["VAL-5"],
    "answers": ["reject", "accept"],
    "question": "whether a dot behind an address is accepted",
    "shown": "`20.1.2.3.`",
    "known": "not documented",
    "refused": "there is a dot behind the address",
    "spellings": [{"value": "20.1.2.3.", "admits": ["20.1.2.3"], "beside": ["20.1.2.4"]}],
}
_TOML, _JSON = tomllib.loads, json.loads


def _table(text: str) -> dict[str, Any]:
    found = _TOML(text)
    return found | {"points": [*found["points"], dict(ROW)]} if "points" in found else found


def _copy(text: str, **options: Any) -> Any:
    found = _JSON(text, **options)
    is_copy = isinstance(found, dict) and "host-bits" in found and "prefix-31" in found
    return found | {ROW["key"]: ROW["answers"]} if is_copy else found


if __name__ == "__main__":
    vars(tomllib)["loads"], vars(json)["loads"] = _table, _copy
    from fencepost.conformance.commands import main

    main()
