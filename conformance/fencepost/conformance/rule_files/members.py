"""Members of a JSON object read as Azure Resource Manager reads them: without regard to case."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_CLOSE = 0.8
"""How alike a misspelt member is to a known one (`difflib`'s ratio, 0 to 1)."""

_AROUND = frozenset(
    {"properties", "networkacls", "network_acls", "resources", "condition", "copy", "template", "changes", "after"}
)
"""The members around the rules, in lower case."""

_RULE_LISTS = frozenset({"iprules", "virtualnetworkrules", "ip_rules", "virtual_network_subnet_ids", "ip", "vnet"})
"""Lists that may have a million entries, and have their own checks."""

_DEPLOYMENT = "microsoft.resources/deployments"
_READ = frozenset(
    {
        "microsoft.keyvault/vaults",
        "microsoft.network/virtualnetworks",
        "microsoft.network/virtualnetworks/subnets",
        _DEPLOYMENT,
    }
)
"""The types of resources, in lower case, whose members decide."""
_OF_A_RESOURCE = ("condition", "properties")
_OF_A_DEPLOYMENT = ("template", "parameters", "expressionEvaluationOptions")
_BESIDE_IN_A_DEPLOYMENT = ("mode", "templateLink", "parametersLink", "debugSetting", "onErrorDeployment")
_VAULT = "Microsoft.KeyVault/vaults"
_BESIDE_A_VAULT = ("Microsoft.KeyVault/managedHSMs", "Microsoft.KeyVault/deletedVaults", "Microsoft.KeyVault/locations")
"""Types whose names are near to that of a vault."""
_OF_A_SUBNET = frozenset({"addressprefix", "addressprefixes"})
"""Members, in lower case, by which the properties of a subnet are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The known members of an object under their own names, what is wrong with the object, and its other members."""

    values: Mapping[str, object]
    faults: tuple[str, ...]
    others: tuple[str, ...]


def member(value: Mapping[str, object], name: str, otherwise: object = None) -> object:
    """The content of the member of this name, in any case; `otherwise` where there is none."""
    return next((content for key, content in value.items() if key.lower() == name.lower()), otherwise)


def read_members(
    value: Mapping[str, object], path: str, known: Sequence[str], *, beside: Sequence[str] = ()
) -> Members:
    """The members of `value` that `known` names, in any case.

    Two members that are equal but for case are a fault, and so is a member that nearly has a known name, unless it is
    nearer to a name `beside` these that such an object has too.

    >>> read_members({"IpRules": [], "bypas": "None"}, "$", ("ipRules", "bypass")).faults
    ("$.bypas: no such member; did you mean 'bypass'?",)
    """
    by_key = {name.lower(): name for name in known}
    values: dict[str, object] = {}
    faults, others = [], []
    for member, content in value.items():
        name = by_key.get(member.lower())
        if name is None:
            if near := nearest(member, known, beside):
                faults.append(f"{path}.{member}: {no_such_member(near)}")
            others.append(member)
        elif name in values:
            faults.append(f"{path}.{member}: {_TWICE}")
        else:
            values[name] = content
    return Members(values=values, faults=tuple(faults), others=tuple(others))


def nearest(written: str, known: Sequence[str], beside: Sequence[str] = ()) -> str | None:
    """The known name that a member nearly has; None where there is none, or where a name `beside` these is nearer."""
    by_key = {name.lower(): name for name in (*known, *beside)}
    near = difflib.get_close_matches(written.lower(), list(by_key), n=1, cutoff=_CLOSE)
    return by_key[near[0]] if near and by_key[near[0]] in known else None


def no_such_member(near: str) -> str:
    """The words for a member that an object has not, and whose name is near to one that it may have."""
    return f"no such member; did you mean {near!r}?"


def misspelt(value: object, path: str, known: Sequence[str], *, beside: Sequence[str] = ()) -> Iterator[str]:
    """A fault for each member that has a known name but for case or a slip, in a file whose names count with case.

    `beside` are other names that such an object has. A value that is no object has no members.

    >>> list(misspelt({"ip_rule": [], "Bypass": "None"}, "$", ("ip_rules", "bypass")))
    ["$.ip_rule: no such member; did you mean 'ip_rules'?", "$.Bypass: no such member; did you mean 'bypass'?"]
    """
    if not isinstance(value, Mapping):
        return
    times, seen = Counter(name.lower() for name in value), set[str]()
    for name in value:
        key = name.lower()
        if key in seen and any(key == one.lower() for one in known):
            yield f"{path}.{name}: {_TWICE}"
        elif times[key] == 1 and name not in known and name not in beside and (near := nearest(name, known, beside)):
            yield f"{path}.{name}: {no_such_member(near)}"
        seen.add(key)


_TWICE = "the object has this member twice, spelt in different cases"


def faults_around(value: object, path: str = "$") -> Iterator[str]:
    """What is wrong with the members around the rules, anywhere in a document: one twice, or a resource's misspelt.

    >>> list(faults_around({"properties": {}, "Properties": {}}))
    ['$.Properties: the object has this member twice, spelt in different cases']
    """
    if isinstance(value, list):
        for place, one in enumerate(value):
            yield from faults_around(one, f"{path}[{place}]")
    if not isinstance(value, Mapping):
        return
    seen = set[str]()
    for name, content in value.items():
        key = name.lower()
        if key in seen & _AROUND:
            yield f"{path}.{name}: {_TWICE}"
        seen.add(key)
        if key not in _RULE_LISTS:
            yield from faults_around(content, f"{path}.{name}")
    kind = str(member(value, "type", ""))
    if kind.lower() in _READ:
        known = [name for name in _OF_A_RESOURCE if name not in seen]
        others = {name: None for name in value if name.lower() not in _OF_A_RESOURCE}
        yield from read_members(others, path, known).faults
    elif "@" not in kind and kind.count("/") == 1 and nearest(kind, (_VAULT,), _BESIDE_A_VAULT):
        yield f"{path}.type: {kind!r}: no such type; did you mean {_VAULT!r}?"
    if kind.lower() == _DEPLOYMENT and isinstance(inside := member(value, "properties"), Mapping):
        beside = _BESIDE_IN_A_DEPLOYMENT
        yield from read_members(inside, f"{path}.properties", _OF_A_DEPLOYMENT, beside=beside).faults
    if seen & _OF_A_SUBNET:
        yield from read_members(value, path, ("serviceEndpoints",), beside=("serviceEndpointPolicies",)).faults
