"""Baseline suites: three simpler suites that a user might write, each judged by comparison with the reference."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_network
from typing import cast

from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.strength.vectors import vectors
from fencepost.reference import Network, Profile, Request
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One baseline suite: its name, a short description, and the cases that it asks any subject.

    `cases` takes the profile, a seed and the allowed number of decisions, and stops after that number.
    """

    name: str
    says: str
    cases: Callable[[Profile, int, int], Iterator[Case]]


def _addresses() -> st.SearchStrategy[IPv4Address]:
    return cast("st.SearchStrategy[IPv4Address]", st.ip_addresses(v=4))


def _ranges() -> st.SearchStrategy[str]:
    """An address and a prefix length drawn independently, with the host bits cleared."""
    return st.builds(lambda one, prefix: str(ip_network((one, prefix), strict=False)), _addresses(), st.integers(0, 32))


def _rules(most: int) -> st.SearchStrategy[tuple[list[str], str]]:
    """One to `most` ranges and a default action."""
    return st.tuples(st.lists(_ranges(), min_size=1, max_size=most), st.sampled_from(("Deny", "Deny", "Allow")))


def _anywhere() -> st.SearchStrategy[tuple[list[str], str, int]]:
    return st.builds(lambda rules, source: (*rules, int(source)), _rules(1), _addresses())


def _inside() -> st.SearchStrategy[tuple[list[str], str, int]]:
    """A source address inside one of the rules, or, one time in three, anywhere."""

    def sources(rules: tuple[list[str], str]) -> st.SearchStrategy[tuple[list[str], str, int]]:
        in_rule = st.sampled_from(rules[0]).flatmap(_source_in)
        source = st.one_of(in_rule, in_rule, st.builds(int, _addresses()))
        return source.map(lambda address: (*rules, address))

    return _rules(3).flatmap(sources)


def _source_in(value: str) -> st.SearchStrategy[int]:
    block = ip_network(value)
    return st.integers(int(block[0]), int(block[-1]))


def _drawn(
    examples: st.SearchStrategy[tuple[list[str], str, int]],
) -> Callable[[Profile, int, int], Iterator[Case]]:
    """One rule set and one request for each example, drawn by Hypothesis as in a property test."""

    def cases(_: Profile, seed: int, decisions: int) -> Iterator[Case]:
        drawn: list[tuple[list[str], str, int]] = []

        @seeded(seed)
        @settings(
            max_examples=decisions,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(examples)
        def draw(example: tuple[list[str], str, int]) -> None:
            drawn.append(example)

        draw()
        for values, default_action, address in drawn[:decisions]:
            acls = wire_rules(values, default_action=default_action)
            put = WriteStep(method="putRules", params={"networkAcls": acls})
            yield Case(network=Network(), steps=(put, AskStep(requests=(Request(address=address),))))

    return cases


def _fixed(profile: Profile, _: int, decisions: int) -> Iterator[Case]:
    asked = 0
    for case in vectors(profile):
        asked += sum(len(step.requests) for step in case.steps if isinstance(step, AskStep))
        if asked > decisions:
            return
        yield case


ARMS: Mapping[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm(
            name="naive",
            says="Hypothesis: ip_addresses(v=4), a prefix and a source drawn independently",
            cases=_drawn(_anywhere()),
        ),
        Arm(name="inside", says="Hypothesis: the source drawn inside one of the rules", cases=_drawn(_inside())),
        Arm(name="vectors", says="a fixed set of vectors, written by hand", cases=_fixed),
    )
}
"""The baseline suites by name."""
