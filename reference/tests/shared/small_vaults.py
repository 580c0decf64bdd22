"""A vault of a few rules on a network of three subnets, and what it decides."""

from fencepost.reference import (
    Network,
    Outcome,
    Profile,
    Request,
    Subnet,
    Vault,
    Verdict,
    Write,
    address_from_text,
    load_profile,
)

TODAY, PREVIEW = load_profile("keyvault"), load_profile("keyvault-2018-preview")


def subnet_id(name: str) -> str:
    return f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{name}"


A, B, OFF = subnet_id("a"), subnet_id("b"), subnet_id("off")
NETWORK = Network(subnets=(Subnet(id=A), Subnet(id=B), Subnet(id=OFF, service_endpoints=())))


def acls(*ip_values: str, subnets: tuple[str, ...] = (), default_action: str = "Deny", bypass: str = "None") -> object:
    return {
        "bypass": bypass,
        "defaultAction": default_action,
        "ipRules": [{"value": value} for value in ip_values],
        "virtualNetworkRules": [{"id": subnet} for subnet in subnets],
    }


def vault(rules: object = None, profile: Profile = TODAY) -> Vault:
    new = Vault(profile=profile).reset(NETWORK)
    return after(new.put_rules(rules)) if rules is not None else new


def after(write: Write) -> Vault:
    """The vault after a write that must be accepted."""
    assert (write.verdict, write.violations) == (Verdict.ACCEPTED, ())
    assert write.accepted is not None
    return write.accepted


def lets_in(one: Vault, address: str = "20.200.200.200", subnet: str | None = None) -> bool:
    outcome = one.decide(Request(address=address_from_text(address), subnet=subnet)).outcome
    assert outcome is not Outcome.OPEN
    return outcome is Outcome.ALLOW
