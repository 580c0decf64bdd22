"""The server's own OpenAPI document: every operation of both planes, made from the routes and from the facts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.data_plane import OPERATIONS
from fencepost.adapters.azure_server.resource_plane import ROUTES
from fencepost.adapters.contract.protocol import JsonObject


def _object(properties: Mapping[str, JsonObject], *, required: Sequence[str] = ()) -> JsonObject:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _list(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


_ANY: JsonObject = {"type": "object"}
_TEXT: JsonObject = {"type": "string"}
_RULES = _object(
    {
        "bypass": {"enum": ["AzureServices", "None"]},
        "defaultAction": {"enum": ["Allow", "Deny"]},
        "ipRules": _list(_object({"value": _TEXT})),
        "virtualNetworkRules": _list(_object({"id": _TEXT})),
    }
)
_SKU = _object({"family": {"enum": ["A"]}, "name": {"enum": ["standard", "premium"]}}, required=["family", "name"])
_VAULT_PROPERTIES = _object(
    {
        "tenantId": _TEXT,
        "sku": _SKU,
        "networkAcls": _RULES,
        "publicNetworkAccess": _TEXT,
        "softDeleteRetentionInDays": {"type": "integer"},
        "enabledForDeployment": {"type": "boolean"},
    },
    required=["tenantId", "sku"],
)
_VAULT = _object(
    {
        "location": {"enum": ["westeurope"]},
        "tags": {"type": "object", "additionalProperties": _TEXT},
        "properties": _VAULT_PROPERTIES,
    },
    required=["location", "properties"],
)
_OBJECT = _object({"value": _TEXT, "kty": {"enum": ["RSA", "EC"]}, "attributes": _ANY, "tags": _ANY, "policy": _ANY})
_NETWORK_PROPERTIES = _object(
    {"addressPrefix": _TEXT, "serviceEndpoints": _list(_object({"service": _TEXT})), "subnets": _list(_ANY)}
)
_NETWORK = _object({"location": _TEXT, "properties": _NETWORK_PROPERTIES})
_BODIES: Mapping[str, JsonObject] = {
    "vaults": _VAULT,
    "network": _NETWORK,
    "resources": _ANY,
    "data": _OBJECT,
}


def control_document(known: Mapping[str, Sequence[str]] = MappingProxyType({})) -> JsonObject:
    """The control plane; `known` has the values that parts of a path may have, by the names of the parts."""
    operations = [(method, path, family) for family, path, works in ROUTES for method in works]
    return _document("fencepost serve: control plane", operations, known)


def data_document(known: Mapping[str, Sequence[str]] = MappingProxyType({})) -> JsonObject:
    """The data plane of one vault; `known` as above."""
    operations = [(one.method, one.path, "data") for one in OPERATIONS]
    return _document("fencepost serve: data plane of a vault", operations, known)


def _document(title: str, operations: Iterable[tuple[str, str, str]], known: Mapping[str, Sequence[str]]) -> JsonObject:
    paths: dict[str, dict[str, object]] = {}
    for method, path, family in operations:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, family, known)
    return {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "paths": paths}


def _operation(path: str, method: str, family: str, known: Mapping[str, Sequence[str]]) -> JsonObject:
    versions = sorted(FACTS.api_versions[family])
    parameters: list[JsonObject] = [
        {"name": "api-version", "in": "query", "required": True, "schema": {"enum": versions}},
        *(
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"enum": list(known[name])} if name in known else {"type": "string", "minLength": 1},
            }
            for name in re.findall(r"\{(\w+)\}", path)
        ),
    ]
    operation: dict[str, object] = {
        "parameters": parameters,
        "responses": {"default": {"description": "the answer, or an error of Azure's kind"}},
    }
    if method in ("PUT", "PATCH", "POST"):
        operation["requestBody"] = {"content": {"application/json": {"schema": _BODIES[family]}}}
    return operation
