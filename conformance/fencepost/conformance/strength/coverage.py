"""What a run asks for, watched from outside: range edges by prefix length, and every two factors together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

from fencepost.adapters.contract import Connection, JsonObject
from fencepost.conformance.case import WriteStep, apply_write, is_private
from fencepost.conformance.relevance import LOOK_ALIKE_OPERATIONS, PLAIN_OPERATION
from fencepost.conformance.wire import network_from_wire, request_from_wire
from fencepost.reference import (
    Caller,
    Decision,
    DefaultAction,
    Outcome,
    Plane,
    Profile,
    Request,
    RuleSet,
    Vault,
    load_profile,
)

EDGES = ("the address before", "the first", "the last", "the address after")
PREFIXES = (*range(3, 31), 32)
"""The prefix lengths of ranges that every profile accepts."""

FACTORS: Mapping[str, tuple[str, ...]] = {
    "plane": ("data", "control"),
    "operation": ("plain", "look-alike", "other", "control"),
    "default action": ("Allow", "Deny"),
    "bypass": ("AzureServices", "None"),
    "IP rules": ("none", "one", "several"),
    "address": ("in a rule", "beside a rule", "elsewhere", "private"),
    "subnet": ("none", "listed", "not listed", "listed, endpoint off", "not listed, endpoint off"),
    "service": ("none", "trusted", "not trusted"),
    "credentials": ("both", "no token", "no permission", "neither"),
}
"""What a request and the rules in force can differ in, and the values that count as different."""

Levels = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Cells covered of cells that there are; `missing` names those that were never asked."""

    covered: int
    of: int
    missing: tuple[str, ...]

    @classmethod
    def from_cells(cls, cells: Iterable[str], seen: frozenset[str]) -> "Coverage":
        """How many of the cells were seen."""
        known = tuple(cells)
        missing = tuple(cell for cell in known if cell not in seen)
        return cls(covered=len(known) - len(missing), of=len(known), missing=missing)


@dataclass(slots=True)
class Watch:
    """A connection that hands every call on, and keeps a reference's vault beside it to see what each request meets."""

    connection: Connection
    vault: Vault = field(default_factory=lambda: Vault(profile=load_profile("keyvault")))
    edges: set[tuple[int, str]] = field(default_factory=set)
    met: set[Levels] = field(default_factory=set)
    configurations: int = 0
    _places: tuple[RuleSet | None, dict[int, list[tuple[int, str]]]] = (None, {})

    @property
    def exclusive(self) -> bool:
        """As the subject's own."""
        return self.connection.exclusive

    def take_profile(self, profile: Profile) -> None:
        """Go by this profile from the next `reset` on."""
        self.vault = Vault(profile=profile)

    def call(self, method: str, params: JsonObject) -> object:
        """Hand the call on, then take note of it."""
        answer = self.connection.call(method, params)
        match method, params, answer:
            case "reset", {"subnets": list(subnets)}, _:
                self.vault = self.vault.reset(network_from_wire(subnets))
            case "setServiceEndpoints", {"subnet": str(subnet), "serviceEndpoints": list(endpoints)}, _:
                self.vault = self.vault.set_service_endpoints(subnet, endpoints)
            case "decide", {"requests": list(requests)}, _:
                for request in requests:
                    self._note(request_from_wire(request))
            case _, _, {"accepted": True}:
                accepted = apply_write(self.vault, WriteStep(method=method, params=params)).accepted
                self.vault = accepted or self.vault
        return answer

    def log(self) -> str:
        """The subject's own."""
        return self.connection.log()

    def close(self) -> None:
        """Close the subject's own."""
        self.connection.close()

    def edge_coverage(self) -> Coverage:
        """Each prefix length with each of its four edges, asked where that rule alone settles the answer."""
        cells = ((prefix, edge) for prefix in PREFIXES for edge in EDGES if prefix != 32 or edge != "the last")
        seen = frozenset(f"/{prefix}: {edge}" for prefix, edge in self.edges)
        return Coverage.from_cells((f"/{prefix}: {edge}" for prefix, edge in cells), seen)

    def pair_coverage(self) -> Coverage:
        """Each two factors with each two of their values that can come together."""
        seen = frozenset(pair for levels in self.met for pair in pairs_of(levels))
        possible = dict.fromkeys(pair for levels in _possible() for pair in pairs_of(levels))
        return Coverage.from_cells(possible, seen)

    def _note(self, request: Request) -> None:
        vault, places = self.vault, self._edges_now()
        decision = vault.decide(request)
        near = places.get(request.address, ())
        self.met.add(factor_levels(request, vault, is_near=bool(near)))
        is_plain = request.plane is Plane.DATA and request.caller == Caller() and request.subnet is None
        if is_plain and vault.rules.default_action is DefaultAction.DENY:
            self.edges |= {(prefix, edge) for prefix, edge in near if _settles(decision, edge, prefix)}

    def _edges_now(self) -> dict[int, list[tuple[int, str]]]:
        rules = self.vault.rules
        if self._places[0] is not rules:
            found: dict[int, list[tuple[int, str]]] = {}
            for rule in rules.ip_rules:
                first, last = rule.block.first, rule.block.last
                prefix = 33 - (last - first + 1).bit_length()
                for edge, address in zip(EDGES, (first - 1, first, last, last + 1), strict=True):
                    found.setdefault(address, []).append((prefix, edge))
            self._places = (rules, found)
        return self._places[1]


def _settles(decision: Decision, edge: str, prefix: int) -> bool:
    """Whether the answer at this edge is owed to this range and to no other."""
    if edge.startswith("the address"):
        return decision.outcome is Outcome.DENY
    rule = decision.rule
    block = getattr(rule, "block", None)
    return (
        decision.outcome is Outcome.ALLOW and block is not None and block.last - block.first + 1 == 2 ** (32 - prefix)
    )


def factor_levels(request: Request, vault: Vault, *, is_near: bool) -> Levels:
    """The value of each factor for a request under a vault's rules; `is_near` where its address is an edge of one."""
    rules, caller = vault.rules, request.caller
    count = len(rules.ip_rules)
    return (
        request.plane.value,
        _operation(request),
        rules.default_action.value,
        rules.bypass.value,
        "none" if not count else "one" if count == 1 else "several",
        _address(request.address, rules, is_near=is_near),
        _subnet(request.subnet, vault),
        "none" if caller.service is None and caller.trusted is None else _service(caller, vault.profile),
        {(True, True): "both", (False, True): "no token", (True, False): "no permission"}.get(
            (caller.authenticated, caller.authorized), "neither"
        ),
    )


def _operation(request: Request) -> str:
    if request.plane is Plane.CONTROL:
        return "control"
    if request.operation == PLAIN_OPERATION:
        return "plain"
    return "look-alike" if request.operation in LOOK_ALIKE_OPERATIONS else "other"


def _address(address: int, rules: RuleSet, *, is_near: bool) -> str:
    if is_private(address):
        return "private"
    if rules.ip_rule_at(address) is not None:
        return "in a rule"
    return "beside a rule" if is_near else "elsewhere"


def _subnet(subnet: str | None, vault: Vault) -> str:
    if subnet is None:
        return "none"
    listed = "listed" if vault.rules.rule_for_subnet(subnet) is not None else "not listed"
    return listed if vault.network.has_endpoint(subnet) else f"{listed}, endpoint off"


def _service(caller: Caller, profile: Profile) -> str:
    by_name = caller.service in profile.trusted_services
    trusted = caller.trusted is True if profile.choice("trusted-services") == "attribute" else by_name
    return "trusted" if trusted else "not trusted"


def _possible() -> Iterator[Levels]:
    """Every combination of values that the contract and the meaning of the factors allow."""
    for levels in product(*FACTORS.values()):
        plane, operation, _, _, count, address, subnet, _, _ = levels
        if (plane == "control") != (operation == "control"):
            continue
        if count == "none" and address in ("in a rule", "beside a rule"):
            continue
        if subnet != "none" and (address == "private") == subnet.endswith("off"):
            continue  # a subnet's caller shows its private address exactly while its endpoint is on
        yield levels


def pairs_of(levels: Levels) -> Iterator[str]:
    """Every two factors with the values that they have together."""
    named = zip(FACTORS, levels, strict=True)
    return (f"{one}={value}, {other}={level}" for (one, value), (other, level) in combinations(named, 2))
