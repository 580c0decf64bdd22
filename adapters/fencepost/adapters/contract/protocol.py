"""What an implementation written as a Python object provides, and what a carrier provides to the kit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

JsonObject: TypeAlias = Mapping[str, object]
"""A JSON object as Python has it, members spelled as on the wire."""


class Implementation(Protocol):
    """The four methods that every implementation has, as a Python object (the `library:` carrier).

    Parameters and results are exactly as on the wire; an exception is a harness fault. The methods of the features
    (`get_rules`, `update_rules(bypass=…, default_action=…)`, `add_ip_rule(value=…)`, `remove_ip_rule(value=…)`,
    `add_virtual_network_rule(id=…, ignore_missing_vnet_service_endpoint=…)`, `remove_virtual_network_rule(id=…)`,
    `set_service_endpoints(subnet=…, service_endpoints=…)`, `shutdown()`) are called where `describe` offers them.
    """

    def describe(self, *, protocol: int) -> JsonObject:
        """The implementation conformance statement."""
        ...

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules in a network of just these subnets."""
        ...

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set; a write result."""
        ...

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision a request, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long, in seconds, the kit waits: for the harness to come up, and for the answer to one call."""

    start: float = 30.0
    call: float = 10.0


class Connection(Protocol):
    """One subject, reached by some carrier; every failure to answer is a `HarnessFault`, and none of them hangs."""

    @property
    def exclusive(self) -> bool:
        """Whether the subject is one place that only one worker may ask (a server), not a copy of its own."""
        ...

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result as plain JSON values; a `HarnessFault` where none comes.

        After a fault the connection is usable again: the next call starts or connects anew where it must.
        """
        ...

    def log(self) -> str:
        """The end of what the harness wrote to its own log (stderr), at most a few kilobytes."""
        ...

    def close(self) -> None:
        """Take leave (`shutdown`), then end whatever the connection started. Never raises, may be called twice."""
        ...


@runtime_checkable
class Shareable(Protocol):
    """A connection whose subject can be asked from several threads at once, each by a connection of its own (STA-8)."""

    def another(self) -> Connection:
        """A connection to the same subject; closing it leaves the subject alone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMapping:
    """One exchange for the eye: which mapping read it, the request as a line to paste, and what came back."""

    mapping: str
    request: str
    output: str


@runtime_checkable
class ShowsMappings(Protocol):
    """A connection that reads a tool's answers by mappings from a file, and can show what it read by each."""

    def mappings(self) -> Sequence[ShownMapping]:
        """For each mapping that was used the first exchange that was read by it."""
        ...


@runtime_checkable
class HasBareLoop(Protocol):
    """A connection that can send what its decisions send without reading what the answers mean, to be timed beside."""

    def bare_loop(self, requests: Sequence[JsonObject]) -> Callable[[], object]:
        """A loop that sends these requests at the same concurrency and waits for each answer. All is made before."""
        ...


class Carrier(Protocol):
    """What an entry point of the group `fencepost.carriers` names: opens what follows the colon."""

    def __call__(self, address: str, *, timeouts: Timeouts) -> Connection:
        """A connection; `SubjectError` where the address itself is unusable. Starting may be left to the first call."""
        ...


class FactoryCarrier(Protocol):
    """What the module of the carrier `library` holds as `connect_factory`: opens what a Python callable makes."""

    def __call__(self, factory: Callable[[], object], *, timeouts: Timeouts) -> Connection:
        """A connection; the factory is asked at the first call, and again after a time-out."""
        ...


class AdapterCarrier(Protocol):
    """What the module of the carrier `library` holds as `connect_adapter`: opens an adapter by its registered name."""

    def __call__(self, name: str, args: str, *, profile: str | None, timeouts: Timeouts) -> Connection:
        """A connection to what the adapter makes; `SubjectError` where the adapter cannot be had."""
        ...


class Adapter(Protocol):
    """What an entry point of the group `fencepost.adapters` names: makes an implementation of `NAME[:ARGS]`.

    An adapter may also have a keyword parameter `profile: str | None`. The kit then passes the profile of `--profile`,
    and the adapter makes an implementation of that profile, whatever profile `args` names. An adapter with a keyword
    parameter `timeouts: Timeouts` makes a `Connection`, which keeps these time limits.
    """

    def __call__(self, args: str) -> "Implementation | Connection":
        """The implementation; `SubjectError` where it cannot be had here, saying why and what to try."""
        ...
