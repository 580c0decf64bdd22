"""Flawed implementations, cases that show them, and what is left of such a case when it has been shrunk."""

from collections.abc import Callable

from fencepost.adapters.contract import Decision
from fencepost.conformance.diagnosis.shrink import RATION, RATION_A_CALL, shrink
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.lockstep.case import AskStep, Case, Step, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, compare
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Caller, Network, Request, Subnet, Vault, address_from_text, load_profile

PROFILE = load_profile("keyvault")
Flaw = Callable[[Vault, Request, int], str]
"""What an implementation decides, given the rules in force, the request, and how many writes there have been."""


def right(vault: Vault, request: Request) -> str:
    return vault.decide(request).outcome.value


def last_address_excluded(vault: Vault, request: Request, _: int) -> str:
    rule = vault.rules.ip_rule_at(request.address)
    return "deny" if rule is not None and request.address == rule.block.last else right(vault, request)


def hundred_rules_only(vault: Vault, request: Request, _: int) -> str:
    found = any(request.address in rule.block for rule in vault.rules.ip_rules[:100])
    return right(vault, request) if found else "deny"


def third_write_forgets(vault: Vault, request: Request, writes: int) -> str:
    return "deny" if writes >= 3 else right(vault, request)


def one_rule_only(vault: Vault, request: Request, _: int) -> str:
    rules = vault.rules.ip_rules
    return right(vault, request) if not rules or request.address in rules[0].block else "deny"


class Replayer:
    """Runs cases on a flawed implementation, and counts the contract calls that it takes."""

    def __init__(self, flaw: Flaw) -> None:
        self.calls = 0
        self._flaw = flaw

    def __call__(self, given: Case, like: Mismatch | None = None) -> Mismatch | None:
        self.calls += len(given.steps) + 1
        vault, writes = Vault(profile=PROFILE).reset(given.network), 0
        mismatch: WrongDecision | None = None
        for step in given.steps:
            if isinstance(step, WriteStep):
                vault, writes = apply_write(vault, step).accepted or vault, writes + 1
            elif isinstance(step, AskStep):
                for request in step.requests:
                    got = self._flaw(vault, request, writes)
                    answer = Decision(outcome="allow" if got == "allow" else "deny")
                    _, mismatch = compare(vault, request, answer, with_codes=False)
        return mismatch


def shrunk(given: Case, flaw: Flaw, *, ration: int | None = RATION) -> tuple[Case, Replayer]:
    replayer = Replayer(flaw)
    mismatch = replayer(given)
    assert mismatch is not None
    replayer.calls = 0
    smallest = shrink(Reproduction(case=given, mismatch=mismatch), replayer, ration=ration)
    assert smallest.calls == replayer.calls <= (ration or RATION_A_CALL * len(given.steps))
    assert mismatch.is_like(Replayer(flaw)(smallest.case))
    return smallest.case, replayer


def put(*values: str, **switches: str) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": wire_rules(values, **switches)})


def asked(*addresses: str, caller: Caller | None = None, operation: str = "SecretGet") -> AskStep:
    requests = (
        Request(address=address_from_text(address), caller=caller or Caller(), operation=operation)
        for address in addresses
    )
    return AskStep(requests=tuple(requests))


def values(step: Step) -> list[str]:
    assert isinstance(step, WriteStep)
    acls = step.params["networkAcls"]
    assert isinstance(acls, dict)
    return [entry["value"] for entry in acls["ipRules"]]


SUBNET = "/subscriptions/first/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/first/subnets/s"
OTHER_SUBNET = SUBNET.replace("first", "other")
NEARER_SUBNET = SUBNET.replace("first", "other", 1)
BOTH_ENDPOINTS = ("Microsoft.KeyVault", "Microsoft.Sql")
HOME = Network(subnets=(Subnet(id=SUBNET), Subnet(id=OTHER_SUBNET, service_endpoints=BOTH_ENDPOINTS)))


def put_subnet(subnet: str, **members: object) -> WriteStep:
    acls = {**wire_rules(()), "virtualNetworkRules": [{"id": subnet, **members}]}
    return WriteStep(method="putRules", params={"networkAcls": acls})


def updated(**switches: str) -> WriteStep:
    return WriteStep(method="updateRules", params=switches)


def added(value: str) -> WriteStep:
    return WriteStep(method="addIpRule", params={"value": value})


def asked_from(subnet: str, address: str = "10.0.0.9") -> AskStep:
    return AskStep(requests=(Request(address=address_from_text(address), subnet=subnet),))


def case_of(network: Network, *steps: Step) -> Case:
    return Case(network=network, steps=steps)


NOWHERE = Network()


def always_wrong(case: Case, like: Mismatch | None = None) -> Mismatch | None:
    """The mismatch of an implementation that gives the opposite of every right decision."""
    return Replayer(lambda vault, request, _: "deny" if right(vault, request) == "allow" else "allow")(case)
