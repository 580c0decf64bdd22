"""Changes: single steps of a history, the state from which they are generated, and the requests about them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate import blocks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep
from fencepost.reference import Block, IpRule, Profile, Request, Vault, is_clear

_SMALLEST_RANGE = 4
_WATCHED_RULES, _WATCHED_SUBNETS, _REMEMBERED = 12, 10, 8
_INSIDE = (10 << 24) + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A step of a history: the rules concerned, the clause that a wrong answer breaks, the clauses exercised."""

    step: WriteStep | EndpointsStep
    addresses: tuple[int, ...] = ()
    subnets: tuple[str, ...] = ()
    aim: str = "STA-2"
    clauses: tuple[str, ...] = ("STA-2",)


@dataclass(slots=True)
class GeneratorState:
    """The state from which changes are generated: the random numbers, the capabilities, and the vault at each moment.

    `removed` has an address of every rule that was removed, the latest last.
    """

    random: Random
    capabilities: Capabilities
    now: Callable[[], Vault]
    removed: list[int] = field(default_factory=list)

    @property
    def vault(self) -> Vault:
        """The vault in its present state."""
        return self.now()

    @property
    def ip_rules(self) -> tuple[IpRule, ...]:
        """The IP rules in force."""
        return self.vault.rules.ip_rules

    @property
    def uncovered(self) -> list[IpRule]:
        """The IP rules in force whose removal would show: no other rule contains both ends. All where there is none."""
        held = self.ip_rules
        found = [
            rule
            for rule in held
            if not all(
                any(end in other.block for other in held if other is not rule)
                for end in (rule.block.first, rule.block.last)
            )
        ]
        return found or list(held)

    @property
    def listed(self) -> list[str]:
        """The subnets of rules, as the rules spell them."""
        return [rule.id for rule in self.vault.rules.virtual_network_rules]

    @property
    def unlisted(self) -> list[str]:
        """The subnets of the network without a rule, their endpoint on."""
        vault = self.vault
        return [
            subnet.id
            for subnet in vault.network.subnets
            if vault.network.has_endpoint(subnet.id) and vault.rules.rule_for_subnet(subnet.id) is None
        ]

    @property
    def single_as_slash_32(self) -> bool:
        """Whether a bare address and its /32 are one rule."""
        return self.vault.profile.prefix_32 == "accept"


def put(acls: JsonObject, vault: Vault) -> Change:
    """Replace the whole set; the change concerns what was in force."""
    addresses = tuple(rule.block.first for rule in vault.rules.ip_rules[:6])
    step = WriteStep(method="putRules", params={"networkAcls": acls})
    return Change(step=step, addresses=addresses, clauses=("STA-1",))


def add(state: GeneratorState, block: Block, **kinds: object) -> Change:
    """Add an IP rule; a single address sometimes as its /32, if that is the same rule."""
    value = blocks.text(block, state.random, slash_32=state.single_as_slash_32)
    step = WriteStep(method="addIpRule", params={"value": value})
    return _with(Change(step=step, addresses=edges(block)), kinds)


def remove(state: GeneratorState, rule: IpRule, *, spelled: str | None = None, **kinds: object) -> Change:
    """Remove an IP rule."""
    state.removed.append(rule.block.last)
    step = WriteStep(method="removeIpRule", params={"value": spelled or rule.text})
    return _with(Change(step=step, addresses=edges(rule.block)), kinds)


def add_subnet(subnet: str, **kinds: object) -> Change:
    """Add a virtual network rule."""
    step = WriteStep(method="addVirtualNetworkRule", params={"id": subnet})
    return _with(Change(step=step, subnets=(subnet,)), kinds)


def remove_subnet(subnet: str, *, spelled: str | None = None, **kinds: object) -> Change:
    """Remove a virtual network rule."""
    step = WriteStep(method="removeVirtualNetworkRule", params={"id": spelled or subnet})
    return _with(Change(step=step, subnets=(subnet,)), kinds)


def call(method: str, **params: object) -> Change:
    """A single write, whatever its answer."""
    return Change(step=WriteStep(method=method, params=params))


def set_endpoints(subnet: str, endpoints: Sequence[str]) -> Change:
    """Give a subnet these service endpoints."""
    step = EndpointsStep(subnet=subnet, service_endpoints=tuple(endpoints))
    return Change(step=step, subnets=(subnet,), clauses=("STA-10",))


def update(**switches: str) -> Change:
    """Update one switch, or both."""
    return Change(step=WriteStep(method="updateRules", params=switches))


def _with(change: Change, kinds: Mapping[str, object]) -> Change:
    aim, clauses = kinds.get("aim", change.aim), kinds.get("clauses", change.clauses)
    assert isinstance(aim, str)
    assert isinstance(clauses, tuple)
    return replace(change, aim=aim, clauses=clauses)


def other_spelling(value: str, profile: Profile) -> str:
    """Another text of the same rule: a bare address for its /32 or the reverse, if both are one rule."""
    if profile.prefix_32 != "accept" or ("/" in value and not value.endswith("/32")):
        return value
    return value.removesuffix("/32") if value.endswith("/32") else f"{value}/32"


def new_block(state: GeneratorState, *candidates: Block) -> Block:
    """The first candidate that can be added as a rule of its own, or any other such block."""
    for block in (*candidates, *(blocks.block(state.random, blocks.prefix(state.random)) for _ in range(20))):
        if is_new(state, block):
            return block
    return next(block for block in (Block(at, at) for at in range(21 << 24, 22 << 24)) if is_new(state, block))


def is_new(state: GeneratorState, block: Block) -> bool:
    """Whether the block is a plain rule that is not present."""
    size = block.last - block.first + 1
    is_plain = (size == 1 or size >= _SMALLEST_RANGE) and block.first % size == 0 and size <= 2**29
    return is_plain and is_clear(block) and all(rule.block != block for rule in state.ip_rules)


# -- requests about a step ---------------------------------------------------------------------------------------------


def requests_about(state: GeneratorState, addresses: Iterable[int], subnets: Iterable[str]) -> list[Request]:
    """Callers at these addresses and in these subnets, with the addresses that they show now."""
    return [*(Request(address=one) for one in addresses), *(_from_subnet(state, one) for one in subnets)]


def _from_subnet(state: GeneratorState, subnet: str) -> Request:
    vault = state.vault
    if vault.network.has_endpoint(subnet):
        return Request(address=_INSIDE, subnet=subnet)
    return Request(address=requests.outside(state.random, vault.rules), subnet=subnet)


def watched(state: GeneratorState) -> list[Request]:
    """A caller of each rule in force, or of a few; of a rule removed lately; of the subnets."""
    vault = state.vault
    rules = state.random.sample(vault.rules.ip_rules, min(_WATCHED_RULES, len(vault.rules.ip_rules)))
    subnets = [subnet.id for subnet in vault.network.subnets]
    if len(subnets) > _WATCHED_SUBNETS:
        subnets = state.random.sample(subnets, _WATCHED_SUBNETS)
    addresses = [*(rule.block.last for rule in rules), *state.removed[-_REMEMBERED:]]
    return requests_about(state, dict.fromkeys(addresses), subnets)
