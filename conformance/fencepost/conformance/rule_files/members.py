"""Members of a JSON object read as Azure Resource Manager reads them: without regard to case."""

import difflib
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

_VAULT, _OF_A_VAULT = "microsoft.keyvault/vaults", ("condition", "properties")


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The known members of an object under their own names, what is wrong with the object, and its other members."""

    values: Mapping[str, object]
    faults: tuple[str, ...]
    others: tuple[str, ...]


def member(value: Mapping[str, object], name: str, otherwise: object = None) -> object:
    """The content of the member of this name, in any case; `otherwise` where there is none."""
    return next((content for key, content in value.items() if key.lower() == name.lower()), otherwise)


def read_members(value: Mapping[str, object], path: str, known: Sequence[str]) -> Members:
    """The members of `value` that `known` names, in any case.

    Two members that are equal but for case are a fault, and so is a member that nearly has a known name.

    >>> read_members({"IpRules": [], "bypas": "None"}, "$", ("ipRules", "bypass")).faults
    ("$.bypas: no such member; did you mean 'bypass'?",)
    """
    by_key = {name.lower(): name for name in known}
    values: dict[str, object] = {}
    faults, others = [], []
    for member, content in value.items():
        name = by_key.get(member.lower())
        if name is None:
            near = difflib.get_close_matches(member.lower(), list(by_key), n=1, cutoff=_CLOSE)
            if near:
                faults.append(f"{path}.{member}: no such member; did you mean {by_key[near[0]]!r}?")
            others.append(member)
        elif name in values:
            faults.append(f"{path}.{member}: the object has this member twice, spelt in different cases")
        else:
            values[name] = content
    return Members(values=values, faults=tuple(faults), others=tuple(others))


def faults_around(value: object, path: str = "$") -> Iterator[str]:
    """What is wrong with the members around the rules, anywhere in a document: one twice, or a vault's misspelt.

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
            yield f"{path}.{name}: the object has this member twice, spelt in different cases"
        seen.add(key)
        if key not in _RULE_LISTS:
            yield from faults_around(content, f"{path}.{name}")
    if str(member(value, "type", "")).lower() == _VAULT:
        known = [name for name in _OF_A_VAULT if name not in seen]
        yield from read_members({name: None for name in value if name.lower() not in _OF_A_VAULT}, path, known).faults
