"""Hypothesis strategies for a firewall of the Key Vault kind: rule sets, the networks around them, requests, histories.

Every strategy gives JSON values of the contract, ready to be sent. Values shrink towards few rules, plain addresses and
plain callers. Long lists are built from a few draws, so a rule set of 1,000 rules shrinks as fast as a short one.
Impossible arguments raise `InvalidArgument` at once, and never weaken what is generated.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from fencepost.adapters.contract import JsonObject
from fencepost.adapters.contract.vocabulary import (
    CONTROL_OPERATIONS,
    DATA_OPERATIONS,
    FEATURES,
    SERVICE_ENDPOINT,
)
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate import blocks, callers, mistakes
from fencepost.conformance.generate import networks as subnet_names
from fencepost.conformance.generate.boundaries import edges, probe_addresses
from fencepost.conformance.generate.drawing import inserted, ip_values, made, one_of, randoms, subnet_ids, text
from fencepost.conformance.generate.histories import capabilities_of
from fencepost.conformance.generate.histories import histories as _histories
from fencepost.conformance.generate.histories import history_machine as history_machine
from fencepost.conformance.lockstep.wire import WAYS_TO_SAY_YES, wire_request, wire_rules
from fencepost.reference import Caller, Plane, Profile, Request, RuleSet, is_public, load_profile, validate
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

_PLAIN_PUBLIC = 20 << 24 | 77 << 16 | 66 << 8 | 55
_PLAIN_PRIVATE = 10 << 24 | 4
_ALL_FEATURES = tuple(name for name in FEATURES if not name.endswith("-only"))


def ip_rules(profile: Profile | str = "keyvault") -> st.SearchStrategy[str]:
    """Values of IP rules that the profile accepts under any choices: addresses, and ranges from /3 to /30.

    They lie in public space only, at powers of two, at octet edges and anywhere. Where the profile takes it, some
    addresses are written as their /32. They shrink to `1.0.0.0`. `UnknownProfile` where there is none of that name.

    >>> from hypothesis import find
    >>> find(ip_rules("keyvault"), lambda value: value.endswith("/30"))
    '1.0.0.0/30'
    """
    edition = _profile(profile)

    def value(draw: st.DrawFn) -> str:
        random = draw(randoms())
        return text(blocks.block(random, blocks.prefix(random)), random, edition)

    return made(value)


def subnets(*, with_endpoint: bool | None = None) -> st.SearchStrategy[dict[str, object]]:
    """A subnet as `reset` takes it, `{id, serviceEndpoints}`; with the endpoint, without it, or either way.

    A list without the endpoint may contain similar names: only the exact name counts.

    >>> from hypothesis import find
    >>> find(subnets(with_endpoint=False), lambda _: True)["serviceEndpoints"]
    []
    """

    def value(draw: st.DrawFn) -> dict[str, object]:
        wanted = draw(st.sampled_from((True, False))) if with_endpoint is None else with_endpoint
        found = draw(st.sampled_from(subnet_names.subnet_ids(draw(randoms()))))
        lists = subnet_names.ENDPOINTS if wanted else subnet_names.NO_ENDPOINTS
        return {"id": found, "serviceEndpoints": list(draw(st.sampled_from(lists)))}

    return made(value)


def networks(*, all_with_endpoint: bool = False) -> st.SearchStrategy[list[dict[str, object]]]:
    """The subnets that `reset` takes: one subnet and a few similar ones, all different, at least one.

    Unless `all_with_endpoint`, some of them may lack the service endpoint.

    >>> from hypothesis import find
    >>> len(find(networks(), lambda _: True))
    1
    """

    def value(draw: st.DrawFn) -> list[dict[str, object]]:
        names = subnet_names.subnet_ids(draw(randoms()))
        places = draw(st.lists(st.integers(0, len(names) - 1), min_size=1, max_size=len(names), unique=True))
        lists = (*subnet_names.ENDPOINTS, *(() if all_with_endpoint else subnet_names.NO_ENDPOINTS))
        return [{"id": names[place], "serviceEndpoints": list(draw(st.sampled_from(lists)))} for place in places]

    return made(value)


def rule_sets(
    profile: Profile | str = "keyvault",
    *,
    network: Sequence[Mapping[str, object]] | None = None,
    min_ip_rules: int = 0,
    max_ip_rules: int | None = None,
    min_virtual_network_rules: int = 0,
    max_virtual_network_rules: int | None = None,
    default_action: str | None = None,
    bypass: str | None = None,
) -> st.SearchStrategy[dict[str, object]]:
    """`networkAcls` objects that the profile accepts under any choices, with both switches and both lists.

    Short lists have ranges that overlap, nest, touch and resemble each other; all rules are different. The bounds are
    counts of rules; a maximum of None is the profile's own. Virtual network rules are at most as many as `network` has
    subnets with the endpoint, if it is given. A switch of None is either word. `InvalidArgument` if the bounds leave
    nothing; `UnknownProfile` if no profile has that name.

    >>> from hypothesis import find
    >>> find(rule_sets("keyvault-2018-preview", min_ip_rules=1, default_action="Deny"), lambda _: True)["ipRules"]
    [{'value': '1.0.0.0'}]
    """
    edition = _profile(profile)
    known = None if network is None else [str(one["id"]) for one in network if _has_endpoint(one)]
    most = edition.max_virtual_network_rules if known is None else min(edition.max_virtual_network_rules, len(known))
    ip_bounds = _bounds("ip_rules", min_ip_rules, max_ip_rules, edition.max_ip_rules)
    subnet_bounds = _bounds("virtual_network_rules", min_virtual_network_rules, max_virtual_network_rules, most)
    actions = _words("default_action", default_action, ("Deny", "Allow"))
    bypasses = _words("bypass", bypass, ("None", "AzureServices"))

    def value(draw: st.DrawFn) -> dict[str, object]:
        listed = ip_values(draw, edition, *ip_bounds)
        named = subnet_ids(draw, known, *subnet_bounds)
        return wire_rules(listed, named, default_action=draw(actions), bypass=draw(bypasses))

    return made(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRuleSet:
    """A `networkAcls` object with one mistake: the mistake's name, and the clause that demands the refusal."""

    network_acls: dict[str, object]
    mistake: str
    clause: str


def refused_rule_sets(
    profile: Profile | str = "keyvault", *, network: Sequence[Mapping[str, object]] | None = None
) -> st.SearchStrategy[RefusedRuleSet]:
    """Rule sets that the profile refuses under any choices, each with its one mistake's name and the clause.

    They are good rule sets with a wrong value, id or switch somewhere, or with one rule too many: VAL-2 … 7, LIM-2
    and LIM-4; where the profile checks endpoints and a `network` has a subnet without one, also VAL-8. Spellings that
    are open points are not among them. `UnknownProfile` where there is none of that name.

    >>> from hypothesis import find
    >>> refused = find(refused_rule_sets("keyvault-2018-preview"), lambda one: one.clause == "VAL-2")
    >>> len(refused.network_acls["ipRules"])
    1
    """
    edition = _profile(profile)
    good = rule_sets(edition, network=network, max_ip_rules=4, max_virtual_network_rules=2 if network is None else None)
    kinds: list[Callable[[st.DrawFn], RefusedRuleSet]] = [
        lambda draw: _wrong_ip_rule(draw, edition, draw(good)),
        lambda draw: _wrong_subnet(draw, draw(good)),
        lambda draw: _wrong_switch(draw, draw(good)),
        lambda draw: _too_many_ip_rules(draw, edition),
        lambda draw: _too_many_subnets(draw, edition),
    ]
    lacking = [str(one["id"]) for one in network or () if not _has_endpoint(one)]
    if lacking and edition.missing_endpoint == "reject":
        kinds.append(lambda draw: _missing_endpoint(draw, lacking, draw(good)))
    return st.one_of([made(kind) for kind in kinds])


st.register_type_strategy(RefusedRuleSet, lambda _: refused_rule_sets())


def requests(
    rule_set: Mapping[str, object],
    *,
    profile: Profile | str = "keyvault",
    network: Sequence[Mapping[str, object]] | None = None,
    features: Collection[str] = _ALL_FEATURES,
) -> st.SearchStrategy[JsonObject]:
    """Requests to be decided under a rule set, limited to those that the contract allows.

    Most come from addresses where a fault would show: both ends of every piece into which the rules
    cut the address space, and what lies beside them. A subnet's caller shows a private address while the subnet has the
    endpoint, a public one while it has not. `network` is the list of subnets in `reset` (None: those of the rules, all
    with the endpoint). `features` are those of the conformance statement: without `trusted-services`, for instance, no
    request names a service. Unknown features are ignored.

    `InvalidArgument` if the profile does not surely accept the rule set; `UnknownProfile` if no profile has that name.

    >>> from hypothesis import find
    >>> rules = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/8"}]}
    >>> find(requests(rules, features=()), lambda request: request["source"]["address"] == "20.255.255.255")
    {'plane': 'data', 'operation': 'SecretGet', 'source': {'address': '20.255.255.255'}}
    """
    edition = _profile(profile)
    rules = validate(rule_set, profile=edition).rules
    if rules is None:
        raise InvalidArgument(f"the profile {edition.name} does not certainly accept the rule set {rule_set!r}")
    capabilities = capabilities_of(edition, features)
    listed = {rule.id: True for rule in rules.virtual_network_rules}
    with_endpoint = listed if network is None else {str(one["id"]): _has_endpoint(one) for one in network}
    where = _places(rules, with_endpoint if capabilities.subnets else {})
    any_caller = _callers(edition, capabilities)
    planes = (Plane.DATA, Plane.CONTROL) if capabilities.control_plane else (Plane.DATA,)
    ways = ((), *WAYS_TO_SAY_YES) if capabilities.credentials else ((),)

    def value(draw: st.DrawFn) -> JsonObject:
        address, subnet = draw(where)
        plane = draw(st.sampled_from(planes))
        names = DATA_OPERATIONS if plane is Plane.DATA else CONTROL_OPERATIONS
        plain = "SecretGet" if plane is Plane.DATA else "VaultGet"
        operation = draw(st.one_of(st.just(plain), st.sampled_from(names)))
        caller = callers.with_credentials(one_of(draw, any_caller), one_of(draw, callers.credentials(capabilities)))
        request = Request(plane=plane, operation=operation, address=address, subnet=subnet, caller=caller)
        return wire_request(request, explicit=draw(st.sampled_from(ways)))

    return made(value)


def histories(
    profile: Profile | str = "keyvault", *, features: Collection[str] = _ALL_FEATURES, max_moves: int = 4
) -> st.SearchStrategy[list[JsonObject]]:
    """Contract calls in order, each `{method, params}`: a `reset`, a rule set, then writes, a `decide` after each.

    The writes are those of at most `max_moves` moves: rules added, removed, spelled otherwise, refused, made dormant;
    switches and service endpoints changed. The reference answers all of them, whatever the profile leaves
    open, and the requests are about what has changed, what has not, and what was removed. It contains only what the
    statement's `features` offer; unknown ones are ignored. Histories shrink towards a rule set and no writes.

    `history_machine` has the same moves as the rules of a state machine, which puts them to an implementation.
    `InvalidArgument` if `max_moves` is negative; `UnknownProfile` if no profile has that name.

    >>> from hypothesis import Phase, find, settings
    >>> simplest = find(histories("keyvault-2018-preview"), lambda _: True, settings=settings(phases=[Phase.generate]))
    >>> [call["method"] for call in simplest]
    ['reset', 'putRules', 'decide']
    """
    if max_moves < 0:
        raise InvalidArgument(f"max_moves={max_moves}: expected 0 or more")
    return _histories(_profile(profile), features=features, max_moves=max_moves)


def _profile(profile: Profile | str) -> Profile:
    return profile if isinstance(profile, Profile) else load_profile(profile)


def _bounds(name: str, least: int, most: int | None, limit: int) -> tuple[int, int]:
    upper = limit if most is None else most
    if not 0 <= least <= upper <= limit:
        bounds = f"min_{name}={least}, max_{name}={most}"
        raise InvalidArgument(f"{bounds}: expected 0 <= min_{name} <= max_{name} <= {limit}")
    return least, upper


def _words(name: str, wanted: str | None, known: tuple[str, ...]) -> st.SearchStrategy[str]:
    if wanted is not None and wanted not in known:
        raise InvalidArgument(f"{name}={wanted!r}: expected one of {', '.join(known)}, or None")
    return st.sampled_from(known if wanted is None else (wanted,))


def _has_endpoint(subnet: Mapping[str, object]) -> bool:
    endpoints = subnet.get("serviceEndpoints")
    return isinstance(endpoints, list | tuple) and SERVICE_ENDPOINT in endpoints


_Acls = dict[str, object]


def _wrong_ip_rule(draw: st.DrawFn, profile: Profile, good: _Acls) -> RefusedRuleSet:
    wrong = one_of(draw, list(mistakes.ip_mistakes(profile, draw(randoms()))))
    entry = wrong.value if wrong.entry else {"value": wrong.value}
    acls = inserted(draw, good, wrong.member, entry)
    return RefusedRuleSet(network_acls=acls, mistake=wrong.name, clause=wrong.clause)


def _wrong_subnet(draw: st.DrawFn, good: _Acls) -> RefusedRuleSet:
    known = subnet_names.subnet_ids(draw(randoms()))[0]
    wrong = one_of(draw, list(mistakes.subnet_mistakes(known)))
    entry = wrong.value if wrong.entry else {"id": wrong.value}
    acls = inserted(draw, good, wrong.member, entry)
    return RefusedRuleSet(network_acls=acls, mistake=wrong.name, clause=wrong.clause)


def _wrong_switch(draw: st.DrawFn, good: _Acls) -> RefusedRuleSet:
    wrong = one_of(draw, list(mistakes.switch_mistakes()))
    acls = {**good, wrong.member: wrong.value}
    return RefusedRuleSet(network_acls=acls, mistake=wrong.name, clause=wrong.clause)


def _too_many_ip_rules(draw: st.DrawFn, profile: Profile) -> RefusedRuleSet:
    values = (blocks.text(one) for one in blocks.many(draw(randoms()), profile.max_ip_rules + 1))
    return RefusedRuleSet(network_acls=wire_rules(values), mistake="one IP rule too many", clause="LIM-2")


def _too_many_subnets(draw: st.DrawFn, profile: Profile) -> RefusedRuleSet:
    names = subnet_names.plain_subnets(profile.max_virtual_network_rules + 1)
    acls = wire_rules((), one_of(draw, (names, names[::-1])))
    return RefusedRuleSet(network_acls=acls, mistake="one virtual network rule too many", clause="LIM-4")


def _missing_endpoint(draw: st.DrawFn, lacking: list[str], good: _Acls) -> RefusedRuleSet:
    acls = inserted(draw, good, "virtualNetworkRules", {"id": one_of(draw, lacking)})
    return RefusedRuleSet(network_acls=acls, mistake="a subnet without the endpoint", clause="VAL-8")


def _callers(profile: Profile, capabilities: Capabilities) -> list[Caller]:
    return [
        Caller(),
        *callers.trusted_callers(profile, capabilities),
        *callers.untrusted_callers(profile, capabilities),
    ]


def _places(rules: RuleSet, with_endpoint: Mapping[str, bool]) -> st.SearchStrategy[tuple[int, str | None]]:
    """Where a request comes from: an address alone, or a subnet with the address that it then shows."""
    near = list(dict.fromkeys(edge for rule in rules.ip_rules for edge in edges(rule.block)))
    probes = probe_addresses(rules)
    addresses = [st.just(_PLAIN_PUBLIC), st.sampled_from(probes), st.integers(0, 2**32 - 1)]
    if near:
        addresses.insert(1, st.sampled_from(near))
    public = [address for address in near or probes if is_public(address)] or [_PLAIN_PUBLIC]
    seen = {True: _private_addresses(), False: st.sampled_from([_PLAIN_PUBLIC, *public])}
    kinds = [st.tuples(st.one_of(addresses), st.none())]
    for has_endpoint in (True, False):
        names = [name for name, on in with_endpoint.items() if on is has_endpoint]
        if names:
            kinds.append(st.tuples(seen[has_endpoint], st.sampled_from(names)))
    return st.one_of(kinds)


def _private_addresses() -> st.SearchStrategy[int]:
    """RFC 1918: a plain address, the ends of the three blocks, and any address in them."""
    bounds = ((10 << 24, (11 << 24) - 1), (0xAC100000, 0xAC1FFFFF), (0xC0A80000, 0xC0A8FFFF))
    ends = [end for pair in bounds for end in pair]
    return st.one_of(st.just(_PLAIN_PRIVATE), st.sampled_from(ends), *(st.integers(*pair) for pair in bounds))
