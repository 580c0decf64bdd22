"""Reads the request and the network of `explain` from files; every fault is reported with its JSON path."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS, SERVICE_ENDPOINT
from fencepost.conformance.lockstep.wire import network_from_wire, request_from_wire
from fencepost.conformance.rule_files.json_file import STDIN, UnreadableInput, read_json
from fencepost.reference import Network, Request, is_subnet_id

_MEMBERS = {"$": ("plane", "operation", "source", "caller"), "$.source": ("address", "subnet")}
_CALLER = {"authenticated": bool, "authorized": bool, "service": str, "trusted": bool}
_KINDS = {bool: "true or false", str: "a text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options of `explain` say of a request; None where they say nothing."""

    subnet: str | None = None
    service: str | None = None
    trusted: bool | None = None
    operation: str | None = None
    authenticated: bool = True
    authorized: bool = True


def read_asked(given: str | None, asked: Asked) -> Request:
    """The request that an address and the options make, or the request in the file that `given` names.

    Without an address a caller from a subnet has a private address there. `UnreadableInput` with every fault.
    """
    if given is not None and not _is_address(given):
        if asked != Asked():
            raise UnreadableInput(name=given, reasons=("a request file says everything itself: leave the options out",))
        if not Path(given).exists() and given != STDIN and not given.endswith(".json"):
            reason = "neither an IPv4 address, for instance 191.10.18.7, nor a file with a request"
            raise UnreadableInput(name=given, reasons=(reason,))
        return read_request(given)
    if given is None and asked.subnet is None:
        reason = "say who asks: an IPv4 address, a file with a request, or --subnet ID"
        raise UnreadableInput(name="the request", reasons=(reason,))
    operation = asked.operation or "SecretGet"
    source = {"address": given or _IN_A_SUBNET} | ({"subnet": asked.subnet} if asked.subnet is not None else {})
    caller: dict[str, object] = {"authenticated": asked.authenticated, "authorized": asked.authorized}
    caller |= {"service": asked.service} if asked.service is not None else {}
    caller |= {"trusted": asked.trusted} if asked.trusted is not None else {}
    faults = list(_source_faults(source))
    if operation not in (*CONTROL_OPERATIONS, *DATA_OPERATIONS):
        near = difflib.get_close_matches(operation, [*CONTROL_OPERATIONS, *DATA_OPERATIONS], n=3)
        meant = f"; did you mean {' or '.join(near)}?" if near else "; docs/contract.md lists the operations"
        faults.append(f"--operation: {operation!r} is no operation that the contract names{meant}")
    if faults:
        raise UnreadableInput(name="the request", reasons=tuple(faults))
    plane = "control" if operation in CONTROL_OPERATIONS else "data"
    return request_from_wire({"plane": plane, "operation": operation, "source": source, "caller": caller})


_IN_A_SUBNET = "10.0.0.4"
"""The address of a caller from a subnet where none is given."""


def read_request(path: str) -> Request:
    """The request in the file, `-` being stdin; `UnreadableInput` with every fault in it."""
    value = read_json(path)
    faults = list(_request_faults(value))
    if faults or not isinstance(value, Mapping):
        raise UnreadableInput(name="stdin" if path == "-" else path, reasons=tuple(faults))
    return request_from_wire(value)


def read_network(path: str) -> Network:
    """The subnets in the file: the parameters of `reset` (`{"subnets": […]}`) or just the list."""
    value = read_json(path)
    subnets = value.get("subnets") if isinstance(value, Mapping) else value
    faults = list(_network_faults(subnets, "$.subnets" if isinstance(value, Mapping) else "$"))
    if faults or not isinstance(subnets, list):
        raise UnreadableInput(name="stdin" if path == "-" else path, reasons=tuple(faults))
    return network_from_wire(subnets)


def oddities(request: Request) -> Iterable[str]:
    """Warnings about a request that the reference accepts, but that the reader may not have meant."""
    names = CONTROL_OPERATIONS if request.plane == "control" else DATA_OPERATIONS
    if request.operation not in names:
        yield (
            f"{request.operation!r} is no operation of the {request.plane} plane that the contract names; "
            "the plane decides, not the name"
        )


def _request_faults(value: object) -> Iterable[str]:
    if not isinstance(value, Mapping):
        yield f"$: expected a request (an object with plane, operation, source), got {value!r:.60}"
        return
    yield from _unknown(value, "$", _MEMBERS["$"])
    if value.get("plane") not in ("data", "control"):
        yield f"$.plane: expected 'data' or 'control', got {_got(value, 'plane')}"
    if not isinstance(value.get("operation"), str):
        yield f"$.operation: expected an operation's name, for instance 'SecretGet', got {_got(value, 'operation')}"
    source, caller = value.get("source"), value.get("caller", {})
    if isinstance(source, Mapping):
        yield from _source_faults(source)
    else:
        yield f"$.source: expected an object with the caller's address, got {_got(value, 'source')}"
    if isinstance(caller, Mapping):
        yield from _caller_faults(caller)
    else:
        yield f"$.caller: expected an object, got {_got(value, 'caller')}"


def _source_faults(source: Mapping[str, object]) -> Iterable[str]:
    yield from _unknown(source, "$.source", _MEMBERS["$.source"])
    address, subnet = source.get("address"), source.get("subnet")
    if not isinstance(address, str) or not _is_address(address):
        yield f"$.source.address: expected an IPv4 address, for instance '191.10.18.7', got {_got(source, 'address')}"
    if subnet is not None and not is_subnet_id(subnet):
        yield f"$.source.subnet: expected the resource id of a subnet, got {_got(source, 'subnet')}"


def _caller_faults(caller: Mapping[str, object]) -> Iterable[str]:
    yield from _unknown(caller, "$.caller", tuple(_CALLER))
    for member, kind in _CALLER.items():
        if member in caller and not isinstance(caller[member], kind):
            yield f"$.caller.{member}: expected {_KINDS[kind]}, got {_got(caller, member)}"


def _network_faults(subnets: object, path: str) -> Iterable[str]:
    if not isinstance(subnets, list):
        yield f"{path}: expected a list of subnets, each with its id and serviceEndpoints"
        return
    for index, one in enumerate(subnets):
        here = f"{path}[{index}]"
        if not isinstance(one, Mapping):
            yield f"{here}: expected an object with id and serviceEndpoints, got {one!r:.60}"
            continue
        if not is_subnet_id(one.get("id")):
            yield f"{here}.id: expected the resource id of a subnet, got {_got(one, 'id')}"
        endpoints = one.get("serviceEndpoints", [])
        if not isinstance(endpoints, list) or not all(isinstance(name, str) for name in endpoints):
            yield f"{here}.serviceEndpoints: expected a list like ['{SERVICE_ENDPOINT}'], got {endpoints!r:.60}"


def _unknown(value: Mapping[str, object], path: str, known: tuple[str, ...]) -> Iterable[str]:
    for member in value:
        if member not in known:
            yield f"{path}.{member}: no such member; there are: {', '.join(known)}"


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return text.isascii()


def _got(value: Mapping[str, object], member: str) -> str:
    return f"{value[member]!r:.80}" if member in value else "nothing"
