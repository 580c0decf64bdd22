"""A correct vault for flaws that remember something: what they remember ends with the vault."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.vault import Vault


class Stateful(Vault):
    """A vault with state beside its rules: the attributes of a subclass have the class's values in each new vault."""

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault, in which every attribute of the subclass begins anew."""
        for kind in type(self).__mro__:
            if issubclass(kind, Stateful):
                for name in vars(kind):
                    self.__dict__.pop(name, None)
        return super().reset(subnets=subnets)
