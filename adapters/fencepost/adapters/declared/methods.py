"""The methods of the contract that every declared adapter has, by their names on the wire."""

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
from fencepost.adapters.contract.messages import ResetParams
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.declared.adapter import DeclaredAdapter
from fencepost.adapters.declared.connection import Method
from fencepost.adapters.declared.engine import RequestObject


def basic_methods(adapter: DeclaredAdapter) -> Mapping[str, Method]:
    """`describe`, `reset`, `putRules`, `decide` and `shutdown`."""
    return {
        "describe": lambda _, deadline: adapter.describe(deadline),
        "reset": lambda params, deadline: adapter.reset(msgspec.convert(params, ResetParams).subnets, deadline),
        "putRules": lambda params, deadline: adapter.put_rules(_acls(params), deadline),
        "decide": lambda params, deadline: adapter.decide(_requests(params), deadline),
        "shutdown": lambda _, __: {},
    }


def _requests(params: JsonObject) -> Sequence[RequestObject]:
    return cast("Sequence[RequestObject]", params["requests"])


def _acls(params: JsonObject) -> JsonObject:
    return msgspec.convert(params["networkAcls"], dict[str, object])
