"""Whether the caller's subnet has the service endpoint is known where the file of the rules defines that subnet."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import ACLS, POWERSHELL, PROVIDER, SUBNET, TERRAFORM_VAULT, Explainer, plan, template, vault

NETWORK_TYPE = "Microsoft.Network/virtualNetworks"
NETWORK = PROVIDER.removesuffix("/subnets")
KEY_VAULT = [{"service": "Microsoft.KeyVault", "locations": ["*"]}]
OWN = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'a')]"
OWN_ID = (
    "/subscriptions/{subscription}/resourceGroups/{resource-group}/providers/Microsoft.Network/virtualNetworks/v/"
    "subnets/a"
)
FLAGGED = {**ACLS, "virtualNetworkRules": [{"id": OWN, "ignoreMissingVnetServiceEndpoint": True}]}
LISTED = {**ACLS, "virtualNetworkRules": [{"id": SUBNET, "ignoreMissingVnetServiceEndpoint": True}]}
UNKNOWN = "[reference('another').outputs.endpoints.value]"


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


def _network(endpoints: object, **subnet: object) -> dict[str, object]:
    """A network of a template or of a list with the subnet `a`."""
    properties = {"addressPrefix": "[cidrSubnet('10.0.0.0/16', 24, 0)]", "serviceEndpoints": endpoints}
    one = {"name": "a", "properties": properties, **subnet}
    return {"type": NETWORK_TYPE, "name": "v", "id": NETWORK, "properties": {"subnets": [one]}}


def _flat_network(endpoints: object) -> dict[str, object]:
    """A network as `az network vnet show` prints it."""
    return {
        "type": NETWORK_TYPE,
        "name": "v",
        "id": NETWORK,
        "subnets": [{"id": SUBNET, "serviceEndpoints": endpoints}],
    }


def _subnet(endpoints: object) -> dict[str, object]:
    kind = f"{NETWORK_TYPE}/subnets"
    return {"type": kind, "name": "a", "id": SUBNET.upper(), "properties": {"serviceEndpoints": endpoints}}


def _of_terraform(kind: str, **values: object) -> dict[str, object]:
    return {"address": f"{kind}.one", "mode": "managed", "type": kind, "values": values}


def _after(*resources: Mapping[str, object]) -> dict[str, object]:
    return {"changes": [{"changeType": "Create", "resourceId": one.get("id"), "after": one} for one in resources]}


def _without_id(resource: Mapping[str, object]) -> dict[str, object]:
    return {name: one for name, one in resource.items() if name != "id"}


def _files(endpoints: list[object]) -> Mapping[str, object]:
    texts = [one["service"] for one in endpoints if isinstance(one, Mapping)]
    in_terraform: dict[str, object] = {"id": SUBNET, "service_endpoints": texts}
    network = _network(endpoints)
    return {
        "a list": [network, vault(LISTED)],
        "a list of the Azure CLI": [_flat_network(endpoints), vault(LISTED)],
        "a page of REST": {"value": [vault(LISTED), _subnet(endpoints)]},
        "Resource Graph": {"count": 2, "data": [vault(LISTED), network]},
        "a what-if result": _after(network, vault(LISTED)),
        "a what-if result without ids after": {
            "changes": [
                {"changeType": "Create", "resourceId": NETWORK, "after": _without_id(network)},
                {"changeType": "Create", "after": vault(LISTED)},
            ]
        },
        "a subnet of Terraform": plan(TERRAFORM_VAULT, _of_terraform("azurerm_subnet", **in_terraform)),
        "a network of Terraform": plan(
            _of_terraform("azurerm_virtual_network", subnet=[in_terraform]), TERRAFORM_VAULT
        ),
    }


@pytest.mark.parametrize("form", ["vault of a service", "vault of Terraform", "vault of PowerShell"])
def test_a_rule_in_force_is_not_refused_for_a_lacking_endpoint(explain: Explainer, form: str) -> None:
    unflagged = {**ACLS, "virtualNetworkRules": [{"id": SUBNET}]}
    state = {"terraform_version": "1", "values": {"root_module": {"resources": [TERRAFORM_VAULT]}}}
    written: Mapping[str, tuple[object, object]] = {
        "vault of a service": ({**vault(unflagged), "id": "/subscriptions/s"}, vault(unflagged)),
        "vault of Terraform": (state, plan(TERRAFORM_VAULT)),
        "vault of PowerShell": (POWERSHELL, vault(unflagged)),
    }
    network = explain.path("net.json", {"subnets": [{"id": SUBNET, "serviceEndpoints": []}]})
    stored, to_be_written = (explain(one, "--subnet", SUBNET, "--network", network) for one in written[form])
    assert stored.stdout.startswith("DENY\n"), stored.stderr
    assert "the subnet does not have the service endpoint" in to_be_written.stderr


def test_null_in_rules_in_force_is_nothing(explain: Explainer) -> None:
    printed = {**ACLS, "ipRules": None, "virtualNetworkRules": None}
    assert explain({"id": "/subscriptions/s", **vault(printed)}, "20.1.2.3").stdout.startswith("DENY\n")
    assert explain(vault(printed), "20.1.2.3").stdout.startswith("OPEN\n")


@pytest.mark.parametrize("form", _files([]))
def test_a_subnet_that_the_file_defines_without_the_endpoint_does_not_have_it(explain: Explainer, form: str) -> None:
    without = explain(_files([])[form], "--subnet", SUBNET)
    if "Terraform" in form:  # the rule is refused, as it does not ignore the missing endpoint
        assert (without.exit_code, "VAL-8" in without.stderr) == (2, True), without.stdout
    else:
        assert without.stdout.startswith("DENY\n"), without.stderr
    assert explain(_files(list(KEY_VAULT))[form], "--subnet", SUBNET).stdout.startswith("ALLOW\n")


@pytest.mark.parametrize(
    ("endpoints", "outcome"), [(KEY_VAULT, "ALLOW"), ([{"service": "Microsoft.Storage"}], "DENY"), (None, "DENY")]
)
def test_a_range_that_is_not_known_hides_no_endpoint(explain: Explainer, endpoints: object, outcome: str) -> None:
    looped = _network(endpoints)
    entry = {"name": "a", "properties": {"addressPrefix": "[newGuid()]", "serviceEndpoints": endpoints}}
    looped["properties"] = {"copy": [{"name": "subnets", "count": 1, "input": entry}]}
    for network in (_network(endpoints), looped):
        result = explain(template(network, vault(FLAGGED)), "--subnet", OWN_ID)
        assert result.stdout.startswith(f"{outcome}\n"), result.stderr


@pytest.mark.parametrize("defined", [_network(UNKNOWN), _subnet(UNKNOWN) | {"name": "v/a"}])
def test_endpoints_that_cannot_be_known_decide_nothing(explain: Explainer, defined: dict[str, object]) -> None:
    rules = template(defined, vault(FLAGGED))
    result = explain(rules, "--subnet", OWN_ID)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "() is not evaluated here" in result.stderr
    assert "--network FILE may say whether the subnet has the service endpoint" in result.stderr
    network = explain.path("net.json", {"subnets": [{"id": OWN_ID, "serviceEndpoints": ["Microsoft.KeyVault"]}]})
    assert explain(rules, "--subnet", OWN_ID, "--network", network).stdout.startswith("ALLOW\n")
    assert explain(rules, "--subnet", f"{OWN_ID}2").stdout.startswith("DENY\n")


def test_endpoints_that_a_plan_does_not_know_decide_nothing(explain: Explainer) -> None:
    subnet = _of_terraform("azurerm_subnet", id=SUBNET)
    unknown = [{"address": "azurerm_subnet.one", "change": {"after_unknown": {"service_endpoints": True}}}]
    result = explain({**plan(TERRAFORM_VAULT, subnet), "resource_changes": unknown}, "--subnet", SUBNET)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"the service endpoints of {SUBNET}: the plan does not know them" in result.stderr


def test_a_condition_holds_for_its_own_resource_alone(explain: Explainer) -> None:
    network = {**_network([]), "condition": False, "properties": {}, "resources": [{"type": "subnets", "name": "a"}]}
    assert explain(template(network, vault(FLAGGED)), "--subnet", OWN_ID).stdout.startswith("DENY\n")
