"""Vaults for `library:` that keep something over `reset`, each sound but for what its docstring names."""

import os
import random
from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault


class Leaking(Vault):
    """Keeps of the rules before what `kept` says. `LEAKING_WITHOUT` names features that it is not to declare,
    and `LEAKING_PROFILE` the profile that it claims.
    """

    held = Held()
    title = "leaking"

    def __init__(self) -> None:
        """A vault of the claimed profile."""
        super().__init__(os.environ.get("LEAKING_PROFILE", "keyvault-2018-preview"))

    def describe(self, *, protocol: int) -> JsonObject:
        """The statement without the features that are not wanted."""
        statement = super().describe(protocol=protocol)
        features = statement["features"]
        assert isinstance(features, Sequence)
        unwanted = os.environ.get("LEAKING_WITHOUT", "").split()
        return {**statement, "features": [one for one in features if one not in unwanted]}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault, but for what is kept."""
        before = self.held
        answer = super().reset(subnets=subnets)
        self.install(self.kept(before, self.held))
        return answer

    def kept(self, before: Held, new: Held) -> Held:
        """The rules in force in a new vault."""
        del before
        return new


class KeepsDefaultAction(Leaking):
    """The default action."""

    def kept(self, before: Held, new: Held) -> Held:
        """With the old default action."""
        return new._replace(default_action=before.default_action)


class KeepsBypass(Leaking):
    """The bypass."""

    def kept(self, before: Held, new: Held) -> Held:
        """With the old bypass."""
        return new._replace(bypass=before.bypass)


class KeepsSubnetRules(Leaking):
    """The virtual network rules."""

    def kept(self, before: Held, new: Held) -> Held:
        """With the old subnets' rules."""
        return new._replace(subnet_rules=before.subnet_rules)


class KeepsInTheSameNetwork(Leaking):
    """Everything, where the network is the same."""

    _subnets: Sequence[JsonObject] | None = None

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault only in another network."""
        if subnets == self._subnets:
            for subnet in subnets:
                self.connect(str(subnet["id"]), subnet["serviceEndpoints"])
            return {}
        self._subnets = subnets
        return super().reset(subnets=subnets)


class RemembersAnswers(Leaking, Remembering):
    """The answers, which are forgotten when rules are written, and only then."""

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault that answers as it did."""
        remembered = getattr(self, "remembered", {})
        answer = super().reset(subnets=subnets)
        self.remembered = remembered
        return answer


class UnsteadyWhenNew(Leaking):
    """Nothing; but as long as nothing has been written to it, it tosses a coin, by the dice of `ODD_SEED`."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(os.environ.get("ODD_SEED", "0"))

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision a request."""
        answer = super().decide(requests=requests)
        if self.held != Held():
            return answer
        decisions = answer["decisions"]
        assert isinstance(decisions, Sequence)
        deny = {"outcome": "deny", "status": 403, "code": "ForbiddenByFirewall"}
        return {"decisions": [one if self._random.random() < 0.5 else deny for one in decisions]}
