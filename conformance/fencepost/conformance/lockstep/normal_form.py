"""STA-5: rules in force and rules read back, both brought to one form before they are compared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from fencepost.adapters.contract import NetworkAcls
from fencepost.adapters.contract.vocabulary import MAX_RULES_READ
from fencepost.reference import Block, Profile, RuleSet, Vault, cidr_from_block, read_ip_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalForm:
    """What a rule set means, apart from its spelling: order, repetition, case of ids and /32 do not show.

    A value that cannot be read as a block is kept as its text.
    """

    default_action: str
    bypass: str
    ip_rules: frozenset[Block | str]
    subnets: frozenset[str]

    def differences(self, other: "NormalForm") -> Iterator[str]:
        """What this form has and the other has not, each a word or a rule, in order."""
        if self.default_action != other.default_action:
            yield f"defaultAction {self.default_action}"
        if self.bypass != other.bypass:
            yield f"bypass {self.bypass}"
        yield from sorted(
            rule if isinstance(rule, str) else cidr_from_block(rule) for rule in self.ip_rules - other.ip_rules
        )
        yield from sorted(self.subnets - other.subnets)


def is_read_rightly(answer: NetworkAcls | None, vault: Vault) -> bool:
    """Whether the answer to `getRules` states the rules in force (STA-5). More rules than the contract allows do not.

    The default action is not compared where the implementation has none.
    """
    read = answer or NetworkAcls()
    if len(read.ip_rules or ()) + len(read.virtual_network_rules or ()) > MAX_RULES_READ:
        return False
    got, wanted = normal_form_of_answer(answer, vault.profile), normal_form(vault.rules)
    return got == (replace(wanted, default_action=got.default_action) if vault.profile.always_denies else wanted)


def normal_form(rules: RuleSet) -> NormalForm:
    """The normal form of the reference's rules."""
    return NormalForm(
        default_action=rules.default_action.value,
        bypass=rules.bypass.value,
        ip_rules=frozenset(rule.block for rule in rules.ip_rules),
        subnets=frozenset(rule.key for rule in rules.virtual_network_rules),
    )


def normal_form_of_answer(answer: NetworkAcls | None, profile: Profile) -> NormalForm:
    """The normal form of an answer to `getRules`; no `networkAcls` is {Allow, AzureServices, no rules}."""
    read = answer or NetworkAcls()
    return NormalForm(
        default_action=read.default_action or "Allow",
        bypass=read.bypass or "AzureServices",
        ip_rules=frozenset(blocks_of((entry.value for entry in read.ip_rules or ()), profile)),
        subnets=frozenset(entry.id.lower() for entry in read.virtual_network_rules or ()),
    )


def blocks_of(values: Iterable[str], profile: Profile) -> Iterable[Block | str]:
    """The block of each value that was read back; a value that cannot be read as a block is kept as its text."""
    for value in values:
        # A profile that refuses a single address as its /32 may still read it back as its /32.
        blocks = read_ip_rule(value.removesuffix("/32"), _lenient(profile)).blocks
        yield next(iter(blocks)) if len(blocks) == 1 else value


@lru_cache  # one profile, which reads each text once
def _lenient(profile: Profile) -> Profile:
    return profile.with_choices({"prefix-31": "accept", "prefix-0": "accept", "private-superset": "accept"})
