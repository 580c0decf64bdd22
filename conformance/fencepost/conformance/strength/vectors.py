"""A baseline suite with a fixed set of vectors, as a careful person writes it in an afternoon."""

from collections.abc import Iterator

from fencepost.conformance.generate.networks import plain_subnets, subnet_id
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, Step, WriteStep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Caller, Network, Plane, Profile, Request, Subnet, address_from_text

_SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
_LISTED = subnet_id(_SUBSCRIPTION, "rg", "vnet", "app")
_UNLISTED = subnet_id(_SUBSCRIPTION, "rg", "vnet", "db")
_ELSEWHERE = subnet_id(_SUBSCRIPTION, "rg", "other", "app")
_NETWORK = Network(subnets=tuple(Subnet(id=one) for one in (_LISTED, _UNLISTED, _ELSEWHERE)))

_RANGES = (
    # value, addresses inside, addresses outside
    ("191.10.18.0/24", ("191.10.18.0", "191.10.18.7", "191.10.18.255"), ("191.10.17.255", "191.10.19.0")),
    ("124.56.78.91", ("124.56.78.91",), ("124.56.78.90", "124.56.78.92", "91.78.56.124")),
    ("20.0.0.0/8", ("20.0.0.0", "20.77.1.2", "20.255.255.255"), ("19.255.255.255", "21.0.0.0")),
    ("40.64.0.0/10", ("40.64.0.0", "40.100.1.1", "40.127.255.255"), ("40.63.255.255", "40.128.0.0")),
    ("51.4.0.0/16", ("51.4.0.0", "51.4.200.9", "51.4.255.255"), ("51.3.255.255", "51.5.0.0")),
    ("52.10.16.0/20", ("52.10.16.0", "52.10.20.1", "52.10.31.255"), ("52.10.15.255", "52.10.32.0")),
    ("8.8.8.128/25", ("8.8.8.128", "8.8.8.200", "8.8.8.255"), ("8.8.8.127", "8.8.9.0")),
    ("9.9.9.8/30", ("9.9.9.8", "9.9.9.10", "9.9.9.11"), ("9.9.9.7", "9.9.9.12")),
    ("200.1.2.16/28", ("200.1.2.16", "200.1.2.31"), ("200.1.2.15", "200.1.2.32")),
    ("64.0.0.0/3", ("64.0.0.0", "80.1.2.3", "95.255.255.255"), ("63.255.255.255", "96.0.0.0")),
)
_REFUSED = (
    *("10.0.0.0/8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.0/16", "192.168.1.1"),
    *("::1", "2001:db8::/32", "", "here", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.0/"),
    *("0x14.1.2.3", "20.1.2.3:443", "20.1.2.3-20.1.2.9", 16909060, None),
)
_ACCEPTED = ("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0")


def vectors(profile: Profile) -> Iterator[Case]:
    """Every vector of the set, each a case from `reset` on; equal for every seed, with the limits of the profile."""
    yield from _ranges()
    yield from _rule_lists()
    yield from _subnets()
    yield from _services(profile)
    yield from _switches_and_planes()
    yield from _refusals()
    yield from _limits(profile)
    yield from _histories()


def _case(*steps: Step) -> Case:
    return Case(network=_NETWORK, steps=steps)


def _put(
    *values: object, subnets: tuple[object, ...] = (), default_action: str = "Deny", bypass: str = "None"
) -> WriteStep:
    acls = wire_rules(values, subnets, default_action=default_action, bypass=bypass)
    return WriteStep(method="putRules", params={"networkAcls": acls})


def _ask(*addresses: str) -> AskStep:
    return AskStep(requests=tuple(_from(address) for address in addresses))


def _from(address: str, caller: Caller | None = None, *, subnet: str | None = None) -> Request:
    return Request(address=address_from_text(address), subnet=subnet, caller=caller or Caller())


def _ranges() -> Iterator[Case]:
    for value, inside, outside in _RANGES:
        yield _case(_put(value), _ask(*inside, *outside))


def _rule_lists() -> Iterator[Case]:
    three = ("20.1.0.0/16", "30.2.2.2", "40.3.3.0/24")
    asked = _ask("20.1.9.9", "30.2.2.2", "40.3.3.3", "50.4.4.4")
    yield _case(_put(*three), asked)
    yield _case(_put(*reversed(three)), asked)
    yield _case(_put("20.1.0.0/16", "20.1.2.0/24", "20.1.2.3"), _ask("20.1.2.3", "20.1.2.4", "20.1.3.1", "20.2.0.0"))
    yield _case(_put("20.1.2.0/25", "20.1.2.128/25"), _ask("20.1.2.127", "20.1.2.128", "20.1.3.0"))
    yield _case(_put("20.1.2.3", "20.1.2.5"), _ask("20.1.2.3", "20.1.2.4", "20.1.2.5"))
    yield _case(_put(), _ask("20.1.2.3", "10.1.2.3"))


def _subnets() -> Iterator[Case]:
    requests = [_from("10.0.0.4", subnet=one) for one in (_LISTED, _UNLISTED, _ELSEWHERE, _LISTED.upper())]
    yield _case(_put(subnets=(_LISTED,)), AskStep(requests=tuple(requests)))
    yield _case(_put("20.1.2.0/24", subnets=(_LISTED,)), AskStep(requests=(*requests, _from("20.1.2.3"))))
    off, on = (EndpointsStep(subnet=_LISTED, service_endpoints=one) for one in ((), ("Microsoft.KeyVault",)))
    without = AskStep(requests=(_from("20.9.9.9", subnet=_LISTED),))
    yield _case(_put(subnets=(_LISTED,)), off, without, on, AskStep(requests=tuple(requests)))


def _services(profile: Profile) -> Iterator[Case]:
    by_attribute = profile.choice("trusted-services") == "attribute"
    trusted = Caller(service="Azure Backup", trusted=True if by_attribute else None)
    untrusted = Caller(service="Contoso Billing", trusted=False if by_attribute else None)
    no_token = Caller(service="Azure Backup", trusted=trusted.trusted, authenticated=False)
    requests = tuple(_from("20.1.2.3", caller) for caller in (trusted, untrusted, no_token, Caller()))
    for bypass in ("AzureServices", "None"):
        yield _case(_put(bypass=bypass), AskStep(requests=requests))
        yield _case(_put("20.1.2.0/24", bypass=bypass), AskStep(requests=requests))


def _switches_and_planes() -> Iterator[Case]:
    yield _case(_put("20.1.2.0/24", default_action="Allow"), _ask("20.1.2.3", "30.1.2.3", "10.1.2.3"))
    callers = (Caller(authenticated=False), Caller(authorized=False), Caller(authenticated=False, authorized=False))
    for default_action in ("Deny", "Allow"):
        requests = tuple(_from(address, caller) for address in ("20.1.2.3", "30.1.2.3") for caller in callers)
        yield _case(_put("20.1.2.0/24", default_action=default_action), AskStep(requests=requests))
    control = [
        Request(plane=Plane.CONTROL, operation=operation, address=address_from_text("30.1.2.3"), caller=caller)
        for operation in ("VaultGet", "VaultList", "VaultPut", "VaultDelete", "VaultNetworkRuleSet")
        for caller in (Caller(), Caller(authenticated=False))
    ]
    data = [
        Request(operation=operation, address=address_from_text(address))
        for operation in ("SecretList", "KeyList", "KeySign", "CertificateGet", "SecretPurge")
        for address in ("20.1.2.3", "30.1.2.3")
    ]
    yield _case(_put("20.1.2.0/24"), AskStep(requests=(*control, *data)))


def _refusals() -> Iterator[Case]:
    for value in _REFUSED:
        yield _case(_put("20.1.2.0/24"), _put("30.1.2.0/24", value), _ask("20.1.2.3", "30.1.2.3"))
    for value in _ACCEPTED:
        yield _case(_put(value), _ask(value, "20.1.2.3"))
    for subnet in ("", "app", _LISTED.rsplit("/", 1)[0], f"{_LISTED}/", _LISTED.replace("subnets", "subnet")):
        yield _case(_put(subnets=(subnet,)))
    yield _case(_put(default_action="Block"))
    yield _case(_put(bypass="All"))


def _limits(profile: Profile) -> Iterator[Case]:
    values = [f"20.{n // 250}.{n % 250}.1" for n in range(profile.max_ip_rules + 1)]
    full = _put(*values[:-1])
    yield _case(full, _ask(values[0], values[-2], values[-1]), _put(*values), _ask(values[0], values[-2], values[-1]))
    ids = plain_subnets(profile.max_virtual_network_rules + 1)
    network = Network(subnets=tuple(Subnet(id=one) for one in ids))
    ends = AskStep(requests=tuple(_from("10.0.0.4", subnet=one) for one in (ids[0], ids[-2], ids[-1])))
    steps = (_put(subnets=tuple(ids[:-1])), ends, _put(subnets=tuple(ids)), ends)
    yield Case(network=network, steps=steps)


def _histories() -> Iterator[Case]:
    ask = _ask("20.1.2.3", "30.1.2.3", "40.1.2.3")
    yield _case(_put("20.1.2.0/24"), ask, _put("30.1.2.0/24"), ask, _put(), ask)
    add = WriteStep(method="addIpRule", params={"value": "30.1.2.0/24"})
    remove = WriteStep(method="removeIpRule", params={"value": "20.1.2.0/24"})
    allow, deny = (WriteStep(method="updateRules", params={"defaultAction": word}) for word in ("Allow", "Deny"))
    yield _case(_put("20.1.2.0/24"), add, ask, remove, ask, allow, ask, deny, ask)
    bypass = WriteStep(method="updateRules", params={"bypass": "AzureServices"})
    yield _case(_put("20.1.2.0/24"), bypass, ask)
