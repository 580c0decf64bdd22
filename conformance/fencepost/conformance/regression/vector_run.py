"""Runs vectors against a subject: each test passes, fails, or is skipped where the statement offers too little."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fencepost.adapters.contract import Client, HarnessFault, Statement
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.regression.expectations import first_wrong
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
    """Run every test in order. A harness fault fails its test; the next test begins with `reset` as usual."""
    capabilities = Capabilities.from_statement(statement, profile_of(statement, load_profile(known.profile)))
    for group in known.test_groups:
        missing = [need for need in group.needs if need not in capabilities.abilities]
        # A subject knows trusted services by name or by an attribute: a test of one way says nothing about the other.
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
