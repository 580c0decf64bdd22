"""The server's own OpenAPI document: every operation of both planes, made from the routes and from the facts."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.resource_plane import ROUTES
from fencepost.adapters.contract.protocol import JsonObject

_OF_ONE = (
    ("GET", ""),
    ("GET", "/{version}"),
    ("GET", "/versions"),
    ("PATCH", "/{version}"),
    ("DELETE", ""),
    ("POST", "/backup"),
)
_OF_DELETED = (("GET", ""), ("DELETE", ""), ("POST", "/recover"))
_USES = ("sign", "verify", "wrapkey", "unwrapkey", "encrypt", "decrypt")
_OF_KIND = {
    "secrets": (("PUT", ""),),
    "keys": (("PUT", ""), ("POST", "/create"), *(("POST", f"/{{version}}/{verb}") for verb in _USES)),
    "certificates": (("POST", "/create"), ("POST", "/import"), ("GET", "/policy"), ("GET", "/pending")),
}

DATA_PATHS: tuple[tuple[str, str], ...] = tuple(
    operation
    for kind, own in _OF_KIND.items()
    for operation in (
        ("GET", f"/{kind}"),
        ("POST", f"/{kind}/restore"),
        *((method, f"/{kind}/{{name}}{tail}") for method, tail in (*_OF_ONE, *own)),
        ("GET", f"/deleted{kind}"),
        *((method, f"/deleted{kind}/{{name}}{tail}") for method, tail in _OF_DELETED),
    )
)
"""Every operation of a vault's data plane: method and path."""

_RULES = {
    "type": "object",
    "properties": {
        "bypass": {"enum": ["AzureServices", "None"]},
        "defaultAction": {"enum": ["Allow", "Deny"]},
        "ipRules": {"type": "array", "items": {"type": "object", "properties": {"value": {"type": "string"}}}},
        "virtualNetworkRules": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}},
    },
}
_VAULT = {
    "type": "object",
    "required": ["location", "properties"],
    "properties": {
        "location": {"enum": ["westeurope"]},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {
            "type": "object",
            "required": ["tenantId", "sku"],
            "properties": {
                "tenantId": {"type": "string"},
                "sku": {
                    "type": "object",
                    "required": ["family", "name"],
                    "properties": {"family": {"enum": ["A"]}, "name": {"enum": ["standard", "premium"]}},
                },
                "networkAcls": _RULES,
                "publicNetworkAccess": {"type": "string"},
                "softDeleteRetentionInDays": {"type": "integer"},
                "enabledForDeployment": {"type": "boolean"},
            },
        },
    },
}
_OBJECT = {
    "type": "object",
    "properties": {
        "value": {"type": "string"},
        "kty": {"enum": ["RSA", "EC"]},
        "attributes": {"type": "object"},
        "tags": {"type": "object"},
        "policy": {"type": "object"},
    },
}
_NETWORK = {
    "type": "object",
    "properties": {
        "location": {"type": "string"},
        "properties": {
            "type": "object",
            "properties": {
                "addressPrefix": {"type": "string"},
                "serviceEndpoints": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"service": {"type": "string"}}},
                },
                "subnets": {"type": "array", "items": {"type": "object"}},
            },
        },
    },
}
_BODIES: Mapping[str, JsonObject] = {
    "vaults": _VAULT,
    "network": _NETWORK,
    "resources": {"type": "object"},
    "data": _OBJECT,
}


def control_document(known: Mapping[str, Sequence[str]] = MappingProxyType({})) -> JsonObject:
    """The control plane; `known` has the values that parts of a path may have, by the names of the parts."""
    paths: dict[str, dict[str, object]] = {}
    for family, path, works in ROUTES:
        paths[path] = {method.lower(): _operation(path, method, family, known) for method in works}
    return _document("fencepost serve: control plane", paths)


def data_document(known: Mapping[str, Sequence[str]] = MappingProxyType({})) -> JsonObject:
    """The data plane of one vault; `known` as above."""
    paths: dict[str, dict[str, object]] = {}
    for method, path in DATA_PATHS:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, "data", known)
    return _document("fencepost serve: data plane of a vault", paths)


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


def _document(title: str, paths: Mapping[str, object]) -> JsonObject:
    return {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "paths": paths}
