"""Vaults for `library:` whose run ends in one particular way each, all sound but for the point of their docstring."""

import os
import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.peers import DecisionsOnlyVault, StdlibVault, StdlibVaultUndeclared
from fencepost.reference import load_profile

_TODAYS_SERVICES = load_profile("keyvault").trusted_services


class Undecided(StdlibVault):
    """Says of every control-plane request that it could not be put as asked."""

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request, none on the control plane."""
        decisions = super().decide(requests=requests)["decisions"]
        assert isinstance(decisions, list)
        doubt = {"outcome": "inconclusive", "reason": "the vantage has moved"}
        return {
            "decisions": [
                doubt if request["plane"] == "control" else decision
                for request, decision in zip(requests, decisions, strict=True)
            ]
        }


class Untrue(StdlibVault):
    """Declares to keep rules with host bits set as their network, and refuses them."""

    def describe(self, *, protocol: int, **_: object) -> Mapping[str, object]:
        """The statement with one choice that is not kept to."""
        statement = super().describe(protocol=protocol)
        choices = statement["choices"]
        assert isinstance(choices, Mapping)
        return {**statement, "choices": {**choices, "host-bits": "mask"}}


class _OtherwiseRead(StdlibVault):
    """Reads some texts of rules in whole sets as it should not, and declares the choice that accepts them."""

    choice = ""
    read_as: Mapping[str, str] = MappingProxyType({})

    def describe(self, *, protocol: int, **_: object) -> Mapping[str, object]:
        """The statement with this choice."""
        statement = super().describe(protocol=protocol)
        choices = statement["choices"]
        assert isinstance(choices, Mapping)
        return {**statement, "choices": {**choices, self.choice: "accept"}}

    def put_rules(self, *, network_acls: Mapping[str, object], **_: object) -> Mapping[str, object]:
        """Replace the whole rule set, each of the texts by what it is taken for."""
        entries = network_acls.get("ipRules")
        if isinstance(entries, list) and all(isinstance(entry, Mapping) and "value" in entry for entry in entries):
            network_acls = {**network_acls, "ipRules": [{"value": self._read(entry["value"])} for entry in entries]}
        return super().put_rules(network_acls=network_acls)

    def _read(self, value: object) -> object:
        address, slash, prefix = str(value).partition("/")
        return f"{address}/{self.read_as[prefix]}" if slash and prefix in self.read_as else value


class OtherPrefix(_OtherwiseRead):
    """Reads the prefix 024 as 23, and +24 rightly."""

    choice = "prefix-spelling"
    read_as = MappingProxyType({"024": "23", "+24": "24"})


class WholeOctets(_OtherwiseRead):
    """Reads a netmask as the next that ends with an octet."""

    choice = "netmask-form"
    read_as = MappingProxyType({"255.255.255.0": "24", "255.255.128.0": "24"})


class WholeHostOctets(_OtherwiseRead):
    """Reads a host mask as the next that ends with an octet."""

    choice = "hostmask-form"
    read_as = MappingProxyType({"0.0.0.255": "24", "0.0.127.255": "24"})


class CutOffLog(Vault):
    """Cuts its log off after 64 changes, and with it what the endpoints of subnets had become since `reset`."""

    changes = 0
    first: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def __init__(self) -> None:
        super().__init__("keyvault")

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault in this network."""
        answer = super().reset(subnets=subnets)
        self.first, self.changes = {**self.network}, 0
        return answer

    def install(self, held: Held) -> None:
        """Put the rules in force."""
        super().install(held)
        self.changes += 1
        if self.changes == 64:
            self.network = {**self.first}


class EachWriteForItself(StdlibVaultUndeclared):
    """Refuses the removal of an unknown IP rule, ignores that of an unknown subnet's rule, and declares neither."""

    def remove_virtual_network_rule(self, *, id: object, **_: object) -> Mapping[str, object]:  # noqa: A002
        """Remove every rule for this subnet, if there is one; a refusal for another reason stays."""
        answer = super().remove_virtual_network_rule(id=id)
        acls = self.get_rules()["networkAcls"]
        assert isinstance(acls, Mapping)
        is_there = any(str(rule["id"]).lower() == str(id).lower() for rule in acls["virtualNetworkRules"])
        return answer if is_there else {"accepted": True}


class Raising(StdlibVault):
    """Raises where its rules are read."""

    def get_rules(self, **_: object) -> Mapping[str, object]:
        """Nothing."""
        raise OSError("the disk is gone\x1b[31m")


class Boastful(StdlibVault):
    """Promises a feature that nobody knows."""

    def describe(self, *, protocol: int, **_: object) -> Mapping[str, object]:
        """The statement with one feature more."""
        statement = super().describe(protocol=protocol)
        features = statement["features"]
        assert isinstance(features, Sequence)
        return {**statement, "features": [*features, "time-travel"]}


class CoinToss(StdlibVault):
    """Answers by chance: one decision in `ODD_VAULT` is the opposite of the sound one, by the dice of `ODD_SEED`."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(os.environ.get("ODD_SEED", "0"))
        self._one_in = float(os.environ.get("ODD_VAULT", "2"))

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request."""
        decisions = super().decide(requests=requests)["decisions"]
        assert isinstance(decisions, list)
        return {"decisions": [self._tossed(decision) for decision in decisions]}

    def _tossed(self, decision: Mapping[str, object]) -> Mapping[str, object]:
        if self._random.random() * self._one_in >= 1:
            return decision
        if decision["outcome"] == "deny":
            return {"outcome": "allow"}
        return {"outcome": "deny", "status": 403, "code": "ForbiddenByFirewall"}


class FirstOfMany(StdlibVault):
    """Answers the first request of a call wrongly where more than 32 come in it."""

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request."""
        decisions = super().decide(requests=requests)["decisions"]
        assert isinstance(decisions, list)
        if len(decisions) > 32:
            decisions[0] = {"outcome": "allow" if decisions[0]["outcome"] == "deny" else "deny"}
        return {"decisions": decisions}


class InOtherOrder(StdlibVault):
    """Answers the requests of a call in the order of their addresses."""

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request, seldom its own."""
        return super().decide(requests=sorted(requests, key=lambda request: str(request["source"])))


class OpenDoor(DecisionsOnlyVault):
    """Lets everybody in."""

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request."""
        return {"decisions": [{"outcome": "allow"} for _ in requests]}


class ByScenario(StdlibVault):
    """Trusts today's services by name, each for one operation only: which ones, the documentation does not say."""

    def describe(self, *, protocol: int, **_: object) -> Mapping[str, object]:
        """The statement with these two choices."""
        statement = super().describe(protocol=protocol)
        choices = statement["choices"]
        assert isinstance(choices, Mapping)
        return {**statement, "choices": {**choices, "trusted-services": "list", "trusted-scenarios": "scenario"}}

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request."""
        return super().decide(requests=[_by_scenario(request) for request in requests])


def _by_scenario(request: Mapping[str, object]) -> Mapping[str, object]:
    caller = request.get("caller") or {}
    assert isinstance(caller, Mapping)
    is_trusted = caller.get("service") in _TODAYS_SERVICES and request["operation"] == "SecretGet"
    return {**request, "caller": {**caller, "trusted": is_trusted}} if caller.get("service") else request


class Leaving(StdlibVault):
    """Ends its process, with exit status 0, at the first decision."""

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """No answer."""
        os._exit(0)


class Wandering(StdlibVault):
    """Changes the working directory at each decision."""

    def decide(self, *, requests: Sequence[Mapping[str, object]], **_: object) -> Mapping[str, object]:
        """One decision a request."""
        os.chdir("/")
        return super().decide(requests=requests)
