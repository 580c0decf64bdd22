"""A vault in memory: each state is an immutable value, each write makes the next state, and a reader keeps its own."""

import threading
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import ClassVar, Generic, TypeVar

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.peer import ABSENT, Peer, Question, Refused, as_list, as_object
from fencepost.conformance.peers.profiles import KEYVAULT

ENDPOINT = "Microsoft.KeyVault"
_PAIRS = ("subscriptions", "resourcegroups", "providers", "virtualnetworks", "subnets", "microsoft.network")

R = TypeVar("R", bound=Hashable)
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetRule:
    """A virtual network rule; two rules are equal if their ids differ in case only."""

    key: str
    id: str = field(compare=False)
    ignores_missing: bool = field(compare=False)
    backed: bool = field(compare=False)
    """Whether the subnet had its endpoint at any time since the rule was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Generic[R]):
    """The state of one vault in one network at one moment."""

    bypass: str
    default_action: str
    ip_rules: tuple[R, ...] = ()
    subnet_rules: tuple[SubnetRule, ...] = ()
    endpoints: Mapping[str, bool] = field(default_factory=dict)


class MemoryVault(Peer, Generic[R]):
    """The state of a vault and its writes; a subclass reads, spells and matches IP rules of its type `R`."""

    first_action: ClassVar[str] = "Allow"
    """The default action of a new vault."""

    def __init__(self, *, profile: str = KEYVAULT.name, declare: bool | None = None) -> None:
        super().__init__(profile=profile, declare=declare)
        self._lock = threading.Lock()
        self._state: State[R] = self._new()
        self._compiled: tuple[tuple[R, ...], Callable[[str], bool]] = ((), lambda _: False)

    @abstractmethod
    def _read_rule(self, value: object) -> R:
        """The rule with this value; `Refused` if no rule with it may be added."""

    @abstractmethod
    def _spell_rule(self, rule: R) -> str:
        """The rule as `getRules` shows it."""

    @abstractmethod
    def _matcher(self, rules: tuple[R, ...]) -> Callable[[str], bool]:
        """A test whether an address is in one of the rules."""

    # -- the network ---------------------------------------------------------------------------------------------------

    def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
        """A new vault without rules, in a network of exactly these subnets."""
        endpoints = {
            str(subnet["id"]).lower(): ENDPOINT in as_list(subnet.get("serviceEndpoints", [])) for subnet in subnets
        }
        with self._lock:
            self._state = replace(self._new(), endpoints=MappingProxyType(endpoints))
        return {}

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str], **_: object) -> JsonObject:
        """Set the endpoints of a subnet; `LookupError` if the network has no such subnet."""
        key, enabled = subnet.lower(), ENDPOINT in service_endpoints
        with self._lock:
            state = self._state
            if key not in state.endpoints:
                raise LookupError(f"no subnet {subnet!r} in this network")
            rules = tuple(replace(r, backed=True) if enabled and r.key == key else r for r in state.subnet_rules)
            endpoints = MappingProxyType({**state.endpoints, key: enabled})
            self._state = replace(state, subnet_rules=rules, endpoints=endpoints)
        return {}

    # -- writes --------------------------------------------------------------------------------------------------------

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        """Replace the whole rule set."""
        return self._write(lambda old: self._replaced(old, as_object(network_acls)))

    def update_rules(self, *, bypass: object = ABSENT, default_action: object = ABSENT, **_: object) -> JsonObject:
        """Change the bypass or the default action; the rules stay."""
        return self._write(
            lambda old: replace(
                old,
                bypass=self._word(bypass, ("AzureServices", "None"), absent=old.bypass),
                default_action=self._word(default_action, ("Allow", "Deny"), absent=old.default_action),
            )
        )

    def add_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        """Add one IP rule."""
        return self._write(
            lambda old: replace(
                old, ip_rules=self._gathered((*old.ip_rules, self._read_rule(value)), self.profile.max_ip_rules)
            )
        )

    def remove_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        """Remove every equal IP rule."""
        return self._write(lambda old: replace(old, ip_rules=self._without(old.ip_rules, self._named_rule(value))))

    def add_virtual_network_rule(
        self,
        *,
        id: object,  # noqa: A002 - the contract's name
        ignore_missing_vnet_service_endpoint: object = False,
        **_: object,
    ) -> JsonObject:
        """Add one virtual network rule."""
        entry = {"id": id, "ignoreMissingVnetServiceEndpoint": ignore_missing_vnet_service_endpoint}
        return self._write(
            lambda old: replace(
                old,
                subnet_rules=self._gathered_subnets((*old.subnet_rules, self._admitted(self._read_subnet(entry), old))),
            )
        )

    def remove_virtual_network_rule(self, *, id: object, **_: object) -> JsonObject:  # noqa: A002 - the contract's name
        """Remove every virtual network rule for this subnet."""
        return self._write(
            lambda old: replace(old, subnet_rules=self._without(old.subnet_rules, self._named_subnet(id)))
        )

    def _new(self) -> State[R]:
        return State(bypass=self.choices.default_of_bypass, default_action=self.first_action)

    def _write(self, change: Callable[[State[R]], State[R]]) -> JsonObject:
        with self._lock:
            try:
                new = change(self._state)
                self._check_kept(new)
            except Refused as refusal:
                return self._spell_refusal(refusal)
            self._state = new
        return {"accepted": True}

    def _replaced(self, old: State[R], acls: JsonObject) -> State[R]:
        ranges = [self._read_rule(as_object(entry).get("value")) for entry in self._entries(acls, "ipRules")]
        subnets = [self._read_subnet(as_object(entry)) for entry in self._entries(acls, "virtualNetworkRules")]
        return replace(
            old,
            bypass=self._word(
                acls.get("bypass", ABSENT), ("AzureServices", "None"), absent=self.choices.default_of_bypass
            ),
            default_action=self._word(
                acls.get("defaultAction", ABSENT), ("Allow", "Deny"), absent=self.choices.default_of_default_action
            ),
            ip_rules=self._gathered(ranges, self.profile.max_ip_rules),
            subnet_rules=self._gathered_subnets(self._admitted(rule, old) for rule in subnets),
        )

    def _entries(self, acls: JsonObject, name: str) -> Sequence[object]:
        value = acls.get(name, ABSENT)
        if value is ABSENT or (value is None and self.choices.null_members == "as-absent"):
            return ()
        return as_list(value)

    def _word(self, value: object, known: tuple[str, ...], *, absent: str) -> str:
        if value is ABSENT or (value is None and self.choices.null_members == "as-absent"):
            return absent
        if isinstance(value, str):
            for word in known:
                if value == word or (self.choices.enum_case == "insensitive" and value.lower() == word.lower()):
                    return word
        raise Refused(f"expected one of {', '.join(known)}")

    def _gathered(self, items: Iterable[T], limit: int) -> tuple[T, ...]:
        written = tuple(items)
        distinct = tuple(dict.fromkeys(written))
        if len(distinct) < len(written) and self.choices.duplicates == "reject":
            raise Refused("a rule is there twice")
        if len(written if self.choices.duplicates_count == "yes" else distinct) > limit:
            raise Refused(f"more than {limit} rules")
        return distinct if self.choices.duplicates == "collapse" else written

    def _without(self, items: tuple[T, ...], unwanted: T | None) -> tuple[T, ...]:
        if unwanted not in items and self.choices.remove_unknown == "reject":
            raise Refused("there is no such rule")
        return tuple(item for item in items if item != unwanted)

    def _check_kept(self, new: State[R]) -> None:
        """Raise `Refused` if a write may not leave such rules behind; by default any write may."""

    def _named_rule(self, value: object) -> R | None:
        try:
            return self._read_rule(value)
        except Refused:
            return None

    def _named_subnet(self, name: object) -> SubnetRule | None:
        return SubnetRule(key=str(name).lower(), id=str(name), ignores_missing=False, backed=False)

    # -- virtual network rules -----------------------------------------------------------------------------------------

    def _read_subnet(self, entry: JsonObject) -> SubnetRule:
        name, ignores = entry.get("id"), entry.get("ignoreMissingVnetServiceEndpoint", False)
        if not isinstance(name, str) or not isinstance(ignores, bool):
            raise Refused("a virtual network rule has an id that is text, and a flag")
        key = name.lower()
        lead, *parts = key.split("/")
        pairs = (*parts[0:10:2], *parts[5:6])
        if (
            lead
            or len(parts) != 10
            or not all(parts)
            or pairs != _PAIRS
            or not "".join(name.split("/")[1::2]).isascii()
        ):
            raise Refused(f"{name[:200]!r} is not the id of a subnet")
        return SubnetRule(key=key, id=name, ignores_missing=ignores, backed=False)

    def _admitted(self, rule: SubnetRule, old: State[R]) -> SubnetRule:
        """The rule with its endpoint's state; `Refused` if it may not be added, or kept, without the endpoint."""
        if old.endpoints.get(rule.key, False):
            return replace(rule, backed=True)
        stood_backed = any(standing.backed for standing in old.subnet_rules if standing == rule)
        if stood_backed:
            answer = self.choices.lost_service_endpoint
        elif self.profile.refuses_missing_endpoint:
            answer = "reject"
        else:
            answer = self.choices.missing_service_endpoint
        if answer == "reject" and not rule.ignores_missing:
            raise Refused(f"{rule.id} has no service endpoint for {ENDPOINT}")
        return replace(rule, backed=stood_backed)

    def _gathered_subnets(self, rules: Iterable[SubnetRule]) -> tuple[SubnetRule, ...]:
        return self._gathered(rules, self.profile.max_virtual_network_rules)

    # -- reads ---------------------------------------------------------------------------------------------------------

    def get_rules(self, **_: object) -> JsonObject:
        """The rules in force."""
        return self._spell_rules(self._state)

    def _spell_rules(self, state: State[R]) -> JsonObject:
        return {
            "networkAcls": {
                "bypass": state.bypass,
                "defaultAction": state.default_action,
                "ipRules": [{"value": self._spell_rule(rule)} for rule in state.ip_rules],
                "virtualNetworkRules": [{"id": rule.id} for rule in state.subnet_rules],
            }
        }

    def _reasons(self, questions: Sequence[Question]) -> Sequence[str | None]:
        state = self._current()
        covers = self._covers(state.ip_rules)
        listed = {rule.key for rule in state.subnet_rules if state.endpoints.get(rule.key, False)}

        def reason(question: Question) -> str | None:
            if state.default_action == "Allow":
                return "the default action is Allow"
            if state.bypass == "AzureServices" and question.trusted:
                return "bypass"
            if question.subnet is not None and question.subnet.lower() in listed:
                return f"virtual network rule {question.subnet}"
            return "IP rule" if covers(question.address) else None

        return [reason(question) for question in questions]

    def _current(self) -> State[R]:
        """The state by which decisions are made."""
        return self._state

    def _covers(self, rules: tuple[R, ...]) -> Callable[[str], bool]:
        known, covers = self._compiled
        if known is not rules:
            covers = self._matcher(rules)
            self._compiled = (rules, covers)
        return covers
