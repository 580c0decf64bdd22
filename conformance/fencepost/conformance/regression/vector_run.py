"""Runs vectors against a subject: each test passes, fails, or is skipped where the statement offers too little."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fencepost.adapters.contract import Client, HarnessFault, Statement
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.regression.expectations import first_wrong
from fencepost.conformance.regression.needs import abilities
from fencepost.conformance.regression.vector_file import Test, TestGroup, VectorFile
from fencepost.reference import load_profile

State: TypeAlias = Literal["passed", "failed", "not asked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorResult:
    """The result of one test."""

    group: TestGroup
    test: Test
    state: State
    told: str = ""


def run_vectors(known: VectorFile, client: Client, statement: Statement) -> Iterator[VectorResult]:
    """The results of all tests in order. A harness fault fails its test; the next test begins with `reset` as usual."""
    profile = load_profile(known.profile)
    mode = statement.choices.get("trusted-services", profile.choice("trusted-services"))
    capabilities = Capabilities.from_statement(statement, profile.with_choices({"trusted-services": mode}))
    offered = abilities(capabilities)
    for group in known.test_groups:
        missing = [need for need in group.needs if not offered.get(need, False)]
        # A subject recognises trusted services either by name or by attribute, and a test uses one of the two ways.
        if "trusted-services" in group.needs and ("trust-by-attribute" in group.needs) != capabilities.by_attribute:
            missing.append("the other way of telling who is trusted")
        for test in group.tests:
            if missing:
                yield VectorResult(group=group, test=test, state="not asked", told=", ".join(missing))
                continue
            try:
                told = first_wrong(test.calls, client, with_codes=capabilities.codes and capabilities.credentials)
            except HarnessFault as fault:
                told = f"the harness failed: {fault}"
            yield VectorResult(group=group, test=test, state="failed" if told else "passed", told=told or "")
