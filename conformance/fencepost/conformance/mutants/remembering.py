"""A correct vault that caches its answers until the rules change; several flaws derive from it."""

from collections.abc import Hashable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault


class Remembering(Vault):
    """A vault that caches the network's answers; a flaw leaves out a part of the key, or does not clear the cache."""

    def install(self, held: Held) -> None:
        """Put a rule set in force and clear the cache."""
        super().install(held)
        self.forget()

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Set the endpoints of one subnet and clear the cache."""
        result = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        self.forget()
        return result

    def forget(self) -> None:
        """Clear the cache."""
        self.remembered: dict[Hashable, bool] = {}

    def key(self, ask: Ask) -> Hashable:
        """The cache key of a request: requests with equal keys get the same answer."""
        return ask.plane, ask.address, ask.subnet, ask.service, ask.trusted

    def network_admits(self, held: Held, ask: Ask) -> bool:
        """The cached answer; if there is none, the answer is worked out and cached."""
        key = self.key(ask)
        if key not in self.remembered:
            self.remembered[key] = super().network_admits(held, ask)
        return self.remembered[key]
