"""A vault that remembers its answers until the rules change: right as it stands, and the ground of several flaws."""

from collections.abc import Hashable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault


class Remembering(Vault):
    """A vault that works out each answer of the network once; a flaw forgets a part of the key, or to forget."""

    def install(self, held: Held) -> None:
        """Put a rule set in force and forget the answers of the one before."""
        super().install(held)
        self.forget()

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Switch the endpoints of one subnet and forget the answers given before."""
        result = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        self.forget()
        return result

    def forget(self) -> None:
        """Forget every answer."""
        self.remembered: dict[Hashable, bool] = {}

    def key(self, ask: Ask) -> Hashable:
        """What two requests have in common that get the same answer."""
        return ask.plane, ask.address, ask.subnet, ask.service, ask.trusted

    def network_admits(self, held: Held, ask: Ask) -> bool:
        """The answer as remembered, or else worked out and remembered."""
        key = self.key(ask)
        if key not in self.remembered:
            self.remembered[key] = super().network_admits(held, ask)
        return self.remembered[key]
