"""Ranges with host bits are written often where a statement declares that they are masked, and else seldom."""

import pytest
from fencepost.conformance.capabilities import Ability, Capabilities
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, Vault, load_profile
from shrunk_cases import values

RANGES = [f"20.{n}.0.0/16" for n in range(96)]


@pytest.mark.parametrize(("is_declared", "fewest", "most"), [(True, 24, 48), (False, 1, 8)])
def test_an_answer_that_only_a_probe_has_found_puts_host_bits_into_few_ranges(
    is_declared: bool, fewest: int, most: int
) -> None:
    vault = Vault(profile=load_profile("keyvault").with_choices({"host-bits": "mask"})).reset(Network())
    capabilities = Capabilities(abilities=frozenset(Ability), masks_host_bits=is_declared)
    written = as_offered(WriteStep(method="putRules", params={"networkAcls": wire_rules(RANGES)}), vault, capabilities)
    assert written is not None
    assert fewest <= sum(text != plain for text, plain in zip(values(written), RANGES, strict=True)) <= most
