"""A toy subject, toy explorations and a toy effort: the engine runs on them in milliseconds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar, Unpack

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.run.campaign import Campaign
from fencepost.reference import Network, Request, address_from_text
from fencepost.reports.model import Clause
from runs import Options, Subject, explored

INSIDE, OTHER, OUTSIDE = (Request(address=address_from_text(text)) for text in ("20.0.0.1", "20.0.0.2", "20.0.0.3"))
"""Callers that the first rule lets in, that the second one lets in, and that no rule does."""

EFFORT = Effort(name="toy", scale=1, writes=200, decisions=2_000)


class ToyVault:
    """A right vault of single addresses and a default action. A test derives one that errs from it."""

    features: ClassVar[tuple[str, ...]] = ("decisions-only", "ip-rules-only", "data-plane-only")

    def __init__(self) -> None:
        self.rules: list[str] = []
        self.default_action = "Allow"

    def describe(self, *, protocol: int) -> dict[str, object]:
        known = {"name": "toy", "version": "1", "profile": "keyvault", "features": list(self.features)}
        return {"protocol": protocol, **known}

    def reset(self, *, subnets: Sequence[object]) -> dict[str, object]:
        assert not subnets
        self.rules, self.default_action = [], "Allow"
        return {}

    def put_rules(self, *, network_acls: Mapping[str, object]) -> dict[str, object]:
        entries = network_acls.get("ipRules", ())
        assert isinstance(entries, Sequence)
        self.rules = [str(entry["value"]) for entry in entries]
        self.default_action = str(network_acls["defaultAction"])
        return {"accepted": True}

    def get_rules(self) -> dict[str, object]:
        listed = [{"value": value} for value in self.rules]
        acls = {"bypass": "None", "defaultAction": self.default_action, "ipRules": listed, "virtualNetworkRules": []}
        return {"networkAcls": acls}

    def decide(self, *, requests: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, object]:
        return {"decisions": [self.outcome(request["source"]["address"]) for request in requests]}

    def outcome(self, address: str) -> str:
        return "allow" if self.default_action == "Allow" or address in self.rules else "deny"


def acls(*addresses: str, default_action: str = "Deny") -> dict[str, object]:
    """A rule set of these addresses."""
    listed = [{"value": address} for address in addresses]
    return {"bypass": "None", "defaultAction": default_action, "ipRules": listed, "virtualNetworkRules": []}


TWO_RULES = acls("20.0.0.1", "20.0.0.2")
CALLERS = (INSIDE, OTHER, OUTSIDE)


def exploration(
    *runs: Callable[[Bench], None], aims: tuple[str, ...] = ("DEC-2", "DEC-3"), name: str = "toy"
) -> Exploration:
    """An exploration that runs these functions as its scenarios, each from a new vault."""

    def scenarios(_: Setting) -> Iterator[Scenario]:
        for run in runs:
            yield Scenario(aims=aims, run=partial(_from_a_new_vault, run))

    return Exploration(name=name, serves=aims, scenarios=scenarios)


def _from_a_new_vault(run: Callable[[Bench], None], bench: Bench) -> None:
    bench.reset(Network())
    run(bench)


def toy_run(subject: Subject, *runs: Callable[[Bench], None], **options: Unpack[Options]) -> Campaign:
    """A run of these scenarios alone, without decoys and at the toy effort unless another one is asked for."""
    defaults: Options = {"effort": EFFORT, "with_decoys": False}
    return explored(subject, exploration(*runs), **(defaults | options))


def row(campaign: Campaign, clause: str) -> Clause:
    """The clause's row in the report."""
    return next(one for one in campaign.report().clauses if one.id == clause)


def under_deny(bench: Bench) -> None:
    """Two rules, and callers inside and outside of them."""
    bench.put(TWO_RULES)
    bench.ask(CALLERS)


def under_allow(bench: Bench) -> None:
    """The same rules asleep."""
    bench.put(acls("20.0.0.1", "20.0.0.2", default_action="Allow"))
    bench.ask(CALLERS)
