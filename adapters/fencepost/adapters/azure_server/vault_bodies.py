"""The body of a vault, read and shown: what may be written, and how the resource reads back."""

from collections.abc import Iterator, Mapping

from fencepost.adapters.azure_server.errors import bad_request
from fencepost.adapters.azure_server.vaults import Vault
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.mistakes import near

_READ_ONLY = {"vaultUri", "provisioningState", "hsmPoolResourceId", "privateEndpointConnections", "createMode"}
_FLAGS = {
    "enabledForDeployment": False,
    "enabledForDiskEncryption": None,
    "enabledForTemplateDeployment": None,
    "enableSoftDelete": True,
    "enableRbacAuthorization": None,
    "enablePurgeProtection": None,
}
_KNOWN = {"sku", "tenantId", "accessPolicies", "networkAcls", "publicNetworkAccess", "softDeleteRetentionInDays"}
_MEMBERS = {"location", "tags", "properties", "id", "name", "type", "systemData", "identity", "etag"}
_MEMBERS_OF_2021 = "2021-04-01-preview"
_ACLS = {"bypass", "defaultAction", "ipRules", "virtualNetworkRules"}
_IGNORE = "ignoreMissingVnetServiceEndpoint"
_RULES = {
    "ipRules": {"value"},
    "virtualNetworkRules": {"id", _IGNORE, "state"},
}


def read_body(body: Mapping[str, object]) -> dict[str, object]:
    """The `properties` of the body, every member of the kind that it must be; a 400 otherwise."""
    _known(body, _MEMBERS, "")
    tags = body.get("tags")
    if tags is not None and not (isinstance(tags, Mapping) and all(isinstance(tag, str) for tag in tags.values())):
        raise bad_request("Invalid value found at tags: expected an object of strings.")
    if "location" in body and not isinstance(body["location"], str):
        raise bad_request("Invalid value found at location: expected a string.")
    properties = body.get("properties", {})
    if not isinstance(properties, dict):
        raise bad_request("Invalid value found at properties: expected an object.")
    _known(properties, _READ_ONLY | _KNOWN | set(_FLAGS), "properties.")
    for name in _FLAGS:
        if properties.get(name) is not None and not isinstance(properties[name], bool):
            raise bad_request(f"Invalid value found at properties.{name}: expected true or false.")
    for name in ("tenantId", "publicNetworkAccess", "createMode"):
        if properties.get(name) is not None and not isinstance(properties[name], str):
            raise bad_request(f"Invalid value found at properties.{name}: expected a string.")
    days = properties.get("softDeleteRetentionInDays")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 7 <= days <= 90):
        raise bad_request("Invalid value found at properties.softDeleteRetentionInDays: expected 7 to 90.")
    if "sku" in properties:
        _read_sku(properties["sku"])
    if properties.get("accessPolicies") is not None:
        read_policies(properties["accessPolicies"])
    if properties.get("networkAcls") is not None:
        _read_acls(properties["networkAcls"])
    return properties


def read_policies(policies: object) -> list[object]:
    """The access policies, if they have the shape of such; a 400 otherwise."""
    if not isinstance(policies, list):
        raise bad_request("Invalid value found at properties.accessPolicies: expected a list.")
    for index, policy in enumerate(policies):
        path = f"properties.accessPolicies[{index}]"
        if not isinstance(policy, dict) or not isinstance(policy.get("objectId"), str):
            raise bad_request(f"Invalid value found at {path}: expected an object with an objectId.")
        _known(policy, {"objectId", "tenantId", "applicationId", "permissions"}, f"{path}.")
        permissions = policy.get("permissions", {})
        if not isinstance(permissions, dict):
            raise bad_request(f"Invalid value found at {path}.permissions: expected an object.")
        for kind, verbs in permissions.items():
            if verbs is not None and not (isinstance(verbs, list) and all(isinstance(verb, str) for verb in verbs)):
                raise bad_request(f"Invalid value found at {path}.permissions.{kind}: expected a list of words.")
    return policies


def shown(vault: Vault, acls: JsonObject | None, uri: str) -> JsonObject:
    """The resource as the service shows it; `acls` are the rules in their normal form, None where there are none."""
    written = {name: vault.properties.get(name, default) for name, default in _FLAGS.items()}
    properties = {
        "sku": vault.properties.get("sku", {"family": "A", "name": "standard"}),
        "tenantId": vault.properties.get("tenantId"),
        "accessPolicies": vault.properties.get("accessPolicies") or [],
        **({} if acls is None else {"networkAcls": acls}),
        **{name: value for name, value in written.items() if value is not None},
        "softDeleteRetentionInDays": vault.properties.get("softDeleteRetentionInDays") or 90,
        "vaultUri": uri + "/" if vault.is_provisioned else uri,
        "provisioningState": "Succeeded" if vault.is_provisioned else "RegisteringDns",
        "publicNetworkAccess": vault.properties.get("publicNetworkAccess") or "Enabled",
    }
    return {
        "id": vault.id,
        "name": vault.name,
        "type": "Microsoft.KeyVault/vaults",
        "location": vault.location,
        "tags": vault.tags,
        "systemData": {
            "createdBy": vault.created_by,
            "createdByType": "Application",
            "createdAt": vault.created,
            "lastModifiedBy": vault.modified_by,
            "lastModifiedByType": "Application",
            "lastModifiedAt": vault.modified,
        },
        "properties": properties,
    }


def as_of(resource: JsonObject, version: str) -> JsonObject:
    """The resource as an api-version shows it: the members of 2021 are not in those before."""
    if version >= _MEMBERS_OF_2021:
        return resource
    properties = resource["properties"]
    assert isinstance(properties, Mapping)
    kept = {name: value for name, value in properties.items() if name != "publicNetworkAccess"}
    return {**{name: value for name, value in resource.items() if name != "systemData"}, "properties": kept}


def shown_deleted(vault: Vault, purged: str) -> JsonObject:
    """The deleted vault as the service shows it."""
    return {
        "id": f"/subscriptions/{vault.subscription}/providers/Microsoft.KeyVault/locations/{vault.location}"
        f"/deletedVaults/{vault.name}",
        "name": vault.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": vault.id,
            "location": vault.location,
            "tags": vault.tags,
            "deletionDate": vault.deleted,
            "scheduledPurgeDate": purged,
        },
    }


def _read_sku(sku: object) -> None:
    is_one = (
        isinstance(sku, dict)
        and str(sku.get("family", "A")).upper() == "A"
        and str(sku.get("name", "")).lower() in ("standard", "premium")
    )
    if not is_one:
        raise bad_request("Invalid value found at properties.sku: expected family A, name standard or premium.")


def check_acls(acls: object) -> None:
    """Rules that a file or a test gives: `ValueError` where a request with them is a 400."""
    for says, meant in _faults(acls, "networkAcls"):
        raise ValueError(says.removesuffix(".") + meant)


def _read_acls(acls: object) -> None:
    for says, _ in _faults(acls, "properties.networkAcls"):
        raise bad_request(says)


def _faults(acls: object, path: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the shape of the rules at the path, in the service's words, and what may have been meant."""
    if not isinstance(acls, Mapping):
        yield f"Invalid value found at {path}: expected an object.", ""
        return
    yield from _strange(acls, _ACLS, f"{path}.")
    for member, names in _RULES.items():
        rules = acls.get(member)
        if rules is not None and not isinstance(rules, list):
            yield f"Invalid value found at {path}.{member}: expected a list.", ""
            continue
        for index, rule in enumerate(rules or ()):
            if isinstance(rule, Mapping):
                yield from _strange(rule, names, f"{path}.{member}[{index}].")
                if not isinstance(rule.get(_IGNORE), bool | None):
                    yield f"Invalid value found at {path}.{member}[{index}].{_IGNORE}: expected true or false.", ""


def _strange(members: Mapping[str, object], names: set[str], path: str) -> Iterator[tuple[str, str]]:
    for name in members:
        if name not in names:
            says = f"Could not find member '{path}{name[:80]}' on an object of this type."
            yield says, near(name, sorted(names))


def _known(members: Mapping[str, object], names: set[str], path: str) -> None:
    for says, _ in _strange(members, names, path):
        raise bad_request(says)
