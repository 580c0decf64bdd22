"""Calls that the tests of adapter files make: rules put, addresses asked."""

from collections.abc import Sequence
from typing import cast

from fencepost.adapters.contract import (
    Connection,
)


def put(connection: Connection, *values: object, action: str = "Deny") -> dict[str, object]:
    acls = {"bypass": "None", "defaultAction": action, "ipRules": [{"value": value} for value in values]}
    acls["virtualNetworkRules"] = []
    return cast("dict[str, object]", connection.call("putRules", {"networkAcls": acls}))


def ask(connection: Connection, *addresses: str) -> list[str]:
    return [one["outcome"] for one in decisions(connection, addresses)]


def decisions(connection: Connection, addresses: Sequence[str]) -> list[dict[str, str]]:
    requests = [{"plane": "data", "operation": "SecretGet", "source": {"address": one}} for one in addresses]
    answer = cast("dict[str, list[dict[str, str] | str]]", connection.call("decide", {"requests": requests}))
    return [{"outcome": one} if isinstance(one, str) else one for one in answer["decisions"]]
