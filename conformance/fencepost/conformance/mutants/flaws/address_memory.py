"""Flaws in a cache of what the IP rules answer for an address: it is full, mixes entries up, or outlives a rule."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put, remove, update

flaw = Flaws("state")

_RANGE, _WIDE = "20.0.0.0/24", "20.0.0.0/8"
_CALLERS = [f"20.{1 + index // 250}.{index % 250}.1" for index in range(512)]


class _RememberingAddresses(Vault):
    """A vault that caches for each address whether the IP rules hold it, and clears the cache with every write."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.known: dict[int, bool] = {}

    def address_admits(self, held: Held, ask: Ask) -> bool:
        if ask.address not in self.known:
            self.known[ask.address] = super().address_admits(held, ask)
        return self.known[ask.address]


@flaw("full-memory-refuses", "DEC-17 DEC-2", "closed")
@shown_by(put(_WIDE), ask(*map(call, _CALLERS)), ask(call()))
class _FullMemoryRefuses(_RememberingAddresses):
    """The cache holds 512 addresses; the answer for one more is not stored, and the look-up then finds nothing and
    refuses."""

    def address_admits(self, held: Held, ask: Ask) -> bool:
        has_room = ask.address in self.known or len(self.known) < 512
        return has_room and super().address_admits(held, ask)


@flaw("newcomer-gets-the-answer-of-the-oldest", "DEC-17 DEC-2 DEC-3", "both")
@shown_by(put(_WIDE), ask(*map(call, _CALLERS)), ask(call("90.0.0.7")))
class _NewcomerGetsTheAnswerOfTheOldest(_RememberingAddresses):
    """The cache holds 512 addresses; one more replaces the address of the oldest entry but keeps its answer."""

    def address_admits(self, held: Held, ask: Ask) -> bool:
        if ask.address not in self.known and len(self.known) >= 512:
            self.known[ask.address] = self.known.pop(next(iter(self.known)))
        return super().address_admits(held, ask)


@flaw("removal-under-allow-is-not-noticed", "STA-4 STA-2 STA-6 STA-9", "open", needs_history=True)
@shown_by(put(_RANGE), ask(call()), update(default="Allow"), remove(_RANGE), update(default="Deny"), ask(call()))
class _RemovalUnderAllowIsNotNoticed(_RememberingAddresses):
    """The cache of IP rule answers is cleared when a rule changes, but not when a rule is removed under Allow."""

    keeps = False

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.keeps = False
        return super().reset(subnets=subnets)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        self.keeps = True
        return super().with_switches(held, bypass, default_action)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.keeps = held.default_action == "Allow"
        return super().without_ip_rule(held, rule)

    def install(self, held: Held) -> None:
        known = getattr(self, "known", {})
        super().install(held)
        if self.keeps:
            self.known = known
        self.keeps = False
