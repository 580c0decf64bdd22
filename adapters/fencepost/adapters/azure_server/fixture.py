"""The pytest fixture `fencepost_vault`: a vault on Azure's wire in this process, whose rules a test sets."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from fencepost.adapters.azure.forms import ALL_DEFAULT

if TYPE_CHECKING:
    from fencepost.adapters.azure_server.background import Running

_NOBODY = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}


class AccessToken(NamedTuple):
    """A token as azure-core knows it."""

    token: str
    expires_on: int


class Credential:
    """A credential as azure-core knows it: its principal may do everything in the vault."""

    def __init__(self, server: "Running") -> None:
        self._world = server.server.world

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """A token for the first scope."""
        from fencepost.adapters.azure_server.tokens import LIFETIME
        from fencepost.adapters.azure_server.world import OWNER

        token = self._world.tokens.make(OWNER, scopes[0].removesuffix("/.default"))
        return AccessToken(token=token, expires_on=int(time.time()) + LIFETIME)


class FencepostVault:
    """One vault. Every caller of this machine has the address 127.0.0.1; a new vault lets everybody in."""

    def __init__(self, server: "Running", ca: Path) -> None:
        self._server = server
        (self._slot,) = server.server.world.slots.values()
        self.url = f"https://127.0.0.1:{self._slot.listener.port}"
        self.ca = str(ca)
        self.credential = Credential(server)

    @property
    def requests(self) -> Sequence[str]:
        """A line for each request so far: who called, the operation, the status and the code."""
        return tuple(self._server.log)

    def put_rules(self, network_acls: Mapping[str, object]) -> None:
        """Replace the vault's rules; `ValueError` with the reason where they are refused."""
        from fencepost.adapters.azure_server.vault_bodies import check_acls

        check_acls(network_acls)
        vault = self._slot.vault
        assert vault is not None
        writing = asyncio.run_coroutine_threadsafe(self._slot.write(vault, network_acls), self._server.loop)
        refused = writing.result()
        if refused is not None:
            raise ValueError(f"the rules are refused: {refused.message}")

    def refuse_everybody(self) -> None:
        """Deny, without a rule: 403 `ForbiddenByFirewall` to every caller with a token."""
        self.put_rules(_NOBODY)

    def let_everybody_in(self) -> None:
        """Allow, as in a new vault."""
        self.put_rules(ALL_DEFAULT)


@pytest.fixture
def fencepost_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FencepostVault]:
    """A new vault on Azure's wire, gone after the test."""
    try:
        from fencepost.adapters.azure_server.background import running
        from fencepost.adapters.azure_server.server import Options
    except ImportError as error:
        pytest.fail(f'fencepost_vault needs {error.name}. Try: pip install "fencepost[serve]"', pytrace=False)
    with running(Options(rules=ALL_DEFAULT)) as server:
        ca = tmp_path_factory.mktemp("fencepost") / "ca.pem"
        ca.write_text(server.server.certificates)
        yield FencepostVault(server, ca)
