"""Requests that could not be put as asked: their kinds, and the result when samples of them were put again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network, collapse_addresses
from zlib import crc32

from fencepost.reference import Plane, Request
from fencepost.reports.model import Call

_SHOWN, _ADDRESSES = 8, 6
"""So many places are shown, and a kind of request takes so many addresses to be one that is never put."""
_SUBNET = "callers of a subnet"
_PLAIN = "other callers"

_KEPT, _LEAST, _SHARE = 256, 100, 0.1
"""So many addresses are kept, and of at least so many at most this share may have got no answer."""


def place_of(request: Request) -> str:
    """Where the request comes from: the /8 of its address, or a subnet."""
    return _SUBNET if request.subnet is not None else f"{request.address >> 24}.0.0.0/8"


def caller_of(request: Request) -> str:
    """What kind of caller the request has."""
    caller = request.caller
    if caller.service is not None:
        return f"the service {caller.service!r}"
    if request.plane is Plane.CONTROL:
        return "callers of the control plane"
    if not caller.authenticated:
        return "callers without a token"
    return _PLAIN if caller.authorized else "callers without permission"


def operation_of(request: Request) -> str:
    """The operation that is asked for, in words."""
    return f"the operation {request.operation}"


def kinds_of_operation(request: Request) -> tuple[str, str]:
    """The kind of the requests for its operation, for the clause about operations, and that of this class of caller."""
    caller = request.caller
    gates = (caller.service is not None, caller.authenticated, caller.authorized)
    return _kinds_of_operation(request.plane, request.operation, gates)


@cache
def _kinds_of_operation(plane: Plane, operation: str, gates: tuple[bool, ...]) -> tuple[str, str]:
    kind = f"{'CTL-1' if plane is Plane.CONTROL else 'DEC-16'} {plane.value} {operation}"
    return kind, f"{kind} {gates}"


def kinds_of(request: Request, clauses: tuple[str, ...], relation: str) -> tuple[str, ...]:
    """The kinds of a request in this relation to the rules, one for each clause that its answer exercises."""
    return _kinds(clauses, request.plane, relation, _class_of(request))


@cache  # a run has few kinds, and asks this for every decision
def _kinds(clauses: tuple[str, ...], plane: Plane, relation: str, caller: str) -> tuple[str, ...]:
    return tuple(f"{clause} {plane.value} {relation} {caller}" for clause in clauses)


def _class_of(request: Request) -> str:
    caller = request.caller
    if caller.service is not None:
        return "service"
    if not caller.authenticated:
        return "no-token"
    return "caller" if caller.authorized else "no-permission"


def _is_hard_to_put(address: int) -> bool:
    """Whether the address is of 0/8, 127/8, 224/4 or 240/4, from which few machines can send."""
    return address >> 24 in (0, 127) or address >> 24 >= 224


def _checksum(address: str) -> int:
    return crc32(address.encode("ascii"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request or write that could not be put: its place, its clauses, and the shortest calls that put it alone."""

    place: str
    clauses: tuple[str, ...]
    calls: tuple[Call, ...]

    @property
    def is_write(self) -> bool:
        """Whether it is a write."""
        return self.calls[-1].method != "decide"


@dataclass(slots=True)
class NotPut:
    """How often each place, kind of caller and operation was answered and was not, with samples of these and clauses.

    A kind of request is a clause, the plane, the relation to the rules, and the class of caller. `missing_kinds` has,
    for each kind that was not put, some addresses that were asked from, each with its place and its kind of caller.
    `again` maps each sample that was put again to whether it was answered then. `addresses` is an even sample of those
    from which some machine can send: the smallest by checksum, below `bound`. Each has whether a plain caller's request
    from it was ever answered. `clauses` are those of requests from such addresses that were not.
    """

    answered: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    answered_kinds: set[str] = field(default_factory=set)
    missing_kinds: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    again: dict[str, bool] = field(default_factory=dict)
    addresses: dict[str, bool] = field(default_factory=dict)
    bound: int = 1 << 32
    clauses: set[str] = field(default_factory=set)

    def count(self, request: Request, kinds: Sequence[str], *, is_answered: bool) -> None:
        """Count one decision of these kinds."""
        counts = self.answered if is_answered else self.missing
        place, caller, operation = place_of(request), caller_of(request), operation_of(request)
        for kind in (place, caller, operation):
            counts[kind] = counts.get(kind, 0) + 1
        if caller == _PLAIN and place != _SUBNET and operation in self.answered:
            self._count_address(str(request.address), is_answered=is_answered)
        of_operation = kinds_of_operation(request)
        if is_answered:
            self.answered_kinds.update(kinds, of_operation)
            return
        if _is_hard_to_put(request.address):
            return
        self.clauses.update(kind.split()[0] for kind in kinds)
        for kind in (*kinds, of_operation[0]):
            seen = self.missing_kinds.setdefault(kind, {})
            if len(seen) < _ADDRESSES:
                seen[str(request.address)] = (place, caller)

    def _count_address(self, address: str, *, is_answered: bool) -> None:
        if address in self.addresses:
            self.addresses[address] |= is_answered
        elif _checksum(address) < self.bound and not _is_hard_to_put(int(address)):
            self.addresses[address] = is_answered
            if len(self.addresses) > _KEPT:
                largest = max(self.addresses, key=_checksum)
                self.bound = _checksum(largest)
                del self.addresses[largest]

    def take_addresses(self, other: "NotPut") -> None:
        """Add what another task has found about addresses."""
        self.clauses |= other.clauses
        self.bound = min(self.bound, other.bound)
        self.addresses = {one: found for one, found in self.addresses.items() if _checksum(one) < self.bound}
        for address, is_answered in other.addresses.items():
            self._count_address(address, is_answered=is_answered)

    def clauses_without_addresses(self) -> Mapping[str, str]:
        """The clauses of requests that were not put, each with the reason, where too many addresses got no answer."""
        missing = sum(not is_answered for is_answered in self.addresses.values())
        if len(self.addresses) < _LEAST or missing <= _SHARE * len(self.addresses):
            return {}
        reason = f"{missing:,} of {len(self.addresses):,} sampled addresses could never be put: more than a tenth"
        return dict.fromkeys(self.clauses, reason)

    def _scattered(self) -> Iterator[str]:
        """How many addresses got no answer although others near them did, in words."""
        places = {place for place in self.never if place.endswith("/8")}
        missing = [int(address) for address, is_answered in self.addresses.items() if not is_answered]
        scattered = [place for one in missing if (place := f"{one >> 24}.0.0.0/8") not in places]
        if scattered:
            blocks = len(set(scattered))
            where = f"scattered over {blocks} blocks of /8" if blocks > 1 else f"in {scattered[0]}"
            yield f"{len(scattered):,} of {len(self.addresses):,} sampled addresses, {where}"

    @property
    def never(self) -> list[str]:
        """The places, the kinds of callers and the operations that could never be put, whatever the rules."""
        return [kind for kind in self.missing if kind not in self.answered and self.again.get(kind) is False]

    def kinds_never_put(self) -> Iterator[tuple[str, str]]:
        """The clauses of kinds that got nothing but inconclusive answers, each with such a kind, in words.

        Left out is what can never be put, what no host sends from, and a kind that was asked from few addresses: an
        honest harness that cannot send from some addresses may have missed just those.
        """
        never = set(self.never)
        for kind, seen in self.missing_kinds.items():
            from_others = sum(never.isdisjoint(names) for names in seen.values())
            if kind not in self.answered_kinds and from_others >= _ADDRESSES:
                clause, *rest = kind.split()
                yield clause, f"no request of this kind could be put as asked: {' '.join(rest)}"

    def wanted(self, request: Request, clauses: Sequence[str]) -> list[str]:
        """The names under which a sample of this request is still wanted."""
        return self._new([place_of(request), caller_of(request), operation_of(request), *clauses]) if clauses else []

    def wanted_write(self, kind: str, clauses: Sequence[str]) -> list[str]:
        """The names under which a sample of a write of this kind is still wanted."""
        return self._new([f"write {name}" for name in (kind, *clauses)]) if clauses else []

    def _new(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name not in self.samples]

    def notes(self) -> Iterator[str]:
        """What could never be put, whatever the rules, in one line; nothing where everything was answered."""
        never = self.never
        blocks = [IPv4Network(kind) for kind in never if kind.endswith("/8")]
        others = sorted(kind for kind in never if not kind.endswith("/8"))
        kinds = [*self._scattered(), *map(str, collapse_addresses(blocks)), *others]
        if kinds:
            more = f" and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else ""
            yield f"never put as asked, whatever the rules, and not judged: {', '.join(kinds[:_SHOWN])}{more}"
