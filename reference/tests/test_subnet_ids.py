"""What a subnet id is, and what is none (VAL-7)."""

import pytest
from fencepost.reference import (
    is_subnet_id,
)

GROUP = "/subscriptions/3f0c/resourceGroups/prod-rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet1"
SUBNET = f"{NETWORK}/subnets/apps"


@pytest.mark.parametrize(
    "value",
    [
        SUBNET,
        SUBNET.lower(),
        SUBNET.upper(),
        SUBNET.replace("3f0c", "00000000-0000-0000-0000-000000000000"),
        SUBNET.replace("apps", "a.b_c-d"),
    ],
)
def test_a_subnet_id_is_known(value: str) -> None:
    assert is_subnet_id(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        True,
        [SUBNET],
        {"id": SUBNET},
        "",
        "apps",
        "vnet1/apps",
        NETWORK,
        f"{NETWORK}/subnets",
        f"{NETWORK}/subnets/",
        f"{SUBNET}/",
        SUBNET.removeprefix("/"),
        f"/{SUBNET}",
        f"{SUBNET}/ipConfigurations/one",
        SUBNET.replace("/subscriptions/3f0c", ""),
        SUBNET.replace("/resourceGroups/prod-rg", ""),
        SUBNET.replace("3f0c", ""),
        SUBNET.replace("prod-rg", ""),
        SUBNET.replace("vnet1", ""),
        SUBNET.replace("resourceGroups", "resourceGroup"),
        SUBNET.replace("Microsoft.Network", "Microsoft.ClassicNetwork"),
        SUBNET.replace("Microsoft.Network", "Microsoft-Network"),
        SUBNET.replace("virtualNetworks", "virtualNetwork"),
        SUBNET.replace("subnets", "subnet"),
        SUBNET.replace("\u0073ubnets", "\u017fubnets"),
        f"{GROUP}/providers/Microsoft.Network/subnets/apps/virtualNetworks/vnet1",
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/store",
        f"https://management.azure.com{SUBNET}",
    ],
    ids=repr,
)
def test_an_id_that_is_no_subnet_id_is_told_apart(value: object) -> None:
    assert not is_subnet_id(value)
