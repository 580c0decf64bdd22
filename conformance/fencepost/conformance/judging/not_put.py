"""Requests that could not be put as asked: their kinds, and the result when samples of them were put again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, collapse_addresses

from fencepost.reference import Plane, Request
from fencepost.reports.model import Call

_SHOWN = 8
_SUBNET = "callers of a subnet"


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
    return "other callers" if caller.authorized else "callers without permission"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request that could not be put: its place, its clauses, and the shortest calls that put it alone."""

    place: str
    clauses: tuple[str, ...]
    calls: tuple[Call, ...]


@dataclass(slots=True)
class NotPut:
    """How often each place and kind of caller was answered and was not, with a sample of each, and of each clause.

    `again` maps each sample that was put again to whether it was answered then; `depends` has the clauses of
    the answered ones.
    """

    answered: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    again: dict[str, bool] = field(default_factory=dict)
    depends: dict[str, str] = field(default_factory=dict)

    def count(self, request: Request, *, is_answered: bool) -> None:
        """Count one decision."""
        counts = self.answered if is_answered else self.missing
        for kind in (place_of(request), caller_of(request)):
            counts[kind] = counts.get(kind, 0) + 1

    def wanted(self, request: Request, clauses: Sequence[str]) -> list[str]:
        """The names under which a sample of this request is still needed."""
        names = [place_of(request), caller_of(request), *clauses]
        return [name for name in names if name not in self.samples] if clauses else []

    def told(self) -> Iterator[str]:
        """In one line the kinds that could never be put under any rules; no line if each kind was answered."""
        never = [kind for kind in self.missing if kind not in self.answered and self.again.get(kind) is False]
        blocks = [IPv4Network(kind) for kind in never if kind.endswith("/8")]
        kinds = [*map(str, collapse_addresses(blocks)), *sorted(kind for kind in never if not kind.endswith("/8"))]
        if kinds:
            more = f" and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else ""
            yield f"never put as asked, whatever the rules, and not judged: {', '.join(kinds[:_SHOWN])}{more}"
