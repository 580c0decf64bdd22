"""The methods of the contract that every declared adapter has, by their names on the wire."""

from collections.abc import Mapping

import msgspec
from fencepost.adapters.contract.messages import DecideParams, ResetParams
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.declared.adapter import DeclaredAdapter
from fencepost.adapters.declared.connection import Method


def basic_methods(adapter: DeclaredAdapter) -> Mapping[str, Method]:
    """`describe`, `reset`, `putRules`, `decide` and `shutdown`."""
    return {
        "describe": lambda _, deadline: adapter.describe(deadline),
        "reset": lambda params, deadline: adapter.reset(msgspec.convert(params, ResetParams).subnets, deadline),
        "putRules": lambda params, deadline: adapter.put_rules(_acls(params), deadline),
        "decide": lambda params, deadline: adapter.decide(msgspec.convert(params, DecideParams).requests, deadline),
        "shutdown": lambda _, __: {},
    }


def _acls(params: JsonObject) -> JsonObject:
    return msgspec.convert(params["networkAcls"], dict[str, object])
