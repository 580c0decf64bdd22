"""What the catalogue records of a mutant, and the decorator that enters a flaw."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, overload

from fencepost.conformance.mutants.lenient_vault import LenientVault
from fencepost.conformance.mutants.values import PROFILES, Profile
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.wire_vault import WireVault
from fencepost.conformance.mutants.witness import Call, ask, call, put, reset

Direction: TypeAlias = Literal["open", "closed", "both"]
Group: TypeAlias = Literal[
    "address-arithmetic",
    "parsing",
    "rule-list",
    "subnets",
    "services",
    "default-action",
    "credentials",
    "control-plane",
    "limits",
    "validation",
    "state",
    "wire",
]
Witness: TypeAlias = Callable[[Profile], tuple[Call, ...]]

PREVIEW_ONLY = ("keyvault-2018-preview",)
TODAY_ONLY = ("keyvault",)

_FEATURE_OF = {
    "getRules": "read-back",
    "updateRules": "incremental-rules",
    "addIpRule": "incremental-rules",
    "removeIpRule": "incremental-rules",
    "addVirtualNetworkRule": "incremental-rules",
    "removeVirtualNetworkRule": "incremental-rules",
    "setServiceEndpoints": "service-endpoints",
}
_FEATURE_OF_CALLER = {
    "service": "trusted-services",
    "trusted": "trusted-services",
    "authenticated": "caller-credentials",
    "authorized": "caller-credentials",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One flaw: the clause that it breaks, how a programmer makes it, and calls that prove it.

    `clause` is the id of the broken clause; `also` are clauses under which a run may rightly find the flaw too.
    `direction` is *open* if the mutant lets through or accepts too much, *closed* if too little, *both* otherwise;
    *both* includes a flaw that changes no outcome but only status or code. `choice` names an open point if the flaw
    breaks a declared choice only. `witness` gives, for a profile, contract calls from `reset` on. Mutant and `Vault`
    differ in the last answer only. In an `overlapping` mutant the last call is a slow `putRules`. The `decide` before
    it, asked again during that write, gets neither the old nor the new answer. `needs_history` means that only a
    sequence of adds, removes and updates shows the flaw. `says_only` means that no outcome is wrong, but a status or
    code is. `origin` is a public source of the same flaw elsewhere, or None.
    """

    id: str
    clause: str
    also: tuple[str, ...]
    direction: Direction
    group: Group
    story: str
    origin: str | None
    profiles: tuple[str, ...]
    needs_history: bool
    says_only: bool
    overlapping: bool
    choice: str | None
    witness: Witness
    flaw: type[Vault]

    def calls(self, profile: str) -> tuple[Call, ...]:
        """The witness in this profile, from `reset` on."""
        calls = self.witness(PROFILES[profile])
        return calls if calls[0][0] == "reset" else (reset(), *calls)

    def sound(self, profile: str) -> Vault:
        """The vault without the flaw: the one from which the mutant differs."""
        kinds: tuple[type[Vault], ...] = (WireVault, LenientVault, Vault)
        return next(kind for kind in kinds if issubclass(self.flaw, kind))(profile)

    @property
    def outlives_reset(self) -> bool:
        """Whether the witness takes two vaults, one after the other."""
        return any(method == "reset" for method, _ in self.calls(self.profiles[0])[1:])

    def features(self, profile: str) -> frozenset[str]:
        """The features that a subject needs for the witness."""
        needed = {"decision-codes"} if self.says_only else set()
        if self.overlapping:
            needed.add("snapshot-isolation")
        for method, params in self.calls(profile):
            if method in _FEATURE_OF:
                needed.add(_FEATURE_OF[method])
            subnets: Any = params.get("subnets", ())
            if not all(subnet["serviceEndpoints"] for subnet in subnets):
                needed.add("service-endpoints")
            requests: Any = params.get("requests", ())
            needed |= {_FEATURE_OF_CALLER[name] for request in requests for name in request.get("caller", ())}
        return frozenset(needed)

    @property
    def carriable_by_decisions_only(self) -> bool:
        """Whether accepted rule sets and decisions suffice to show it, without refusals, history or reading back."""
        methods = {method for method, _ in self.calls(self.profiles[0])}
        return methods == {"reset", "putRules", "decide"} and self.choice is None and not self._asks_for_refusals()

    def _asks_for_refusals(self) -> bool:
        vault, calls = Vault(self.profiles[0]), self.calls(self.profiles[0])
        for method, params in calls:
            written: Any = params
            if method == "reset":
                vault.reset(subnets=written["subnets"])
            elif method == "putRules" and not vault.put_rules(network_acls=written["networkAcls"])["accepted"]:
                return True
        return calls[-1][0] != "decide"


class Shown(NamedTuple):
    """A faulty vault class, the calls that show its flaw, and where the same flaw was seen elsewhere."""

    flaw: type[Vault]
    witness: Witness
    origin: str | None = None


@overload
def shown_by(witness: Witness, /) -> Callable[[type[Vault]], Shown]: ...
@overload
def shown_by(*calls: Call) -> Callable[[type[Vault]], Shown]: ...
def shown_by(*shown: Call | Witness) -> Callable[[type[Vault]], Shown]:
    """The decorator of a faulty vault class: the calls that show its flaw, or a function from the profile to them."""
    if len(shown) == 1 and callable(shown[0]):
        witness = shown[0]
        return lambda flaw: Shown(flaw, witness)
    calls = tuple(one for one in shown if not callable(one))
    return lambda flaw: Shown(flaw, lambda _: deepcopy(calls))


def seen_in(origin: str) -> Callable[[Shown], Shown]:
    """The decorator that names a public source of the same flaw."""
    return lambda shown: shown._replace(origin=origin)


def writes(*values: object) -> Witness:
    """The witness that puts these IP rules."""
    return lambda _: (put(*values),)


def asks(*values: object, address: str) -> Witness:
    """The witness that puts these IP rules and asks for a caller at the address."""
    return lambda _: (put(*values), ask(call(address)))


@dataclass(frozen=True, slots=True)
class Flaws:
    """Enters the flaws of one group: `@flaw("id", "CLAUSE", "open")` turns a faulty vault class into its `Mutant`.

    The docstring of the class is the mutant's `story`.
    """

    group: Group

    def __call__(
        self,
        name: str,
        clauses: str,
        direction: Direction,
        /,
        *,
        profiles: tuple[str, ...] = tuple(PROFILES),
        needs_history: bool = False,
        says_only: bool = False,
        overlapping: bool = False,
        choice: str | None = None,
    ) -> Callable[[Shown], Mutant]:
        """The decorator; `clauses` are `clause` and then each of `also`, and `Mutant` explains the others."""
        clause, *also = clauses.split()

        def enter(shown: Shown) -> Mutant:
            shown.flaw.title = f"mutant:{name}"
            return Mutant(
                id=name,
                clause=clause,
                also=tuple(also),
                direction=direction,
                group=self.group,
                story=" ".join((shown.flaw.__doc__ or "").split()),
                origin=shown.origin,
                profiles=profiles,
                needs_history=needs_history,
                says_only=says_only,
                overlapping=overlapping,
                choice=choice,
                witness=shown.witness,
                flaw=shown.flaw,
            )

        return enter
