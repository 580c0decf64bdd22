"""Runs vectors against a subject: each test passes, fails, or is skipped where the statement offers too little."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fencepost.adapters.contract import Client, HarnessFault, Statement
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.regression.expectations import first_wrong
from fencepost.conformance.regression.vector_file import Test, TestGroup, VectorFile
from fencepost.reference import load_profile

_SHOWN_BY: Mapping[str, tuple[str, str]] = {
    "private-superset=accept": ("128.0.0.0/1", ""),
    "reserved-ranges=accept": ("64.0.0.0/2", ""),
    "prefix-31=accept": ("80.0.0.0/31", ""),
    "prefix-0=accept": ("0.0.0.0/0", ""),
    "superset-matches-private=yes": ("64.0.0.0/2", "100.64.0.1"),
}
"""The range that a subject with this choice accepts, and an address in it that it lets in then."""

State: TypeAlias = Literal["passed", "failed", "not asked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorResult:
    """The result of one test."""

    group: TestGroup
    test: Test
    state: State
    reason: str = ""


def run_vectors(known: VectorFile, client: Client, statement: Statement) -> Iterator[VectorResult]:
    """Run every test in order. A harness fault fails its test; the next test begins with `reset` as usual."""
    capabilities = Capabilities.from_statement(statement, profile_of(statement, load_profile(known.profile)))
    choices = {f"{key}={answer}" for key, answer in statement.choices.items()}
    choices |= {need for need in _needed_choices(known) if _has_chosen(need, client, statement)}
    for group in known.test_groups:
        missing = [need for need in group.needs if need not in capabilities.abilities and need not in choices]
        # A subject knows trusted services by name or by an attribute: a test of one way says nothing about the other.
        if "trusted-services" in group.needs and ("trust-by-attribute" in group.needs) != capabilities.by_attribute:
            missing.append("the other way of telling who is trusted")
        for test in group.tests:
            if missing:
                yield VectorResult(group=group, test=test, state="not asked", reason=", ".join(missing))
                continue
            try:
                reason = first_wrong(test.calls, client, with_codes=capabilities.codes and capabilities.credentials)
            except HarnessFault as fault:
                reason = f"the harness failed: {fault}"
            yield VectorResult(group=group, test=test, state="failed" if reason else "passed", reason=reason or "")


def _needed_choices(known: VectorFile) -> tuple[str, ...]:
    """The choices that tests need, as `KEY=ANSWER`."""
    return tuple(dict.fromkeys(need for group in known.test_groups for need in group.needs if "=" in need))


def _has_chosen(need: str, client: Client, statement: Statement) -> bool:
    """Whether a subject that has declared nothing of this point answers as by this choice."""
    value, address = _SHOWN_BY.get(need, ("", ""))
    if not value or need.partition("=")[0] in statement.choices:
        return False
    source = {"plane": "data", "operation": "SecretGet", "source": {"address": address}}
    try:
        client.connection.call("reset", {"subnets": []})
        is_accepted = client.write("putRules", {"networkAcls": wire_rules([value])}).is_accepted
        return is_accepted and (not address or client.decide([source])[0].outcome == "allow")
    except HarnessFault:
        return False
