"""Files of rules as people have them, and `explain` on such a file."""

import json
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result
from fencepost.conformance.commands import main

INSIDE, OUTSIDE = "20.1.2.5", "20.1.3.5"
PROVIDER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets"
SUBNET = f"{PROVIDER}/a"
ACLS: Mapping[str, object] = {
    "bypass": "None",
    "defaultAction": "Deny",
    "ipRules": [{"value": "20.1.2.0/24"}],
    "virtualNetworkRules": [{"id": SUBNET}],
}
VAULT_TYPE = "Microsoft.KeyVault/vaults"


def vault(acls: object = ACLS, name: str = "one", **properties: object) -> dict[str, object]:
    return {"type": VAULT_TYPE, "name": name, "properties": {"networkAcls": acls, **properties}}


def template(*resources: object, **sections: object) -> dict[str, object]:
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        **sections,
    } | {"resources": list(resources)}


class Explainer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str, value: object) -> str:
        file = self._folder / name
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(file)

    def __call__(self, rules: object, *arguments: str, name: str = "rules.json") -> Result:
        command = ["explain", self.path(name, rules), *arguments]
        return CliRunner().invoke(main, command, env={"COLUMNS": "400"}, catch_exceptions=False)


def loop(count: object, value: object) -> dict[str, object]:
    return {"copy": [{"name": "ipRules", "count": count, "input": {"value": value}}]}


DENYING: Mapping[str, object] = {"bypass": "None", "defaultAction": "Deny", "virtualNetworkRules": []}
TERRAFORM_VALUES = {
    "name": "one",
    "public_network_access_enabled": True,
    "network_acls": [
        {
            "bypass": "None",
            "default_action": "Deny",
            "ip_rules": ["20.1.2.0/24"],
            "virtual_network_subnet_ids": [SUBNET],
        }
    ],
}
TERRAFORM_VAULT = {
    "address": "azurerm_key_vault.one",
    "mode": "managed",
    "type": "azurerm_key_vault",
    "values": TERRAFORM_VALUES,
}
AZAPI_VALUES = {
    "type": "Microsoft.KeyVault/vaults@2023-07-01",
    "name": "one",
    "body": {"properties": {"networkAcls": ACLS}},
}


def plan(*resources: object, **unknown: object) -> dict[str, object]:
    """A plan of Terraform that does not know the given parts of the one azapi resource in it."""
    change = {"address": "azapi_resource.one", "change": {"after_unknown": unknown}}
    return {"planned_values": {"root_module": {"resources": list(resources)}}, "resource_changes": [change]}


def azapi(kind: str = "azapi_resource", **values: object) -> dict[str, object]:
    return {"address": f"{kind}.one", "mode": "managed", "type": kind, "values": {**AZAPI_VALUES, **values}}


def nested(acls: object, default: object, **properties: object) -> dict[str, object]:
    """A deployment whose own template has the parameter `own`."""
    inner = template(vault(acls), parameters={"own": {"type": "string", "defaultValue": default}})
    properties = {"expressionEvaluationOptions": {"scope": "inner"}, "template": inner, **properties}
    return {"type": "Microsoft.Resources/deployments", "name": "nested", "properties": properties}


OWN = {**DENYING, "ipRules": [{"value": "[parameters('own')]"}]}
POWERSHELL_ACLS: Mapping[str, object] = {
    "DefaultAction": 1,
    "Bypass": 0,
    "IpAddressRanges": ["20.1.2.0/24"],
    "IpAddressRangesText": "20.1.2.0/24",
    "VirtualNetworkResourceIds": [SUBNET],
    "VirtualNetworkResourceIdsText": SUBNET,
}
POWERSHELL = {"VaultName": "one", "PublicNetworkAccess": "Enabled", "NetworkAcls": POWERSHELL_ACLS}
BOTH_RANGES = {"type": "array", "defaultValue": ["20.1.1.0/24", "20.1.2.0/24"]}
