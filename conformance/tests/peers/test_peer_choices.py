"""What a peer declares for the open points is what it does, and every answer is declared by some peer."""

from collections.abc import Callable

import pytest
from fencepost.adapters.contract.vocabulary import CHOICES
from peer_harness import (
    BARE,
    DECLARING,
    FRONT,
    FULL,
    LIMITS,
    PREVIEW,
    TODAY,
    Child,
    Vault,
    addresses,
    data,
    open_peer,
    trusted,
)

Probe = Callable[[Vault], object]


def accepts(*ips: object) -> Probe:
    return lambda vault: "accept" if vault.put(ips) else "reject"


def leading_zeros(vault: Vault) -> str:
    if not vault.put(["20.0.0.010"]):
        return "reject"
    return "decimal" if vault.lets_in("20.0.0.10") else "octal"


def duplicates(vault: Vault) -> str:
    if not vault.put(["20.0.0.1", "20.0.0.1"]):
        return "reject"
    ips = vault.reads()["ips"]
    assert isinstance(ips, list)
    return "keep" if len(ips) == 2 else "collapse"


def duplicates_count(vault: Vault) -> str | None:
    if duplicates(vault) == "reject":
        return None
    full = addresses(vault.max_ip)
    counted = not vault.put([*full, full[0]])
    assert vault.put(full)
    assert vault.write("addIpRule", value=full[0]) is not counted
    return "yes" if counted else "no"


def reserved(vault: Vault) -> object:
    result = vault.statement.choices["reserved-ranges"]
    blocks = (
        result if isinstance(result, dict) else dict.fromkeys(("127.0.0.0/8", "224.0.0.0/4", "100.64.0.0/10"), result)
    )
    found = {block: "accept" if vault.put([block]) else "reject" for block in blocks}
    return found if isinstance(result, dict) else set(found.values()).pop() if len(set(found.values())) == 1 else found


def superset_matches(vault: Vault) -> str | None:
    if not vault.put(["172.0.0.0/8"]) or not vault.lets_in("172.1.0.0"):
        return None
    seen = vault.outcomes(data("172.16.0.1"), data("172.16.0.1", via=FRONT))
    return {"aa": "yes", "dd": "no"}[seen]


def lost(vault: Vault) -> str:
    assert vault.put([], [FRONT])
    vault.client.set_service_endpoints(FRONT, [])
    return "accept" if vault.put([], [FRONT]) else "reject"


def case(vault: Vault) -> str:
    taken = {vault.put(action="deny"), vault.put(bypass="azureservices"), vault.write("updateRules", bypass="NONE")}
    return {"{True}": "insensitive", "{False}": "sensitive"}[str(taken)]


def null_members(vault: Vault) -> str:
    whole: dict[str, object] = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    taken = {vault.raw_put(whole | {member: None}) for member in whole}
    return {"{True}": "as-absent", "{False}": "reject"}[str(taken)]


def default_of(member: str, other: str, value: str) -> Probe:
    def probe(vault: Vault) -> object:
        assert vault.raw_put({other: value})
        return vault.reads()["bypass" if member == "bypass" else "action"]

    return probe


def single(vault: Vault) -> str:
    assert vault.put(["20.0.0.1"])
    acls = vault.client.get_rules()
    assert acls is not None
    assert acls.ip_rules is not None
    return "/32" if acls.ip_rules[0].value.endswith("/32") else "bare"


def blocked_without_token(vault: Vault) -> str:
    assert vault.put(bypass="AzureServices")
    decisions = vault.client.decide(
        [
            data("9.9.9.9", caller={"authenticated": False}),
            data("9.9.9.9", caller={"authenticated": False} | trusted(vault)),
        ]
    )
    assert decisions[0].status == decisions[1].status
    return str(decisions[0].status)


def removing(vault: Vault) -> str:
    taken = {
        vault.write("removeIpRule", value="20.0.0.1"),
        vault.write("removeVirtualNetworkRule", id=FRONT),
    }
    return {"{True}": "ignore", "{False}": "reject"}[str(taken)]


def host_bits(vault: Vault) -> str:
    if not vault.put(["20.0.0.9/24"]):
        return "reject"
    assert vault.outcomes(*map(data, ("19.255.255.255", "20.0.0.0", "20.0.0.255", "20.0.1.0"))) == "daad"
    return "mask"


def spelling(*ips: str) -> Probe:
    def probe(vault: Vault) -> str:
        return {"{True}": "accept", "{False}": "reject"}[str({vault.put([ip]) for ip in ips})]

    return probe


def blanks(vault: Vault) -> str:
    taken = {vault.put([ip]) for ip in (" 20.0.0.1", "20.0.0.1 ", "\t20.0.0.0/24\n")}
    return {"{True}": "strip", "{False}": "reject"}[str(taken)]


PROBES: dict[str, Probe] = {
    "host-bits": host_bits,
    "private-superset": accepts("172.0.0.0/8"),
    "superset-matches-private": superset_matches,
    "reserved-ranges": reserved,
    "duplicates": duplicates,
    "duplicates-count": duplicates_count,
    "prefix-31": accepts("20.0.0.0/31"),
    "prefix-0": accepts("0.0.0.0/0"),
    "missing-service-endpoint": lambda vault: "accept" if vault.put([], [BARE]) else "reject",
    "lost-service-endpoint": lost,
    "surrounding-blanks": blanks,
    "leading-zeros": leading_zeros,
    "prefix-spelling": spelling("20.0.0.0/024", "20.0.0.0/+24"),
    "netmask-form": accepts("20.0.0.0/255.255.255.0"),
    "hostmask-form": accepts("20.0.0.0/0.0.0.255"),
    "remove-unknown": removing,
    "enum-case": case,
    "null-members": null_members,
    "default-of-bypass": default_of("bypass", "defaultAction", "Deny"),
    "default-of-default-action": default_of("defaultAction", "bypass", "None"),
    "single-address-read-back": single,
    "unauthenticated-and-blocked": blocked_without_token,
}
NOT_OPEN = {TODAY: {"missing-service-endpoint"}, PREVIEW: {"prefix-31", "trusted-scenarios"}}


@pytest.mark.parametrize("profile", LIMITS)
@pytest.mark.parametrize("name", DECLARING)
def test_what_is_declared_is_what_is_done(name: str, profile: str, harnesses: dict[str, Child]) -> None:
    vault = Vault(open_peer(name, profile, harnesses), profile)
    for key, declared in vault.statement.choices.items():
        if key in PROBES and key not in NOT_OPEN[profile]:
            vault.reset()
            found = PROBES[key](vault)
            assert found in (declared, None), key


def test_every_answer_to_every_choice_is_declared_by_some_peer(harnesses: dict[str, Child]) -> None:
    declared: dict[str, set[object]] = {key: set() for key in CHOICES}
    for name in DECLARING:
        for profile in LIMITS:
            for key, value in open_peer(name, profile, harnesses).describe().choices.items():
                declared[key] |= set(value.values()) if isinstance(value, dict) else {value}
    assert declared == {key: set(values) for key, values in CHOICES.items()}


@pytest.mark.parametrize("name", [name for name in FULL if name.endswith("Undeclared")])
def test_an_undeclared_peer_declares_nothing(name: str, harnesses: dict[str, Child]) -> None:
    assert open_peer(name, TODAY, harnesses).describe().choices == {}
