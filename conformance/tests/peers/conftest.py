"""Every full peer under every profile, and the stand-alone harness once a module."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from peer_harness import FULL, LIMITS, Child, Vault, open_peer


@pytest.fixture(scope="module")
def harnesses() -> Iterator[dict[str, Child]]:
    with ExitStack() as stack:
        yield {profile: Child(profile, stack) for profile in LIMITS}


@pytest.fixture(params=[(name, profile) for name in FULL for profile in LIMITS], ids="-".join)
def vault(request: pytest.FixtureRequest, harnesses: dict[str, Child]) -> Vault:
    name, profile = request.param
    vault = Vault(open_peer(name, profile, harnesses), profile)
    vault.reset()
    return vault
