"""One call of the contract on a Python object: names in snake_case, copies of all values, every failure a fault."""

import contextlib
import json
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec
from fencepost.adapters.contract.faults import MalformedResult, NotJson, NotStarted, RpcError
from fencepost.adapters.contract.messages import METHODS
from fencepost.adapters.contract.vocabulary import MAX_LINE
from fencepost.adapters.jsonrpc import HARNESS_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, from_json


def snake_case(name: str) -> str:
    """The name in Python's spelling.

    >>> snake_case("addVirtualNetworkRule")
    'add_virtual_network_rule'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


_MEMBERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        method: {field.encode_name: field.name for field in msgspec.structs.fields(params)}
        for method, (params, _) in METHODS.items()
    }
)
"""The allowed methods, and the members of their parameters, from the wire's spelling to Python's."""


def make(factory: Callable[[], object], passing: type[Exception]) -> object:
    """The object that the factory makes; `NotStarted` if it fails, except for the exceptions `passing`."""
    try:
        return factory()
    except passing:
        raise
    except BaseException as error:  # This includes SystemExit: an implementation must not end the kit.
        raise NotStarted(
            method="start", expected="an implementation", came=_in_a_line(error), offending=_traceback(error)
        ) from None


def invoke(subject: object, method: str, params: bytes) -> bytes:
    """Call the method with the members of `params`, a JSON object; the result as JSON. Raises `HarnessFault` only.

    Members that are not in the contract are left out, and methods that are not in it are not looked for.
    """
    members, given = _MEMBERS.get(method), from_json(params)
    if members is None:
        raise _unknown(method, "no method of the contract")
    if not isinstance(given, dict):
        raise RpcError(method=method, expected="params that are an object", came=repr(given), code=INVALID_PARAMS)
    name = snake_case(method)
    try:
        bound = getattr(subject, name, None)
        result = None if bound is None else bound(**{members[key]: given[key] for key in given if key in members})
    except BaseException as error:  # This includes SystemExit.
        raise RpcError(
            method=method,
            expected="a result",
            came=_in_a_line(error),
            code=HARNESS_ERROR,
            traceback=_traceback(error),
        ) from None
    if bound is None:
        raise _unknown(method, f"no method {name} of {type(subject).__qualname__}")
    return _encoded(method, result)


def shut_down(subject: object) -> None:
    """Call `shutdown` if the object has it, and ignore any failure."""
    try:
        farewell = getattr(subject, "shutdown", None)
        if farewell is not None:
            farewell()
    except BaseException:  # noqa: S110 - a courtesy; whatever comes back, the object is left
        pass


def _encoded(method: str, result: object) -> bytes:
    # The standard library refuses what is not JSON (sets, dates, NaN), which a faster encoder would convert.
    try:
        with contextlib.suppress(RecursionError):  # the encoder says what is wrong with such a value
            _weigh(result, MAX_LINE)
        encoded = json.dumps(result, allow_nan=False, separators=(",", ":")).encode("ascii")
    except _TooLong:
        raise _too_long(method, f"more than {MAX_LINE}") from None
    except BaseException as error:  # The values may be of classes with any behaviour.
        raise MalformedResult(
            method=method, expected="plain JSON values", came=_in_a_line(error), offending=_described(result)
        ) from None
    if len(encoded) > MAX_LINE:
        raise _too_long(method, f"{len(encoded)}")
    return encoded


def _too_long(method: str, number: str) -> NotJson:
    return NotJson(method=method, expected=f"a result of at most {MAX_LINE} bytes", came=f"{number} bytes")


class _TooLong(ValueError):
    """The JSON of a value is longer than it may be."""


def _weigh(value: object, left: int) -> int:
    """What the texts and the entries of a value leave of so many bytes; `_TooLong` if there are more.

    A value that would take much memory as JSON is found without its JSON, although it may hold one text many times.
    """
    if isinstance(value, str):
        left -= _length(value, left)
    elif isinstance(value, dict | list | tuple):
        left -= len(value)
        if isinstance(value, dict):
            left -= sum(len(name) for name in value if isinstance(name, str))
        for one in value.values() if isinstance(value, dict) else value:
            if type(one) is str and len(one) < _SLICE:  # as most are: this is quicker than a call
                left -= len(one)
            elif one is not None and type(one) is not int:
                left = _weigh(one, left)
    if left < 0:
        raise _TooLong
    return left


_SLICE = 1 << 16


def _length(text: str, most: int) -> int:
    """The length of a text as JSON, as far as it is not more than `most` by far; made of slices."""
    length = 0
    for start in range(0, len(text), _SLICE):
        length += len(json.dumps(text[start : start + _SLICE])) - 2
        if length > most:
            break
    return length


def _unknown(method: str, why: str) -> RpcError:
    return RpcError(method=method, expected="a result", came=why, code=METHOD_NOT_FOUND)


def _in_a_line(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()


def _traceback(error: BaseException) -> str:
    tail = error.__traceback__.tb_next if error.__traceback__ else None  # The first frame is this module's.
    return "".join(traceback.format_exception(type(error), error, tail))


def _described(value: object) -> str:
    try:
        return repr(value)
    except BaseException:  # As above.
        return f"a {type(value).__qualname__}"
