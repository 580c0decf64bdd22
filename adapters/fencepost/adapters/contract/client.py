"""A typed client of one subject: each method of the contract, its answer checked before anyone sees it."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from fencepost.adapters.contract.faults import MalformedResult
from fencepost.adapters.contract.messages import (
    METHODS,
    Decision,
    Decisions,
    NetworkAcls,
    RulesRead,
    Statement,
    WriteResult,
)
from fencepost.adapters.contract.protocol import Connection, JsonObject
from fencepost.adapters.contract.vocabulary import MAX_TEXT, PROTOCOL
from msgspec import structs

_R = TypeVar("_R", bound=msgspec.Struct)
_WORDS = ("reason", "message", "rule", "code")
_BARE: Mapping[str, Decision] = {"allow": Decision(outcome="allow"), "deny": Decision(outcome="deny")}


def _bounded(answer: _R) -> _R:
    """The answer with the subject's own words in it cut to the length that the contract keeps."""
    words = ((name, getattr(answer, name, None)) for name in _WORDS)
    long = {name: text[:MAX_TEXT] for name, text in words if isinstance(text, str) and len(text) > MAX_TEXT}
    return structs.replace(answer, **long) if long else answer


def _decision(answer: Decision | str) -> Decision:
    if isinstance(answer, str):
        return _BARE[answer]
    is_bare = answer.reason is None and answer.rule is None and (answer.code is None or len(answer.code) <= MAX_TEXT)
    return answer if is_bare else _bounded(answer)


def _rules_bounded(read: NetworkAcls) -> NetworkAcls:
    """The rules read back, every text in them cut to one character more than the contract keeps.

    No text that the kit writes is so long: a text that was cut is still another than any that was written.
    """
    most = MAX_TEXT + 1
    addresses, subnets = read.ip_rules or [], read.virtual_network_rules or []
    texts = (read.bypass, read.default_action, *(one.value for one in addresses), *(one.id for one in subnets))
    if all(text is None or len(text) <= most for text in texts):
        return read
    return structs.replace(
        read,
        bypass=read.bypass and read.bypass[:most],
        default_action=read.default_action and read.default_action[:most],
        ip_rules=[structs.replace(one, value=one.value[:most]) for one in addresses],
        virtual_network_rules=[structs.replace(one, id=one.id[:most]) for one in subnets],
    )


class Client:
    """The contract's methods on one connection. Every answer is checked; a wrong one is a `MalformedResult`.

    Parameters are plain JSON values as they go on the wire; results are the values of `contract.messages`.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def describe(self) -> Statement:
        """The implementation conformance statement, its shape checked; see `check_statement` for the rest."""
        return self._call("describe", {"protocol": PROTOCOL}, Statement)

    def reset(self, subnets: Sequence[JsonObject]) -> None:
        """A new vault without rules in a network of just these subnets."""
        self._call("reset", {"subnets": list(subnets)}, METHODS["reset"][1])

    def write(self, method: str, params: JsonObject) -> WriteResult:
        """One of the calls that answer with a write result: `putRules`, `updateRules`, `add…`, `remove…`."""
        return _bounded(self._call(method, params, WriteResult))

    def set_service_endpoints(self, subnet: str, service_endpoints: Sequence[str]) -> None:
        """Switch the endpoints of one subnet of the network."""
        params = {"subnet": subnet, "serviceEndpoints": list(service_endpoints)}
        self._call("setServiceEndpoints", params, METHODS["setServiceEndpoints"][1])

    def get_rules(self) -> NetworkAcls | None:
        """The rules as the implementation reads them back."""
        read = self._call("getRules", {}, RulesRead).network_acls
        return _rules_bounded(read) if read is not None else None

    def decide(self, requests: Sequence[JsonObject]) -> list[Decision]:
        """One decision a request, in order; `MalformedResult` where there are too few or too many."""
        answers = self._call("decide", {"requests": list(requests)}, Decisions).decisions
        if len(answers) != len(requests):
            raise MalformedResult(
                method="decide", expected=f"{len(requests)} decisions", came=f"{len(answers)}", offending=repr(answers)
            )
        if answers.count("allow") + answers.count("deny") == len(answers):  # the usual case, and one look-up each
            return list(map(_BARE.__getitem__, answers))  # type: ignore[arg-type]
        return list(map(_decision, answers))

    def close(self) -> None:
        """Take leave and end what the connection started."""
        self.connection.close()

    def _call(self, method: str, params: JsonObject, shape: type[_R]) -> _R:
        result = self.connection.call(method, params)
        try:
            return msgspec.convert(result, shape)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # half a surrogate pair
            raise MalformedResult(
                method=method, expected=f"a {shape.__name__}", came=str(error), offending=repr(result)
            ) from None
