"""Histories of writes (STA-2): a vault comes to the same as after one put of the resulting set."""

import functools
from dataclasses import dataclass, replace

from fencepost.reference import Vault, Verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from small_vaults import TODAY, A, B, acls, after, lets_in, vault

VALUES = ("20.1.0.0/24", "20.1.1.0/24", "20.1.2.0/30", "20.1.3.0/25", "20.1.9.9")


@dataclass(frozen=True)
class Expected:
    """What a history leaves, kept by other means: the rules as plain sets of text."""

    ip_values: frozenset[str] = frozenset()
    subnets: frozenset[str] = frozenset()
    default_action: str = "Deny"
    bypass: str = "None"

    def put(self) -> Vault:
        rules = acls(
            *sorted(self.ip_values),
            subnets=tuple(sorted(self.subnets)),
            default_action=self.default_action,
            bypass=self.bypass,
        )
        return vault(rules, CHOSEN)


CHOSEN = TODAY.with_choices({"duplicates": "reject", "remove-unknown": "reject"})
Step = tuple[str, str]


def step(before: tuple[Vault, Expected], one: Step) -> tuple[Vault, Expected]:
    """One write: what the vault does, and what it must come to."""
    (held, expected), (what, value) = before, one
    ips, subnets = expected.ip_values, expected.subnets
    match what:
        case "defaultAction":
            return after(held.update_rules({what: value})), replace(expected, default_action=value)
        case "bypass":
            return after(held.update_rules({what: value})), replace(expected, bypass=value)
        case "bad":
            write, changed = held.add_ip_rule(value), expected
        case "add" if value in VALUES:
            write, changed = held.add_ip_rule(value), replace(expected, ip_values=ips | {value})
        case "remove" if value in VALUES:
            write, changed = held.remove_ip_rule(value), replace(expected, ip_values=ips - {value})
        case "add":
            write = held.add_virtual_network_rule({"id": value})
            changed = replace(expected, subnets=subnets | {value})
        case _:
            write, changed = held.remove_virtual_network_rule(value), replace(expected, subnets=subnets - {value})
    if changed == expected:  # a bad value, a repetition, or nothing to remove: refused, by clause or by choice
        assert write.verdict is Verdict.REFUSED
        return before
    return after(write), changed


def steps() -> st.SearchStrategy[Step]:
    return st.one_of(
        st.tuples(st.sampled_from(["add", "remove"]), st.sampled_from([*VALUES, A, B])),
        st.tuples(st.just("bad"), st.sampled_from(["10.0.0.1", "20.1.2.3/33", "::1", ""])),
        st.tuples(st.just("defaultAction"), st.sampled_from(["Allow", "Deny"])),
        st.tuples(st.just("bypass"), st.sampled_from(["AzureServices", "None"])),
    )


@settings(deadline=None)
@given(st.lists(steps(), max_size=20))
def test_a_history_comes_to_one_put_of_the_resulting_set(history: list[Step]) -> None:
    start = (vault(acls(), CHOSEN), Expected())
    held, expected = functools.reduce(step, history, start)
    put = expected.put()
    assert (held.rules.default_action, held.rules.bypass) == (put.rules.default_action, put.rules.bypass)
    assert {rule.block for rule in held.rules.ip_rules} == {rule.block for rule in put.rules.ip_rules}
    for address in ("20.1.0.9", "20.1.1.255", "20.1.2.3", "20.1.2.4", "20.1.3.128", "20.1.9.9", "20.1.9.8"):
        assert lets_in(held, address) == lets_in(put, address)
    for subnet in (A, B):
        assert lets_in(held, "10.0.0.4", subnet) == lets_in(put, "10.0.0.4", subnet)
